import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NeedName } from '@assay/core';
import { needsOf } from '@assay/core/intel';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { Speaks } from '../testing/index.ts';
import { folderView } from './folder.ts';
import type { Layer } from './layers.ts';
import { type Bench, type BenchOptions, begin, bench, day, fmspc, type Made, needs } from './stand-in.test.helper.ts';

const made: Made = new Map();
const open: Bench[] = [];
const start = async (options: BenchOptions = {}): Promise<Bench> => {
  const it = await bench({ made, ...options });
  open.push(it);
  return it;
};
afterEach(async () => {
  for (const it of open.splice(0)) await it.close();
});
const names = needs.map(({ name }) => name).sort();
const outcomes = (it: Bench): string[] => it.events.map(({ source, outcome }) => `${source} ${outcome}`);

test.each<Speaks>(['pcs', 'pccs-3.0', 'pccs-3.1', 'thim'])('%s is understood, with its quirks', async (speaks) => {
  const it = await start({ speaks });
  const layers = it.layers();
  expect((await it.get(layers)).sort()).toEqual(names);
  expect((await it.get(layers, needsOf('tdx', fmspc, 'processor', 0))).length).toBe(6);
  expect(it.events.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
});

test('Azure’s global caches: CRLs by the addresses in Intel’s certificates', async () => {
  const it = await start({ speaks: 'thim' });
  expect((await it.get(it.layers([{ crlsByUri: true }]))).sort()).toEqual(names);
  expect(it.standIn.asked.filter((path) => path.includes('crl')).map((path) => decodeURIComponent(path))).toEqual([
    '/sgx/certification/v4/pckcrl?uri=https://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
    '/sgx/certification/v4/pckcrl?uri=https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&encoding=der',
  ]);
});

test('version 3 gives TCB info of version 2, and nothing for TDX', async () => {
  const it = await start();
  const layers = it.layers([{ apiVersion: 3 }]);
  const have = await layers.collateral(needs, new Date(begin));
  const info = JSON.parse(new TextDecoder().decode(have.get(`intel/tcb-info-sgx-${fmspc}`)));
  expect(info.tcbInfo).toMatchObject({ version: 2, tcbLevels: [{ tcb: { sgxtcbcomp01svn: 5 } }, expect.anything()] });
  expect(await it.get(layers, needsOf('tdx', fmspc, 'platform', 0))).toEqual(['intel/crl-root', 'intel/crl-platform']);
});

test('the exact bytes are kept', async () => {
  const it = await start();
  const have = await it.layers().collateral(needs, new Date(begin));
  const [world] = made.values();
  expect(world).toBeDefined();
  const info = have.get(`intel/tcb-info-sgx-${fmspc}`);
  expect([...made.values()].some((one) => one.collateral.get(`intel/tcb-info-sgx-${fmspc}`) === info)).toBe(false);
  expect([...made.values()].map((one) => one.collateral.get(`intel/tcb-info-sgx-${fmspc}`))).toContainEqual(info);
});

test('only proven needs are asked for, and by nothing but their names', async () => {
  const it = await start();
  const layers = it.layers();
  const claimed = needs.map((need) => ({ ...need, proven: false }));
  expect(await it.get(layers, claimed)).toEqual([]);
  expect(it.standIn.asked).toEqual([]);
  await it.get(layers);
  expect((await it.get(layers, claimed)).sort()).toEqual(names);
});

test('T40, T41: a name that is not made of checked parts reaches neither the network nor the disk', async () => {
  const it = await start();
  const layers = it.layers();
  const wicked = fc.oneof(
    fc.string(),
    fc.webUrl(),
    fc.constantFrom('tcb-info-sgx-../../../etc', 'tcb-info-sgx-00906ED50000', 'tcb-info-sev-00906ed50000', '__proto__'),
    fc.string().map((end) => `tcb-info-sgx-00906ed50000${end === '' ? '&x' : end}`),
  );
  await fc.assert(
    fc.asyncProperty(wicked, async (end) => {
      expect(await it.get(layers, [{ name: `intel/${end}`, proven: true }])).toEqual([]);
    }),
    { numRuns: 200 },
  );
  expect(it.standIn.asked).toEqual([]);
  expect(readdirSync(it.folder)).toEqual([]);
});

test('one question at a time for each piece, however many wait for it', async () => {
  const it = await start();
  const layers = it.layers();
  await Promise.all(Array.from({ length: 50 }, () => it.get(layers)));
  expect(it.standIn.asked.length).toBe(4);
  await it.get(layers);
  expect(it.standIn.asked.length).toBe(4);
});

test('what was fetched is there after a restart, and was vouched for again', async () => {
  const it = await start();
  await it.get(it.layers());
  expect(readdirSync(join(it.folder, 'standard/intel')).sort()).toEqual([
    'crl-platform',
    'crl-root',
    'qe-identity-sgx',
    `tcb-info-sgx-${fmspc}`,
  ]);
  await it.standIn.close();
  expect((await it.get(it.layers())).sort()).toEqual(names);

  const path = join(it.folder, 'standard/intel', `tcb-info-sgx-${fmspc}`);
  const [file = ''] = readdirSync(path);
  const text = readFileSync(join(path, file), 'utf8');
  writeFileSync(
    join(path, file),
    text.replace('"SWHardeningNeeded"', '"UpToDate"').replace('"OutOfDate"', '"UpToDate"'),
  );
  it.events.length = 0;
  expect(await it.get(it.layers())).not.toContain(`intel/tcb-info-sgx-${fmspc}`);
  expect(it.events[0]).toMatchObject({ source: 'kept', outcome: 'failed', reason: 'signature' });
});

test('two processes over one folder: what one fetched the other does not ask for', async () => {
  const it = await start();
  const [one, other] = [it.layers(), it.layers()];
  expect(await it.get(other, [])).toEqual([]);
  await it.get(one);
  expect((await it.get(other)).sort()).toEqual(names);
  expect(it.standIn.asked.length).toBe(4);
});

test('a folder that cannot be written to: kept in memory, and told', async () => {
  const it = await start();
  writeFileSync(join(it.folder, 'standard'), 'in the way');
  const layers = it.layers();
  expect((await it.get(layers)).sort()).toEqual(names);
  const asked = it.standIn.asked.length;
  expect((await it.get(layers)).sort()).toEqual(names);
  expect(it.standIn.asked.length).toBe(asked);
  expect(it.events).toContainEqual(
    expect.objectContaining({ source: 'kept', outcome: 'failed', reason: 'not-kept', item: 'intel/crl-root' }),
  );
});

test('refreshed ahead of its end, at four fifths of its life', async () => {
  const it = await start();
  const layers = it.layers([{}], { refreshHours: 8760 });
  await it.get(layers);
  for (const [days, questions] of [
    [20, 4],
    [24, 8],
    [24, 8],
  ] as const) {
    it.time = it.issuing = begin + days * day;
    await layers.refresh();
    expect([days, it.standIn.asked.length]).toEqual([days, questions]);
  }
  // What the new took the place of is removed once it has ended.
  const infos = () => readdirSync(join(it.folder, 'standard/intel', `tcb-info-sgx-${fmspc}`));
  expect(infos()).toHaveLength(2);
  it.time = it.issuing = begin + 48 * day;
  await layers.refresh();
  expect(infos()).toHaveLength(2);
});

test('refreshed every day, whatever its end', async () => {
  const it = await start();
  const layers = it.layers();
  await it.get(layers);
  it.time = begin + day + 1;
  await layers.refresh();
  expect(outcomes(it).slice(4)).toEqual(Array(4).fill('source-1 same'));
  await layers.refresh();
  expect(it.standIn.asked.length).toBe(8);
});

test('while the source is down what is held serves until its own end, and no longer', async () => {
  const it = await start();
  const layers = it.layers();
  await it.get(layers);
  it.standIn.misbehave('server-error');
  it.time = begin + 29 * day;
  await layers.refresh();
  const isGood = async (): Promise<boolean> => {
    const asked = it.standIn.asked.length;
    await it.get(layers);
    return it.standIn.asked.length === asked;
  };
  expect(await isGood()).toBe(true);
  it.time = begin + 31 * day;
  expect(await isGood()).toBe(false);
  // The verdict is told what came close, and refuses it by its date.
  expect((await it.get(layers)).sort()).toEqual(names);
});

test('what is older than what is held does not replace it, and is no fault', async () => {
  const it = await start();
  it.issuing = begin + day / 2;
  const layers = it.layers();
  const before = await layers.collateral(needs, new Date(begin));
  it.issuing = begin;
  it.time = begin + day + 1;
  await layers.refresh();
  expect(outcomes(it).slice(4)).toEqual(Array(4).fill('source-1 older'));
  expect(await layers.collateral(needs, new Date(it.time))).toEqual(before);
});

test('sources are asked in order; the second gives what the first does not', async () => {
  const [first, second] = [await start(), await start({ speaks: 'pccs-3.1' })];
  first.standIn.misbehave('not-found', '/tcb');
  const layers = first.layers([{}, { kind: 'pccs', url: second.standIn.url }]);
  expect((await first.get(layers)).sort()).toEqual(names);
  expect(second.standIn.asked).toEqual([`/sgx/certification/v4/tcb?fmspc=${fmspc}&update=standard`]);
});

test('a folder in front answers for what it holds', async () => {
  const it = await start();
  const folder = join(it.folder, 'by-hand');
  mkdirSync(folder);
  await it.get(it.layers());
  const layer: Layer = { kind: 'folder', view: folderView(folder, { clock: () => 0, staleMilliseconds: 0 }) };
  let i = 0;
  for (const item of made.values().next().value?.collateral.values() ?? [])
    writeFileSync(join(folder, `${i++}.dat`), item);
  const asked = it.standIn.asked.length;
  const other = await start();
  const layers = other.layers([{}], { before: [layer] });
  expect((await other.get(layers)).sort()).toEqual(names);
  expect([it.standIn.asked.length, other.standIn.asked]).toEqual([asked, []]);
  // In date no more: the source behind it is asked.
  other.time = other.issuing = begin + 40 * day;
  expect((await other.get(layers)).sort()).toEqual(names);
  expect(other.standIn.asked.length).toBe(4);
});

test('one file that is too large among what was fetched is told once, and hides nothing', async () => {
  const it = await start();
  await it.get(it.layers());
  const huge = join(it.folder, 'standard', 'huge');
  writeFileSync(huge, '');
  truncateSync(huge, 16 * 1024 * 1024 + 1);
  const asked = it.standIn.asked.length;
  const layers = it.layers();
  expect((await it.get(layers)).sort()).toEqual(names);
  await layers.refresh();
  expect(it.standIn.asked.length).toBe(asked);
  expect(it.events.filter(({ reason }) => reason === 'skipped')).toEqual([
    expect.objectContaining({ source: 'kept', outcome: 'failed', item: huge }),
  ]);
});

test('a platform that nobody knows is asked for again after a stated while', async () => {
  const it = await start({ platforms: ['00a067110000'] });
  const layers = it.layers();
  const info: NeedName = `intel/tcb-info-sgx-${fmspc}`;
  const questions = () => it.standIn.asked.filter((path) => path.includes('/tcb')).length;
  for (const [seconds, asked] of [
    [0, 1],
    [0, 1],
    [599, 1],
    [721, 2],
  ] as const) {
    it.time = begin + seconds * 1000;
    expect(await it.get(layers)).not.toContain(info);
    expect([seconds, questions()]).toEqual([seconds, asked]);
  }
});

test('T38: who asks to wait is waited for', async () => {
  const it = await start();
  it.standIn.misbehave('too-many-requests');
  const layers = it.layers();
  await it.get(layers);
  expect(it.standIn.asked.length).toBe(1);
  it.standIn.misbehave(undefined);
  it.time = begin + 119_000;
  expect(await it.get(layers)).toEqual([]);
  expect(it.standIn.asked.length).toBe(1);
  it.time = begin + 120_000;
  expect((await it.get(layers)).sort()).toEqual(names);
});

test('T38: a source that is down is left alone, then tried by one request', async () => {
  const it = await start();
  it.standIn.misbehave('server-error');
  const layers = it.layers();
  await it.get(layers);
  expect(it.standIn.asked.length).toBe(4);
  for (let i = 0; i < 10; i++) await it.get(layers);
  expect(it.standIn.asked.length).toBe(4);
  it.time += 6000;
  await it.get(layers);
  expect(it.standIn.asked.length).toBe(5);
  it.standIn.misbehave(undefined);
  it.time += 6000;
  await it.get(layers);
  expect(it.standIn.asked.length).toBe(5);
  it.time += 6000;
  expect((await it.get(layers)).sort()).toEqual(names);
});

test('channels: standard, early, or one by its number, each kept apart', async () => {
  const it = await start();
  const evaluationOf = async (update: string): Promise<number | undefined> => {
    const have = await it.layers([{}], { update }).collateral(needs, new Date(begin));
    const bytes = have.get('intel/qe-identity-sgx');
    return bytes && JSON.parse(new TextDecoder().decode(bytes)).enclaveIdentity.tcbEvaluationDataNumber;
  };
  expect(await evaluationOf('early')).toBe(18);
  expect(await evaluationOf('standard')).toBe(17);
  expect(await evaluationOf('18')).toBe(18);
  expect(await evaluationOf('16')).toBe(undefined);
  expect(it.events).toContainEqual(
    expect.objectContaining({ reason: 'unknown', detail: 'it has no such thing (410)' }),
  );
  expect(readdirSync(it.folder).sort()).toEqual(['16', '18', 'early', 'standard']);
});

test('Azure: an evaluation by its number and region, and frozen ones only where that is said', async () => {
  const it = await start({ speaks: 'thim' });
  await it.get(it.layers([{ region: 'us central' }], { update: '14' }));
  const asked = it.standIn.asked.find((path) => path.includes('customParameter')) ?? '';
  const custom = new URL(asked, 'http://x').searchParams.get('customParameter') ?? '';
  expect(Buffer.from(custom, 'base64').toString()).toBe('tcbEvaluationDataNumber=14;region=us central');

  it.standIn.misbehave('stale', 'qe/identity');
  it.events.length = 0;
  expect(await it.get(it.layers())).not.toContain('intel/qe-identity-sgx');
  expect(it.events).toContainEqual(expect.objectContaining({ reason: 'stale' }));
  const frozen = it.layers([{ frozen: true }], { update: '17' });
  expect(await it.get(frozen)).toContain('intel/qe-identity-sgx');
  // Certificates that have ended are not passed over.
  it.standIn.misbehave('signer-ended', 'qe/identity');
  it.events.length = 0;
  expect(await it.get(it.layers([{ frozen: true }], { update: '15' }))).not.toContain('intel/qe-identity-sgx');
  expect(it.events).toContainEqual(expect.objectContaining({ item: 'intel/qe-identity-sgx', reason: 'stale' }));
  // It will not get better by asking each time.
  const count = it.standIn.asked.length;
  await it.get(frozen);
  expect(it.standIn.asked.length).toBe(count);
});

test('another evaluation than asked for is refused', async () => {
  const it = await start({ speaks: 'pccs-3.1' });
  // THIM does not know the parameter of Intel's service, and gives its own default.
  const other = await start({ speaks: 'thim' });
  await it.get(it.layers([{ url: other.standIn.url }], { update: '18' }));
  expect(it.events).toContainEqual(expect.objectContaining({ reason: 'evaluation' }));
});

test('an evaluation that is too low is not asked for at each request', async () => {
  const it = await start();
  const layers = it.layers();
  const higher = needsOf('sgx', fmspc, 'platform', 19);
  for (let i = 0; i < 3; i++) expect((await it.get(layers, higher)).length).toBe(6);
  expect(it.standIn.asked.length).toBe(4);
});

test('T14: what a certificate signed that is revoked now is believed no longer', async () => {
  const it = await start();
  const layers = it.layers();
  await it.get(layers);
  it.time = it.issuing = begin + day + 1000;
  it.standIn.misbehave('signer-revoked');
  it.events.length = 0;
  await layers.refresh();
  const refused = it.events.filter(({ reason }) => reason === 'revoked');
  expect(refused.map(({ source }) => source).sort()).toEqual(['kept', 'kept', 'source-1', 'source-1']);
  expect((await it.get(layers)).sort()).toEqual(['intel/crl-platform', 'intel/crl-root']);
});
