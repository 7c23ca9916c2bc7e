/** Remembered cryptography on quotes: the same checks, marked; the clock asked every time; failures never kept. */
import { expect, test } from 'vitest';
import { Appraisal, close, type Section } from '../../appraisal.ts';
import { appraise } from '../../attest.ts';
import type { Bytes } from '../../bytes/index.ts';
import type { Memo, NeedName, Vouched } from '../../contract.ts';
import { privateKeyFromScalar, publicSpki, sha256 } from '../../crypto/index.ts';
import { isCollateralExpired } from './facts.ts';
import { forgeIntel } from './forge.ts';
import { quoteSettings } from './settings.ts';
import { sgxQuote } from './verifier.ts';

const at = new Date('2026-03-01T12:00:00Z');
const forged = forgeIntel({ at });
const quote = forged.quote();

function memory(): { memo: Memo; kept: Map<string, Vouched<unknown>>; made: () => number } {
  const kept = new Map<string, Vouched<unknown>>();
  let made = 0;
  const memo: Memo = (key, make) => {
    const found = kept.get(key) as ReturnType<typeof make> | undefined;
    if (found) return found;
    made++;
    const fresh = make();
    kept.set(key, fresh);
    return fresh;
  };
  return { memo, kept, made: () => made };
}

async function request(
  memo: Memo,
  given: { at?: Date; anchor?: Bytes; id?: string; collateral?: ReadonlyMap<NeedName, Bytes> } = {},
) {
  const appraisal = new Appraisal();
  const context = {
    at: given.at ?? at,
    settings: quoteSettings.defaults,
    anchors: { id: given.id ?? 'development', of: () => [given.anchor ?? forged.anchor] },
    appraisal,
    memo,
  };
  const end = await appraise(
    sgxQuote,
    { evidence: quote },
    { collateral: async () => given.collateral ?? forged.collateral },
    context,
  ).then(
    ({ facts }) => ({ facts }),
    (error: unknown) => ({ error }),
  );
  return { appraisal, end };
}

/** Every check of a tree with its outcome, whether remembered or not. */
const outcomes = (section: Section): string[] =>
  section.entries.flatMap((entry) =>
    'entries' in entry ? outcomes(entry) : 'check' in entry ? [`${entry.check.id} ${entry.outcome}`] : [],
  );
const remembered = (section: Section): number =>
  section.entries.filter((entry) => 'entries' in entry && entry.remembered).length;

test('a warm request shows the same checks, marked', async () => {
  const { memo, made } = memory();
  const cold = await request(memo);
  const before = made();
  const warm = await request(memo);
  expect(made()).toBe(before);
  expect(outcomes(warm.appraisal.root)).toEqual(outcomes(cold.appraisal.root));
  expect(remembered(warm.appraisal.root)).toBeGreaterThan(remembered(cold.appraisal.root));
  expect(JSON.stringify(close(warm.appraisal.root))).toContain('"remembered":true');
});

test('expiry flips on a warm hit', async () => {
  const { memo } = memory();
  await request(memo);
  const late = new Date(at.getTime() + 40 * 86_400_000);
  const { end } = await request(memo, { at: late });
  expect('facts' in end && isCollateralExpired(end.facts, late)).toBe(true);
  const early = new Date(at.getTime() - 400 * 86_400_000);
  expect((await request(memo, { at: early })).end).toMatchObject({ error: { check: { id: 'intel.pck.begun' } } });
});

test('other anchors miss', async () => {
  const { memo } = memory();
  await request(memo);
  const anchor = publicSpki(privateKeyFromScalar('P-256', sha256(Uint8Array.of(7))));
  expect((await request(memo, { anchor, id: 'other' })).end).toMatchObject({
    error: { check: { id: 'intel.pck.path' } },
  });
});

test('T32: failures are never kept, and stay on record', async () => {
  const { memo, kept } = memory();
  const name: NeedName = 'intel/crl-root';
  const broken = new Map(forged.collateral).set(name, Uint8Array.of(0x30, 0));
  for (let i = 0; i < 2; i++) {
    const { appraisal, end } = await request(memo, { collateral: broken });
    expect(end).toMatchObject({ error: { check: { id: 'intel.root-crl.signed' } } });
    expect(outcomes(appraisal.root)).toContain('intel.root-crl.signed failed');
  }
  expect([...kept.keys()].filter((key) => key.startsWith('root CRL'))).toEqual([]);
  expect((await request(memo)).end).toHaveProperty('facts');
});

test('what is kept holds no view of the request', async () => {
  const { memo, kept } = memory();
  await request(memo);
  const size = quote.length;
  const views: string[] = [];
  const visit = (value: unknown, path: string, seen: Set<unknown>): void => {
    if (value instanceof Uint8Array) {
      if (value.buffer.byteLength === size) views.push(path);
      return;
    }
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    for (const [name, inner] of value instanceof Map ? value : Object.entries(value))
      visit(inner, `${path}.${String(name)}`, seen);
  };
  visit(Object.fromEntries(kept), '', new Set());
  expect(views).toEqual([]);
});
