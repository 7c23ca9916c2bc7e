import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultName, faults } from '../testing/index.ts';
import type { Reason } from './failure.ts';
import { type Bench, begin, bench, day, type Made, needs } from './stand-in.test.helper.ts';

const made: Made = new Map();
let it: Bench;
beforeEach(async () => {
  it = await bench({ made });
});
afterEach(() => it.close());

const table: string[] = [];
afterAll(() => {
  process.stdout.write(`\nfaults of a source, and why each answer is refused\n${table.join('\n')}\n`);
});

/** What is asked for, by a part of its path. */
const [info, identity, crl, root] = ['/tcb', 'qe/identity', 'pckcrl', 'IntelSGXRootCA'];
const everywhere = (reason: Reason): Record<string, Reason> => ({
  [info]: reason,
  [identity]: reason,
  [crl]: reason,
  [root]: reason,
});

const expected: { readonly [fault in FaultName]: Readonly<Record<string, Reason>> } = {
  'wrong-signature': everywhere('signature'),
  foreign: { ...everywhere('signature'), [info]: 'issuers', [identity]: 'issuers' },
  stale: everywhere('stale'),
  'other-platform': { [info]: 'subject' },
  'other-ca': { [crl]: 'signature' },
  // Documents are refused by the root CRL that comes with them: see T14.
  'signer-revoked': {},
  'signer-ended': { [info]: 'stale', [identity]: 'stale' },
  // What is held already would help: from the beginning there is nothing.
  'no-issuers': {},
  'bad-issuers': { [info]: 'issuers', [identity]: 'issuers', [crl]: 'issuers' },
  html: everywhere('malformed'),
  empty: everywhere('malformed'),
  reformatted: everywhere('signature'),
  slow: everywhere('timeout'),
  truncated: everywhere('truncated'),
  huge: everywhere('too-large'),
  'too-many-requests': everywhere('limited'),
  'server-error': everywhere('status'),
  unavailable: everywhere('status'),
  'not-found': everywhere('unknown'),
  retired: everywhere('unknown'),
  redirect: everywhere('redirect'),
  'redirect-to-metadata': everywhere('redirect'),
  'redirect-round': everywhere('redirect'),
  compressed: everywhere('encoding'),
};
const cases = Object.keys(faults).flatMap((fault) =>
  Object.entries(expected[fault as FaultName]).map(([path, reason]) => [fault as FaultName, path, reason] as const),
);
const patient = (fault: FaultName) => [{ timeoutSeconds: fault === 'slow' ? 0.2 : 5 }];

test.each(cases)('T38, T41: %s at %s is refused as «%s», and replaces nothing', async (fault, path, reason) => {
  const layers = it.layers(patient(fault));
  const good = await layers.collateral(needs, new Date(begin));
  expect(good.size).toBe(needs.length);

  it.issuing = begin + day;
  it.time = begin + day + 3_600_000;
  it.events.length = 0;
  it.standIn.misbehave(fault, path);
  await layers.refresh();
  const failed = it.events.filter(({ outcome }) => outcome === 'failed');
  expect(failed).toEqual([
    {
      source: 'source-1',
      item: expect.stringMatching(/^intel\//),
      outcome: 'failed',
      reason,
      detail: expect.any(String),
    },
  ]);
  const { item = '', detail = '' } = failed[0] ?? {};
  // What was refused is what it was before; all else is new, unless the source wants to be left alone.
  const after = await layers.collateral(needs, new Date(it.time));
  expect(after.get(item as 'intel/crl-root')).toEqual(good.get(item as 'intel/crl-root'));
  const isNew = ({ name }: (typeof needs)[number]): boolean => after.get(name) !== good.get(name);
  if (reason !== 'limited')
    expect(needs.filter((need) => !need.name.endsWith('-issuers') && isNew(need)).length).toBe(3);
  table.push(`${fault.padEnd(22)}${item.padEnd(34)}${reason.padEnd(12)}${detail.slice(0, 120)}`);
});

test.each((Object.keys(faults) as FaultName[]).filter((name) => name !== 'signer-revoked'))(
  'T31: %s from the beginning leaves the need open',
  async (fault) => {
    const [path = crl, reason = 'no-issuers'] = Object.entries(expected[fault])[0] ?? [];
    it.standIn.misbehave(fault, path);
    const have = await it.get(it.layers(patient(fault)));
    const [failed] = it.events.filter(({ outcome }) => outcome === 'failed');
    expect(failed?.reason).toBe(reason);
    expect(have).not.toContain(failed?.item);
    expect(have).toContain('intel/crl-root');
  },
);

test('an answer without its issuers is judged by those at hand', async () => {
  const layers = it.layers();
  await it.get(layers);
  it.issuing = begin + day;
  it.time = begin + day + 3_600_000;
  it.standIn.misbehave('no-issuers');
  it.events.length = 0;
  await layers.refresh();
  expect(it.events.map(({ outcome }) => outcome)).toEqual(['new', 'new', 'new', 'new']);
});
