/** The whole service on the simulated platform: needs no recorded evidence, and none of it works in production. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPem } from '@assay/core';
import { forgeIntel } from '@assay/core/testing';
import { buildApp, loadConfig, makeDeps } from '@assay/server';
import { afterAll, beforeAll, expect, test } from 'vitest';

const runtime = new TextEncoder().encode('{"b":1,"a":{"z":[1,2]}}');
const world = forgeIntel({ at: new Date() });
const quote = world.quote({ runtimeData: runtime });
const encoded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
/** 16 bytes before the quote: version, kind, length. */
const report = Buffer.concat([
  Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0),
  Buffer.from(BigUint64Array.of(BigInt(quote.length)).buffer),
  quote,
]);

const folder = mkdtempSync(join(tmpdir(), 'assay-forged-'));
const anchor = join(folder, 'root.pem');

async function service(flags: Readonly<Record<string, string>> = {}) {
  const config = loadConfig({
    flags: {
      'data-folder': folder,
      'signing-algorithm': 'ES256',
      'log-level': 'silent',
      'preview-bearer-token': 'a-long-enough-secret',
      ...flags,
    },
  });
  return buildApp(makeDeps(config), undefined);
}
type App = Awaited<ReturnType<typeof service>>;
let app: App;
beforeAll(async () => {
  mkdirSync(join(folder, 'collateral'));
  let count = 0;
  for (const bytes of world.collateral.values()) writeFileSync(join(folder, 'collateral', `${count++}`), bytes);
  writeFileSync(anchor, toPem('PUBLIC KEY', world.anchor));
  app = await service({ 'insecure-anchors': anchor });
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

const attest = (to: App, type: string, payload: object, version = '2020-10-01') =>
  to.inject({
    method: 'POST',
    url: `/attest/${type}?api-version=${version}`,
    headers: { 'content-type': 'application/json', authorization: 'Bearer a-long-enough-secret' },
    payload: JSON.stringify(payload),
  });
const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

test('T13: evidence under a development root is refused by a service that was not told of the root', async () => {
  const production = await service();
  const answer = await attest(production, 'SgxEnclave', { quote: encoded(quote) });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error['x-assay-check']).toBe('intel.pck.path');
  expect((await production.inject('/readyz')).json().insecure).toEqual([]);
  await production.close();
});

test('T47: a service that was told says so in tokens and in readiness', async () => {
  const { token } = (await attest(app, 'SgxEnclave', { quote: encoded(quote) })).json();
  expect(claimsOf(token)['x-assay-insecure']).toEqual(['development-anchors']);
  expect((await app.inject('/readyz')).json().insecure).toEqual(['development-anchors']);
});

test('JSON data becomes a claim with sorted members, binary data its text, and neither comes without proof', async () => {
  const data = encoded(runtime);
  const asJson = await attest(app, 'SgxEnclave', { quote: encoded(quote), runtimeData: { data, dataType: 'JSON' } });
  expect(JSON.stringify(claimsOf(asJson.json().token)['x-ms-runtime'])).toBe('{"a":{"z":[1,2]},"b":1}');
  const binary = claimsOf(
    (await attest(app, 'SgxEnclave', { Quote: encoded(quote), RUNTIMEDATA: { Data: data, dataType: 'Binary' } })).json()
      .token,
  );
  expect([binary['x-ms-sgx-ehd'], binary['maa-ehd'], binary['aas-ehd']]).toEqual([data, data, data]);
  for (const other of ['', 'AA', encoded(Buffer.concat([runtime, Uint8Array.of(0)]))]) {
    const answer = await attest(app, 'SgxEnclave', {
      quote: encoded(quote),
      runtimeData: { data: other, dataType: 'Binary' },
    });
    expect([answer.statusCode, answer.json().error['x-assay-check']]).toEqual([400, 'intel.runtime-data']);
  }
});

test('an OpenEnclave report is its quote and 16 bytes more, hashed whole', async () => {
  const claims = claimsOf(
    (await attest(app, 'OpenEnclave', { report: encoded(report), nonce: 12345678901234567890n.toString() })).json()
      .token,
  );
  expect(claims['nonce']).toBe('12345678901234567890');
  expect(claims['x-ms-sgx-collateral']).toMatchObject({ quotehash: createHash('sha256').update(report).digest('hex') });
  expect((await attest(app, 'OpenEnclave', { report: encoded(quote) })).statusCode).toBe(400);
  expect((await attest(app, 'SgxEnclave', { quote: encoded(report) })).statusCode).toBe(400);
});

test('2018-09-01-preview takes the same evidence under its own names', async () => {
  const version = '2018-09-01-preview';
  const sgx = await attest(
    app,
    'Tee/SgxEnclave',
    { Quote: encoded(quote), EnclaveHeldData: encoded(runtime) },
    version,
  );
  expect(claimsOf(sgx.json())['x-ms-sgx-ehd']).toBe(encoded(runtime));
  const open = await attest(app, 'Tee/OpenEnclave', { Quote: encoded(report) }, version);
  expect(open.statusCode).toBe(200);
  const draft = await attest(
    app,
    'SgxEnclave',
    { Quote: encoded(quote), DraftPolicyForAttestation: 'version= 1.0;authorizationrules{};' },
    version,
  );
  expect(draft.json().error.code).toBe('PolicyEvaluationError');
});

test('a second request remembers the cryptography, and shows the same checks', async () => {
  const cold = await service({ 'insecure-anchors': anchor });
  const appraisal = async () => {
    const answer = await attest(cold, 'SgxEnclave', { quote: encoded(quote) });
    return (await cold.inject(`/assay/v1/appraisals/${answer.headers['x-assay-appraisal-id']}`)).body;
  };
  const checks = (text: string): readonly string[] =>
    [...text.matchAll(/"check":"([^"]+)"/g)].map(([, id]) => id ?? '');
  const [first, second] = [await appraisal(), await appraisal()];
  expect(first).not.toContain('"remembered":true');
  expect(second).toContain('"remembered":true');
  expect(checks(second)).toEqual(checks(first));
  expect((await cold.inject('/metrics')).body).toMatch(/assay_remembered_proofs_total\{found="true"\} [1-9]/);
  await cold.close();
});

test('a policy may ask for a TCB baseline by its number; the service lists them', async () => {
  const draft = (identifier: string): string =>
    `version= 1.1;configurationrules{=> issueproperty(type="x-ms-sgx-tcbidentifier", value="${identifier}");};authorizationrules{=> permit();};`;
  const answer = async (identifier: string) =>
    (await attest(app, 'SgxEnclave', { quote: encoded(quote), draftPolicyForAttestation: draft(identifier) }))
      .statusCode;
  expect([await answer('1'), await answer('60000'), await answer('nonsense')]).toEqual([200, 503, 400]);
  const { tcbBaselines } = (await app.inject('/tcbbaselines/SgxEnclave?api-version=2025-06-01')).json();
  expect(tcbBaselines).toContainEqual({
    tcbIdentifier: 'azuredefault',
    tcbEvaluationDataNumber: 10,
    tcbReleaseDate: '2020-11-11T00:00:00Z',
    minimumPswLinuxVersion: '2.9',
    minimumPswWindowsVersion: '2.7.101.2',
    isSelectedTcb: true,
  });
});

test('without our own claims a token is that of the wire, and still says what was insecure', async () => {
  const plain = await service({ 'insecure-anchors': anchor, 'provider-own-claims': 'false' });
  const { token } = (await attest(plain, 'SgxEnclave', { quote: encoded(quote) })).json();
  expect(Object.keys(claimsOf(token))).toEqual([
    'exp',
    'iat',
    'is-debuggable',
    'iss',
    'jti',
    'maa-attestationcollateral',
    'nbf',
    'product-id',
    'sgx-mrenclave',
    'sgx-mrsigner',
    'svn',
    'tee',
    'x-assay-insecure',
    'x-ms-attestation-type',
    'x-ms-policy',
    'x-ms-policy-hash',
    'x-ms-sgx-collateral',
    'x-ms-sgx-is-debuggable',
    'x-ms-sgx-mrenclave',
    'x-ms-sgx-mrsigner',
    'x-ms-sgx-product-id',
    'x-ms-sgx-report-data',
    'x-ms-sgx-svn',
    'x-ms-sgx-tcbidentifier',
    'x-ms-ver',
  ]);
  await plain.close();
});
