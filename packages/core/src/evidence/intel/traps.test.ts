/** Faults that other verifiers of quotes have had. */
import { expect, test } from 'vitest';
import { Appraisal, Refusal } from '../../appraisal.ts';
import { appraise } from '../../attest.ts';
import { type Bytes, utf8 } from '../../bytes/index.ts';
import type { JsonObject } from '../../claim.ts';
import { forgetful } from '../../vouch.ts';
import { forgeIntel, type Wanted, type World } from './forge.ts';
import { quoteSettings } from './settings.ts';
import { sgxQuote, tdQuote } from './verifier.ts';

const at = new Date('2026-03-01T12:00:00Z');

async function claimsOf(quote: Wanted, world: Partial<World> = {}): Promise<ReadonlyMap<string, unknown>> {
  const forged = forgeIntel({ at, ...world });
  const context = {
    at,
    settings: quoteSettings.defaults,
    anchors: { id: 'test', of: () => [forged.anchor] },
    appraisal: new Appraisal(),
    memo: forgetful,
  };
  const verifier = quote.tee === 'tdx' ? tdQuote : sgxQuote;
  const { facts } = await appraise(
    verifier,
    { evidence: forged.quote(quote) },
    { collateral: async () => forged.collateral },
    context,
  );
  return new Map(verifier.claims(facts, context).map(({ name, value }) => [name, value]));
}

const bit = (length: number, index: number): Bytes =>
  Uint8Array.from({ length }, (_, i) => (i === index >> 3 ? 1 << (index & 7) : 0));

test('T17: an SGX enclave is debuggable by its DEBUG bit and by no other', async () => {
  for (let index = 0; index < 64; index++) {
    const claims = await claimsOf({ report: { attributes: bit(16, index) } });
    expect([index, claims.get('x-ms-sgx-is-debuggable')]).toEqual([index, index === 1]);
  }
});

test('T17: every bit of a TD’s debug byte makes it a debug TD, in each version of the report', async () => {
  for (const kind of [
    { version: 4 },
    { version: 5, bodyType: 2 },
    { version: 5, bodyType: 3 },
    { version: 5, bodyType: 4 },
  ] as const) {
    for (let index = 0; index < 16; index++) {
      const claims = await claimsOf({ tee: 'tdx', ...kind, report: { tdAttributes: bit(8, index) } });
      expect([index, claims.get('tdx_td_attributes_debug'), claims.get('dbgstat')]).toEqual([
        index,
        index < 8,
        index < 8 ? 'enabled' : 'disabled',
      ]);
    }
  }
});

test('T17: the other attributes of a TD, each by its bit', async () => {
  const named = { 28: 'septve_disable', 30: 'protection_keys', 31: 'key_locker', 63: 'perfmon' } as const;
  for (const [index, name] of Object.entries(named)) {
    const claims = await claimsOf({ tee: 'tdx', report: { tdAttributes: bit(8, Number(index)) } });
    for (const other of Object.values(named)) expect(claims.get(`tdx_td_attributes_${other}`)).toBe(other === name);
  }
});

test('T34: counts are capped before anything is computed from them', async () => {
  const level = (body: JsonObject): JsonObject => (body['tcbLevels'] as JsonObject[])[0] as JsonObject;
  const many: Partial<World> = {
    tcbInfo: (body) => ({ ...body, tcbLevels: Array.from({ length: 257 }, () => level(body)) }),
  };
  await expect(claimsOf({}, many)).rejects.toMatchObject({
    check: { id: 'intel.tcb-info.content' },
    message: expect.stringContaining('at most 256'),
  });

  const { chain } = forgeIntel({ at });
  const block = chain.slice(0, chain.indexOf('-----END') + 27);
  const certification = utf8(block.repeat(12));
  await expect(claimsOf({ certification })).rejects.toMatchObject({ check: { id: 'intel.pck.certificates' } });
  await expect(claimsOf({ padding: new Uint8Array(33_000) })).rejects.toMatchObject({
    check: { id: 'intel.quote.layout' },
  });
});

test('T34: the work done before the first signature does not grow with the padding', async () => {
  // No clock: what is counted are the bytes that are handed to a hash before the chain is known to be Intel's.
  const forged = forgeIntel({ at });
  const lengths: number[] = [];
  for (const padding of [0, 10_000, 20_000]) {
    const keys: string[] = [];
    const context = {
      at,
      settings: quoteSettings.defaults,
      anchors: { id: 'none', of: () => [] },
      appraisal: new Appraisal(),
      memo: <T>(key: string, make: () => T): T => {
        keys.push(key);
        return make();
      },
    };
    const run = appraise(
      sgxQuote,
      { evidence: forged.quote({ padding: new Uint8Array(padding) }) },
      { collateral: async () => forged.collateral },
      context,
    );
    await expect(run).rejects.toBeInstanceOf(Refusal);
    lengths.push(keys.length);
  }
  expect(lengths).toEqual([1, 1, 1]);
});
