import { expect, test } from 'vitest';
import { Appraisal, checks, close, Refusal } from './appraisal.ts';
import { utf8 } from './bytes/index.ts';
import type { Memo, Proven, Vouched } from './contract.ts';
import { forgetful, type Voucher, vouch } from './vouch.ts';

const table = checks({
  'toy.signed': ['EvidenceRefused', 'It is signed'],
  'toy.dated': ['CollateralExpired', 'It is in date'],
});
const hour = 3_600_000;
const start = Date.parse('2026-03-01T00:00:00Z');

const keeping = (): { memo: Memo; kept: Map<string, Vouched<unknown>> } => {
  const kept = new Map<string, Vouched<unknown>>();
  const memo: Memo = <T>(key: string, make: () => Vouched<T>): Vouched<T> => {
    const found = (kept.get(key) as Vouched<T> | undefined) ?? make();
    kept.set(key, found);
    return found;
  };
  return { memo, kept };
};

interface Ask {
  readonly memo?: Memo;
  readonly what?: string;
  readonly inputs?: readonly string[];
  readonly anchors?: string;
  readonly time?: number;
  readonly make?: (appraisal: Appraisal) => Proven<string>;
  readonly undated?: boolean;
}
const signed = (appraisal: Appraisal): Proven<string> => {
  appraisal.require(table['toy.signed'], true, { observed: utf8('bytes') });
  return { value: 'good', from: start, until: start + hour };
};
function ask(given: Ask): { voucher: Voucher<string>; appraisal: Appraisal } {
  const appraisal = new Appraisal();
  const context = {
    at: new Date(given.time ?? start),
    anchors: { id: given.anchors ?? 'roots', of: () => [] },
    appraisal,
    memo: given.memo ?? forgetful,
  };
  const dated = given.undated ? undefined : table['toy.dated'];
  const inputs = (given.inputs ?? ['input']).map(utf8);
  return { voucher: vouch(context, given.what ?? 'thing', inputs, dated, given.make ?? signed), appraisal };
}

test('what was shown is a branch, and its dates are noted beside it', () => {
  const { voucher, appraisal } = ask({ time: start + 1 });
  expect(voucher).toEqual({ value: 'good', from: start, until: start + hour, begun: true, ended: false });
  expect(close(appraisal.root)['entries']).toMatchObject([
    { title: 'thing', entries: [{ check: 'toy.signed', outcome: 'passed' }] },
    {
      check: 'toy.dated',
      outcome: 'passed',
      expected: '2026-03-01T00:00:00Z to 2026-03-01T01:00:00Z',
      observed: '2026-03-01T00:00:00Z',
    },
  ]);
});

test.each([
  [-1, false, false, 'failed'],
  [0, true, false, 'passed'],
  [hour, true, false, 'passed'],
  [hour + 1, true, true, 'failed'],
])('%i ms after it begins: begun %o, ended %o; noted, never thrown', (after, begun, ended, outcome) => {
  const { memo } = keeping();
  for (const _ of ['cold', 'warm']) {
    const { voucher, appraisal } = ask({ memo, time: start + after });
    expect([voucher.begun, voucher.ended]).toEqual([begun, ended]);
    expect(appraisal.root.entries.at(-1)).toMatchObject({ check: { id: 'toy.dated' }, outcome });
  }
});

test('what holds at any time needs no note', () => {
  const forever = { value: 'good', from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
  const { voucher, appraisal } = ask({ undated: true, make: () => forever });
  expect([voucher.begun, voucher.ended, appraisal.root.entries.length]).toEqual([true, false, 1]);
});

test('asked again, it is made once and shown twice, the second time marked', () => {
  const { memo } = keeping();
  let made = 0;
  const make = (appraisal: Appraisal) => {
    made++;
    return signed(appraisal);
  };
  const [cold, warm] = [ask({ memo, make }), ask({ memo, make })];
  expect(made).toBe(1);
  const [shown] = close(cold.appraisal.root)['entries'] as readonly { readonly entries: unknown }[];
  expect(close(warm.appraisal.root)['entries']).toMatchObject([{ ...shown, remembered: true }, {}]);
  expect(shown).not.toHaveProperty('remembered');
});

test('any other input, number of inputs, anchors or kind of thing is asked anew', () => {
  const { memo, kept } = keeping();
  const asks: Ask[] = [
    {},
    { inputs: ['input', ''] },
    { inputs: ['in', 'put'] },
    { inputs: ['inp', 'ut'] },
    { inputs: ['Input'] },
    { inputs: [] },
    { anchors: 'other roots' },
    { what: 'another thing' },
  ];
  for (const one of asks) ask({ memo, ...one });
  for (const one of asks) ask({ memo, ...one });
  expect(kept.size).toBe(asks.length);
});

test('T32: a failure is on record, is thrown, and is not kept', () => {
  const { memo, kept } = keeping();
  const appraisal = new Appraisal();
  const context = { at: new Date(start), anchors: { id: 'roots', of: () => [] }, appraisal, memo };
  const fail = (branch: Appraisal): never => branch.require(table['toy.signed'], false) as never;
  for (const _ of ['first', 'second'])
    expect(() => vouch(context, 'thing', [utf8('input')], table['toy.dated'], fail)).toThrow(Refusal);
  expect(kept.size).toBe(0);
  expect(appraisal.root.entries).toMatchObject([
    { title: 'thing', entries: [{ outcome: 'failed' }] },
    { title: 'thing', entries: [{ outcome: 'failed' }] },
  ]);
});

test('what is kept holds no view of the request', () => {
  const { memo, kept } = keeping();
  const { appraisal } = ask({ memo });
  const [fresh] = appraisal.root.entries;
  expect(fresh).toMatchObject({ entries: [{ observed: utf8('bytes') }] });
  expect([...kept.values()][0]?.shown.entries).toMatchObject([{ observed: '6279746573' }]);
});

test('byte strings that come again are hashed once, and named apart as strictly as others', () => {
  const digests = new WeakMap<Uint8Array, string>();
  const names: string[] = [];
  const memo: Memo = Object.assign(
    <T>(key: string, make: () => Vouched<T>): Vouched<T> => {
      names.push(key);
      return make();
    },
    { digests },
  );
  const large = (fill: number, length = 300): Uint8Array => new Uint8Array(length).fill(fill);
  const [a, b, small] = [large(1), large(2), Uint8Array.of(1)];
  const body = new Uint8Array(1000).fill(1);
  const named = (...inputs: readonly Uint8Array[]): string | undefined => {
    const context = { at: new Date(0), anchors: { id: 'roots', of: () => [] }, appraisal: new Appraisal(), memo };
    vouch(context, 'thing', inputs, undefined, signed);
    return names.at(-1);
  };
  expect(named(a, small)).toBe(named(a, small));
  expect(named(large(1), small)).toBe(named(a, small));
  expect([digests.has(a), digests.has(small)]).toEqual([true, false]);
  const view = body.subarray(0, 300);
  named(view);
  expect(digests.has(view)).toBe(false);
  const different = [
    [a, small],
    [small, a],
    [a, b],
    [b, a],
    [a],
    [a, a],
    [a, small, small],
    [a, Uint8Array.of(1, 1)],
    [large(1, 301), small],
    [view],
    [body.subarray(0, 299), body.subarray(0, 1)],
  ].map((inputs) => named(...inputs));
  expect(new Set(different).size).toBe(different.length);
});
