/** Readers of Intel's documents: what they take, and that a wrong member is named. */
import { describe, expect, test } from 'vitest';
import { hex, utf8 } from '../../bytes/index.ts';
import type { Json, JsonObject } from '../../claim.ts';
import { Malformed } from '../../errors.ts';
import { parseMembers, type Slot } from '../../json/index.ts';
import { forgeIntel } from './forge.ts';
import { readQeIdentity } from './qe-identity.ts';
import { readTcbInfo } from './tcb-info.ts';

const forged = forgeIntel({ at: new Date('2026-03-01T12:00:00Z'), moduleStatus: 'OutOfDate', qeStatus: 'OutOfDate' });
const bodyOf = (name: string, member: string): JsonObject =>
  parseMembers(forged.collateral.get(`intel/${name}`) ?? utf8('')).value[member] as JsonObject;
const tdx = bodyOf('tcb-info-tdx-00906ed50000', 'tcbInfo');
const sgx = bodyOf('tcb-info-sgx-00906ed50000', 'tcbInfo');
const identity = bodyOf('qe-identity-sgx', 'enclaveIdentity');

const tcbInfo = (value: Json) => readTcbInfo({ value, path: 'tcbInfo' });
const qeIdentity = (value: Json) => readQeIdentity({ value, path: 'enclaveIdentity' });

function refusal(run: () => unknown): Malformed {
  try {
    run();
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
  return expect.fail('was read');
}

/** The same value with the member at `path` (`tcbLevels.0.tcb`) given another value, or taken away. */
function edit(value: Json, path: readonly string[], to: Json | undefined): Json {
  const [name, ...deeper] = path;
  if (name === undefined) return to ?? null;
  if (Array.isArray(value)) return value.map((item: Json, i) => (String(i) === name ? edit(item, deeper, to) : item));
  const object = value as JsonObject;
  const { [name]: found = null, ...others } = object;
  if (deeper.length === 0 && to === undefined) return others;
  return { ...others, [name]: edit(found, deeper, to) };
}
const at = (value: Json, path: string, to: Json | undefined): Json => edit(value, path.split('.'), to);

const demanded: readonly [reader: string, read: (value: Json) => unknown, body: Json, paths: readonly string[]][] = [
  [
    'tcbInfo',
    tcbInfo,
    tdx,
    [
      'version',
      'id',
      'tcbType',
      'issueDate',
      'nextUpdate',
      'fmspc',
      'pceId',
      'tcbEvaluationDataNumber',
      'tcbLevels',
      'tcbLevels.1.tcb',
      'tcbLevels.0.tcb.sgxtcbcomponents',
      'tcbLevels.1.tcb.sgxtcbcomponents.15.svn',
      'tcbLevels.0.tcb.pcesvn',
      'tcbLevels.0.tcb.tdxtcbcomponents',
      'tcbLevels.1.tcb.tdxtcbcomponents.0.svn',
      'tcbLevels.0.tcbDate',
      'tcbLevels.0.tcbStatus',
      'tdxModule',
      'tdxModule.mrsigner',
      'tdxModule.attributes',
      'tdxModuleIdentities.0.id',
      'tdxModuleIdentities.0.mrsigner',
      'tdxModuleIdentities.0.attributes',
      'tdxModuleIdentities.0.tcbLevels',
      'tdxModuleIdentities.0.tcbLevels.0.tcb',
      'tdxModuleIdentities.0.tcbLevels.1.tcb.isvsvn',
      'tdxModuleIdentities.0.tcbLevels.0.tcbDate',
      'tdxModuleIdentities.0.tcbLevels.0.tcbStatus',
    ],
  ],
  [
    'enclaveIdentity',
    qeIdentity,
    identity,
    [
      'version',
      'id',
      'issueDate',
      'nextUpdate',
      'tcbEvaluationDataNumber',
      'miscselect',
      'miscselectMask',
      'attributes',
      'attributesMask',
      'mrsigner',
      'isvprodid',
      'tcbLevels',
      'tcbLevels.0.tcb',
      'tcbLevels.1.tcb.isvsvn',
      'tcbLevels.0.tcbDate',
      'tcbLevels.0.tcbStatus',
    ],
  ],
];
describe.each(demanded)('%s', (reader, read, body, paths) => {
  test.each(paths)('%s: missing or of the wrong kind is refused by its path', (path) => {
    expect(read(body)).toBeDefined();
    expect(refusal(() => read(at(body, path, undefined)))).toMatchObject({
      path: `${reader}.${path}`,
      problem: expect.stringMatching(/^is missing, must be /),
    });
    const isOpaque = path.endsWith('Identities.0.id') || /Identities.*tcbStatus/.test(path);
    for (const wrong of [null, true, [[]], { odd: 1 }, isOpaque ? 1 : 'odd', -1, 1.5, 2n ** 70n]) {
      const error = refusal(() => read(at(body, path, wrong)));
      expect(error.path.startsWith(`${reader}.${path}`), `${JSON.stringify(String(wrong))}: ${error.message}`).toBe(
        true,
      );
    }
  });

  test.each([null, 1, 'text', true, [], undefined])('%j instead of the whole is refused', (value) => {
    const slot: Slot = { value, path: reader };
    expect(refusal(() => (reader === 'tcbInfo' ? readTcbInfo(slot) : readQeIdentity(slot))).path).toMatch(reader);
  });
});

const wrongValues: readonly [(value: Json) => unknown, Json, path: string, to: Json, problem: string][] = [
  [tcbInfo, tdx, 'version', 1, 'is number 1, must be an integer from 2 to 3'],
  [tcbInfo, tdx, 'version', 4, 'is number 4, must be an integer from 2 to 3'],
  [tcbInfo, tdx, 'id', 'tdx', 'is string tdx, must be one of SGX, TDX'],
  [tcbInfo, tdx, 'tcbType', 1, 'is number 1, must be an integer from 0 to 0'],
  [tcbInfo, tdx, 'fmspc', '00906ED500', 'is string 00906ED500, must be 12 hexadecimal digits'],
  [tcbInfo, tdx, 'pceId', '00000', 'is string 00000, must be 4 hexadecimal digits'],
  [tcbInfo, tdx, 'tcbEvaluationDataNumber', 2 ** 32, 'is number 4294967296, must be an integer from 0 to 4294967295'],
  [
    tcbInfo,
    tdx,
    'nextUpdate',
    '2026-02-30T00:00:00Z',
    'is string 2026-02-30T00:00:00Z, must be a time written YYYY-MM-DDTHH:MM:SSZ',
  ],
  [tcbInfo, tdx, 'tcbLevels', [], 'has no levels'],
  [tcbInfo, tdx, 'tcbLevels.0.tcb.sgxtcbcomponents.3.svn', 256, 'is number 256, must be an integer from 0 to 255'],
  [tcbInfo, tdx, 'tcbLevels.0.tcb.sgxtcbcomponents', [{ svn: 1 }], 'has 1 components, must have 16'],
  [tcbInfo, tdx, 'tcbLevels.0.tcb.tdxtcbcomponents', [], 'has 0 components, must have 16'],
  [tcbInfo, tdx, 'tcbLevels.0.tcb.pcesvn', 65_536, 'is number 65536, must be an integer from 0 to 65535'],
  [
    tcbInfo,
    tdx,
    'tcbLevels.0.tcbStatus',
    'Fine',
    expect.stringContaining('must be one of UpToDate, SWHardeningNeeded') as never,
  ],
  [tcbInfo, tdx, 'tcbLevels.0.tcbStatus', 'TDRelaunchAdvised', expect.stringContaining('must be one of') as never],
  [tcbInfo, tdx, 'tcbLevels.0.advisoryIDs', 'INTEL-SA-1', 'is string INTEL-SA-1, must be an array'],
  [tcbInfo, tdx, 'tdxModuleIdentities', {}, 'is an object, must be an array'],
  [tcbInfo, tdx, 'tdxModule.mrsigner', '00', 'is string 00, must be 96 hexadecimal digits'],
  [
    tcbInfo,
    tdx,
    'tdxModuleIdentities.0.tcbLevels.0.tcb.isvsvn',
    65_536,
    'is number 65536, must be an integer from 0 to 65535',
  ],
  [qeIdentity, identity, 'version', 1, 'is number 1, must be an integer from 2 to 2'],
  [qeIdentity, identity, 'id', 'XE', 'is string XE, must be one of QE, TD_QE, QVE, QAE'],
  [qeIdentity, identity, 'isvprodid', 65_536, 'is number 65536, must be an integer from 0 to 65535'],
  [qeIdentity, identity, 'mrsigner', 'zz'.repeat(32), 'is not a hexadecimal digit'],
  [
    qeIdentity,
    identity,
    'tcbLevels.0.tcbStatus',
    'SWHardeningNeeded',
    expect.stringContaining('must be one of UpToDate, OutOfDate, Revoked') as never,
  ],
  [qeIdentity, identity, 'tcbLevels.0.tcb.isvsvn', 65_536, 'is number 65536, must be an integer from 0 to 65535'],
];
test.each(wrongValues)('%#: $2 as $3', (read, body, path, to, problem) => {
  const error = refusal(() => read(at(body, path, to)));
  expect([error.path.replace(/^[^.]*\./, ''), error.problem]).toEqual([path, problem]);
});

test('T36: levels, modules and advisories have a most', () => {
  const [level] = tdx['tcbLevels'] as readonly JsonObject[];
  const [module] = tdx['tdxModuleIdentities'] as readonly JsonObject[];
  const many = (value: Json = null): Json => Array.from({ length: 257 }, () => value);
  expect(refusal(() => tcbInfo({ ...tdx, tcbLevels: many(level) })).message).toContain('at most 256');
  expect(refusal(() => tcbInfo({ ...tdx, tdxModuleIdentities: many(module) })).message).toContain('at most 64');
  expect(refusal(() => tcbInfo(at(tdx, 'tcbLevels.0.advisoryIDs', many('INTEL-SA-1')))).message).toContain(
    'at most 256',
  );
  expect(refusal(() => qeIdentity({ ...identity, tcbLevels: many() })).message).toContain('at most 256');
});

const levelOf = (svns: readonly number[], pcesvn: number, tdxSvns: readonly number[] = []): JsonObject => {
  const components = (values: readonly number[]): Json =>
    Array.from({ length: 16 }, (_, i) => ({ svn: values[i] ?? 0 }));
  return {
    tcb: { sgxtcbcomponents: components(svns), pcesvn, tdxtcbcomponents: components(tdxSvns) },
    tcbDate: '2025-01-01T00:00:00Z',
    tcbStatus: 'UpToDate',
  };
};

test('levels come best first, whatever their order in the file', () => {
  const best = [
    levelOf([5, 5], 11, [4]),
    levelOf([5, 5], 11, [3, 9]),
    levelOf([5, 5], 10, [9]),
    levelOf([5, 4, 200], 12),
    levelOf([4, 255], 13),
  ];
  const order = (tcbLevels: Json): unknown =>
    tcbInfo({ ...tdx, tcbLevels }).levels.map((one) => [one.sgx.slice(0, 3), one.pceSvn, one.tdx?.slice(0, 2)]);
  const sorted = order(best);
  expect(sorted).toEqual([
    [[5, 5, 0], 11, [4, 0]],
    [[5, 5, 0], 11, [3, 9]],
    [[5, 5, 0], 10, [9, 0]],
    [[5, 4, 200], 12, [0, 0]],
    [[4, 255, 0], 13, [0, 0]],
  ]);
  for (const order2 of [[...best].reverse(), [2, 0, 4, 1, 3].map((i) => best[i] as JsonObject)])
    expect(order(order2)).toEqual(sorted);
  const components = (levels: readonly number[]): Json =>
    levels.map((isvsvn) => ({ tcb: { isvsvn }, tcbDate: '2025-01-01T00:00:00Z', tcbStatus: 'UpToDate' }));
  expect(qeIdentity({ ...identity, tcbLevels: components([2, 8, 5]) }).levels.map(({ isvSvn }) => isvSvn)).toEqual([
    8, 5, 2,
  ]);
});

test('two levels with the same security versions make the file invalid, wherever they stand', () => {
  const tcbLevels = [levelOf([5], 11, [1]), levelOf([4], 11), { ...levelOf([5], 11, [1]), tcbStatus: 'Revoked' }];
  expect(refusal(() => tcbInfo({ ...tdx, tcbLevels }))).toMatchObject({
    path: 'tcbInfo.tcbLevels',
    problem: 'has two levels with the same security versions',
  });
  expect(refusal(() => tcbInfo({ ...sgx, tcbLevels: [levelOf([5], 11, [1]), levelOf([5], 11, [2])] })).path).toBe(
    'tcbInfo.tcbLevels',
  );
});

test('SGX has no TDX parts, even where the file has them', () => {
  const read = tcbInfo({ ...tdx, id: 'SGX' });
  expect([read.tee, read.tdxModule, read.tdxModuleIdentities, read.levels[0]?.tdx]).toEqual([
    'sgx',
    undefined,
    [],
    undefined,
  ]);
});

test('version 2 has numbered components and is about SGX', () => {
  const tcb = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`, i]),
  );
  const level = { tcb: { ...tcb, pcesvn: 7 }, tcbDate: '2025-01-01T00:00:00Z', tcbStatus: 'OutOfDate' };
  const { id: _, ...unnamed } = sgx;
  const body = { ...unnamed, version: 2, tcbLevels: [level] };
  expect(tcbInfo(body)).toMatchObject({
    tee: 'sgx',
    version: 2,
    levels: [{ sgx: Array.from({ length: 16 }, (_, i) => i), pceSvn: 7 }],
  });
  for (const name of Object.keys(tcb))
    expect(refusal(() => tcbInfo(at(body, `tcbLevels.0.tcb.${name}`, undefined))).path).toBe(
      `tcbInfo.tcbLevels.0.tcb.${name}`,
    );
});

test('advisories may be absent, and are opaque', () => {
  expect(tcbInfo(at(tdx, 'tcbLevels.0.advisoryIDs', ['INTEL-DOC-1', '', 'é'])).levels[0]?.advisoryIds).toEqual([
    'INTEL-DOC-1',
    '',
    'é',
  ]);
  expect(tcbInfo(at(tdx, 'tcbLevels.0.advisoryIDs', undefined)).levels[0]?.advisoryIds).toEqual([]);
});

test('a module’s status is read where it is used: an unknown one does not spoil the others', () => {
  const read = tcbInfo(at(tdx, 'tdxModuleIdentities.0.tcbLevels.1.tcbStatus', 'SWHardeningNeeded'));
  expect(read.tdxModuleIdentities[0]?.levels.map(({ status }) => status)).toEqual(['UpToDate', 'SWHardeningNeeded']);
});

test('members that are not known are not looked at, and hexadecimal has no case', () => {
  const read = tcbInfo({ ...tdx, fmspc: 'AbCdEf012345', more: { odd: [] } });
  expect(hex(read.fmspc)).toBe('abcdef012345');
});
