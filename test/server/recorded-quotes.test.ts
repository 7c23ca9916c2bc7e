/** The whole service on real quotes: collateral imported into its folder, the appraisal time pinned to that of the case. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp, loadConfig, makeDeps } from '@assay/server';
import { importFiles } from '@assay/server/collateral';
import { expect, test } from 'vitest';
import { type Folder, withVectors } from '../setup/vectors.ts';

interface Case {
  readonly id: string;
  readonly quote: string;
  readonly collateral: Readonly<Record<string, string>>;
  readonly time: number;
  readonly pckNotYetValidAtTime?: boolean;
  readonly expected: { readonly tcbStatus: string };
}

/** A service that holds the collateral of one case, and nothing else. */
async function serviceFor({ collateral, time }: Case, vectors: Folder, flags: Readonly<Record<string, string>> = {}) {
  const data = mkdtempSync(join(tmpdir(), 'assay-recorded-'));
  const files = Object.values(collateral).map(vectors.path);
  const imported = await importFiles(files, join(data, 'collateral'));
  for (const { file, stored } of imported) expect([file, stored]).toEqual([file, expect.any(String)]);
  const at = new Date(time * 1000).toISOString().replace('.000Z', 'Z');
  const config = loadConfig({
    flags: {
      'data-folder': data,
      'signing-algorithm': 'ES256',
      'log-level': 'silent',
      'insecure-appraisal-time': at,
      ...flags,
    },
  });
  const app = await buildApp(makeDeps(config), undefined);
  return {
    attest: (quote: Uint8Array, more: object = {}) =>
      app.inject({
        method: 'POST',
        url: '/attest/SgxEnclave?api-version=2020-10-01',
        headers: { 'content-type': 'application/json' },
        payload: JSON.stringify({ quote: Buffer.from(quote).toString('base64url'), ...more }),
      }),
    async close() {
      await app.close();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

withVectors('the service on recorded quotes', 'dcap', (vectors) => {
  const all: readonly Case[] = vectors.json('manifest.json').cases;
  const sgx = all.filter(({ quote, pckNotYetValidAtTime }) => quote.includes('-sgx-') && pckNotYetValidAtTime !== true);
  const accepted = sgx.filter(({ expected }) => ['UpToDate', 'SWHardeningNeeded'].includes(expected.tcbStatus));

  test.each(accepted.map((one) => [one.id, one] as const))('%s gets a token', async (_id, one) => {
    const service = await serviceFor(one, vectors);
    const quote = vectors.bytes(one.quote);
    const answer = await service.attest(quote);
    expect(answer.json()).toEqual({ token: expect.any(String) });
    const claims = claimsOf(answer.json().token);
    expect(claims['x-ms-sgx-mrenclave']).toMatch(/^[0-9a-f]{64}$/);
    expect(claims['sgx-mrenclave']).toBe(claims['x-ms-sgx-mrenclave']);
    expect(claims['x-ms-sgx-collateral']).toMatchObject({
      quotehash: createHash('sha256').update(quote).digest('hex'),
    });
    expect(claims['x-assay-tcb-status']).toBe(one.expected.tcbStatus);
    expect(claims['x-assay-insecure']).toEqual(['pinned-appraisal-time']);
    await service.close();
  });

  const outOfDate = sgx.find(({ expected }) => expected.tcbStatus === 'OutOfDate');
  test.skipIf(!outOfDate)(
    'a platform that is out of date is refused by the default baseline, and accepted by one that says so',
    async () => {
      if (!outOfDate) return;
      const strict = await serviceFor(outOfDate, vectors);
      const refused = await strict.attest(vectors.bytes(outOfDate.quote));
      expect(refused.statusCode).toBe(400);
      expect(refused.json().error).toMatchObject({ code: 'InvalidParameter', 'x-assay-check': 'intel.tcb.status' });
      await strict.close();
      const baselines = JSON.stringify({ sgxenclave: { acceptedTcbStatuses: ['UpToDate', 'OutOfDate'] } });
      const lenient = await serviceFor(outOfDate, vectors, { 'provider-baselines': baselines });
      expect((await lenient.attest(vectors.bytes(outOfDate.quote))).statusCode).toBe(200);
      await lenient.close();
    },
  );

  const [first] = accepted;
  test.skipIf(!first)('one flipped bit, missing collateral, a later day: each has its own answer', async () => {
    if (!first) return;
    const quote = vectors.bytes(first.quote);
    const service = await serviceFor(first, vectors);
    const flipped = quote.slice();
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    const refused = await service.attest(flipped);
    expect([refused.statusCode, refused.json().error.code]).toEqual([400, 'InvalidParameter']);
    const mismatch = await service.attest(quote, { runtimeData: { data: 'AAAA', dataType: 'Binary' } });
    expect([mismatch.statusCode, mismatch.json().error.code]).toEqual([400, 'InvalidParameter']);
    expect(mismatch.json().error.message).toContain(
      'SuppliedRuntimeDataDigest does not match RuntimeData Digest in quote] \n\r\n',
    );
    const garbled = await service.attest(quote, { quote: 'AAAAA)AA' });
    expect([garbled.statusCode, garbled.json().error.code]).toEqual([400, 'InvalidOperation']);
    expect(garbled.json().error.message).toContain("Bad message    Msg:[Unknown base64 character: 41 (')')");
    await service.close();

    const bare = await serviceFor({ ...first, collateral: {} }, vectors);
    const missing = await bare.attest(quote);
    expect([missing.statusCode, missing.json().error.code]).toEqual([503, 'ServiceUnavailable']);
    expect(missing.headers['retry-after']).toBe('30');
    await bare.close();

    const late = await serviceFor({ ...first, time: first.time + 90 * 86_400 }, vectors);
    expect((await late.attest(quote)).statusCode).toBe(503);
    await late.close();
  });
});
