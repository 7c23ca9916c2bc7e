/** Both rounds of the TPM protocol over HTTP: a forged machine against the service. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes } from '@assay/core';
import { fromBase64 } from '@assay/core/bytes';
import { toPem } from '@assay/core/pki';
import { forgeBoot, forgedKey, forgeJws, forgeTpm, linuxBoot, type WantedRequest } from '@assay/core/testing';
import { type Fetch, holderOf, tpm as machineWithTpm, tokenVerifier } from '@assay/relying-party';
import { buildApp, type Config, loadConfig, makeDeps } from '@assay/server';
import { afterEach, expect, test } from 'vitest';

const at = new Date('2026-05-01T12:00:00Z');
const tpm = forgeTpm({ at });
const boot = forgeBoot(linuxBoot());
const token = 'a-token-for-tests-0123';
const healthy =
  'version= 1.2;authorizationrules{[type=="secureBootEnabled", value==true] && [type=="aikValidated", value==true] => permit();};issuancerules{=> issue(type="healthy", value=true);};';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

interface Wanted {
  readonly flags?: Readonly<Record<string, string>>;
  readonly policy?: string | undefined;
  /** Puts the certificates of the forged vendor where an operator would. */
  readonly holds?: boolean;
  readonly folder?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: answers and requests of the wire, looked into freely
type Wire = any;

interface Service {
  readonly folder: string;
  readonly config: Config;
  now: Date;
  readonly post: (
    payload: unknown,
    more?: { readonly bearer?: string | undefined; readonly path?: string },
  ) => Promise<Wire>;
  readonly challenge: () => Promise<{ readonly challenge: Bytes; readonly serviceContext: string }>;
  readonly attest: (wanted?: Partial<WantedRequest>) => Promise<Wire>;
  readonly get: (url: string) => Promise<Wire>;
  readonly raw: (body: string, headers?: Record<string, string>) => Promise<Wire>;
}

const framed = (inner: unknown): string =>
  JSON.stringify({
    data: Buffer.from(typeof inner === 'string' ? inner : JSON.stringify(inner)).toString('base64url'),
  });
const opened = (body: Wire): Wire => JSON.parse(Buffer.from(body.data, 'base64url').toString('utf8'));

async function service({ flags = {}, policy = healthy, holds = true, folder: given }: Wanted = {}): Promise<Service> {
  const folder = given ?? mkdtempSync(join(tmpdir(), 'assay-tpm-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const roots = file('root.pem', toPem('CERTIFICATE', tpm.certificates.root));
  const config = loadConfig({
    flags: {
      'data-folder': join(folder, 'data'),
      'provider-policies': JSON.stringify(policy === undefined ? {} : { Tpm: file('policy.txt', policy) }),
      'provider-public-url': 'https://assay.example',
      'signing-algorithm': 'ES256',
      'tpm-bearer-token': token,
      'tpm-roots': JSON.stringify([roots]),
      'log-level': 'silent',
      ...flags,
    },
  });
  const held = holds ? [tpm.certificates.issuer, tpm.certificates.root] : [];
  const out = { now: at } as { now: Date };
  const deps = makeDeps(config, {
    now: () => out.now,
    collateral: { collateral: async () => new Map(), certificates: async () => held },
  });
  const app = await buildApp(deps, undefined);
  closing.push(() => app.close());
  if (!given) closing.push(async () => rmSync(folder, { recursive: true, force: true }));
  const raw = (body: string, headers: Record<string, string> = {}, path = 'Tpm') =>
    app.inject({
      method: 'POST',
      url: `/attest/${path}?api-version=2022-08-01`,
      headers: { 'content-type': 'application/json', ...headers },
      payload: body,
    });
  const post: Service['post'] = (payload, { bearer = token, path } = {}) =>
    raw(framed(payload), bearer === '' ? {} : { authorization: `Bearer ${bearer}` }, path);
  const challenge: Service['challenge'] = async () => {
    const { payload } = opened((await post({ payload: { type: 'aikcert' } })).json());
    return { challenge: fromBase64(payload.challenge), serviceContext: payload.service_context };
  };
  return Object.assign(out, {
    folder,
    config,
    post,
    challenge,
    raw: (body: string, headers?: Record<string, string>) =>
      raw(body, { authorization: `Bearer ${token}`, ...headers }),
    get: (url: string) => app.inject(url),
    async attest(wanted: Partial<WantedRequest> = {}) {
      return post({ payload: { request: tpm.request({ boot, ...(await challenge()), ...wanted }) } });
    },
  });
}

const decoded = (jwt: string) =>
  jwt
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
const errorOf = (answer: Wire) => {
  const { error } = answer.json();
  return [answer.statusCode, error.code, error['x-assay-check']];
};

test('two rounds end in a token of the recorded form', async () => {
  const { attest, get } = await service();
  const answer = await attest({ relyingPartyData: Uint8Array.of(1, 2, 3, 4) });
  expect(answer.statusCode).toBe(200);
  const { payload, report } = opened(answer.json());
  expect(payload.report).toBe(report);
  const [header, claims] = decoded(report);
  expect(Object.keys(header)).toEqual(['typ', 'alg', 'x5c', 'kid']);
  expect(Object.keys(claims)).toEqual([
    ...['nbf', 'exp', 'iat', 'iss', 'jti', 'ver', 'x-ms-ver', 'rp_data', 'nonce', 'cnf', 'x-ms-policy-hash'],
    ...['x-ms-tpm-request-key', 'x-ms-policy'],
    ...Object.keys(claims).filter((name) => name.startsWith('x-assay-')),
  ]);
  expect(claims).toMatchObject({
    rp_data: 'AQIDBA',
    nonce: 'AQIDBA',
    ver: '1.0',
    'x-ms-policy': { healthy: true },
    'x-assay-tpm-aik': 'validated',
  });
  expect(claims.jti).toMatch(/^[0-9a-f]{40}$/);
  expect([claims.iat - claims.nbf, claims.exp - claims.iat]).toEqual([300, 345_600]);
  const { keys } = (await get('/certs')).json();
  expect(keys.find(({ kid }: Wire) => kid === header.kid).x5c).toEqual(header.x5c);
});

test('a relying party believes the token by the issuer’s published certificate, whatever the header carries', async () => {
  const { attest, get, now } = await service();
  const { report } = opened((await attest()).json());
  const fetch = async (url: string) => {
    const { pathname } = new URL(url);
    const answer = await get(pathname);
    return new Response(answer.body, { status: answer.statusCode, headers: { 'content-type': 'application/json' } });
  };
  const verifier = tokenVerifier({
    issuer: 'https://assay.example',
    fetch: fetch as Fetch,
    expect: machineWithTpm({ policy: { healthy: true } }),
  });
  const { claims } = await verifier.verify(report, { now });
  expect(holderOf(claims)).toMatchObject({ kty: 'EC' });
  const strict = verifier.verify(report, { now, expect: machineWithTpm({ requestKey: 'tpm' }) });
  await expect(strict).rejects.toThrow(/not certified to be in the TPM/);
  // A stranger's certificate in the header makes no key of it.
  const [header = '', payload = ''] = report.split('.');
  const forged = `${header}.${payload}.${Buffer.alloc(64, 1).toString('base64url')}`;
  await expect(verifier.verify(forged, { now })).rejects.toThrow(/signature/);
});

test('T25: the first answer has the recorded shape, and no two challenges are alike', async () => {
  const { post } = await service();
  const seen = new Set<string>();
  for (let i = 0; i < 50; i++) {
    const { payload } = opened((await post({ payload: { type: 'aikcert' }, metadata: {} })).json());
    expect(Object.keys(payload)).toEqual(['challenge', 'service_context']);
    expect(fromBase64(payload.challenge)).toHaveLength(16);
    const context = JSON.parse(Buffer.from(payload.service_context, 'base64url').toString('utf8'));
    expect(Object.keys(context)).toEqual(['ProtectionKeyName', 'ProtectedContext']);
    expect(context.ProtectionKeyName).toMatch(/^[0-9A-F]{64}$/);
    seen.add(payload.challenge);
  }
  expect(seen.size).toBe(50);
});

test('a request may stand where documents show it', async () => {
  const { challenge, post } = await service();
  const request = tpm.request({ boot, ...(await challenge()) });
  expect((await post({ request })).statusCode).toBe(200);
});

test('T28: a context is good once, and all processes on one data folder know of it', async () => {
  const first = await service();
  const second = await service({ folder: first.folder });
  const round = await first.challenge();
  const request = { payload: { request: tpm.request({ boot, ...round }) } };
  const answers = await Promise.all([first.post(request), second.post(request), second.post(request)]);
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 400, 400]);
  const refused = answers.find(({ statusCode }) => statusCode === 400);
  expect(errorOf(refused)).toEqual([400, 'InvalidOperation', 'attest.once']);
});

test('P12: contexts that are too old, altered, of another provider or spelt otherwise do not open', async () => {
  const here = await service();
  const other = await service({ folder: here.folder, flags: { 'provider-name': 'another' } });
  const round = await here.challenge();
  const send = (serviceContext: string, to = here) =>
    to.post({ payload: { request: tpm.request({ boot, challenge: round.challenge, serviceContext }) } });
  const bad = [
    await send(round.serviceContext, other),
    await send(`${round.serviceContext.slice(0, -3)}AAA`),
    await send(`${round.serviceContext}==`),
    await send(''),
    await send((await here.challenge()).serviceContext),
  ];
  for (const answer of bad) expect(errorOf(answer)).toEqual([400, 'InvalidOperation', 'tpm.context']);
  here.now = new Date(at.getTime() + 6 * 60_000);
  expect(errorOf(await send(round.serviceContext))).toEqual([400, 'InvalidOperation', 'tpm.context']);
  here.now = new Date(at.getTime() + 4 * 60_000);
  expect((await send(round.serviceContext)).statusCode).toBe(200);
});

test('T9: no refusal gives away what a quote should have held', async () => {
  const { challenge, post } = await service();
  const round = await challenge();
  const answer = await post({ payload: { request: tpm.request({ boot, ...round, extraData: new Uint8Array(32) }) } });
  expect(errorOf(answer)).toEqual([400, 'InvalidParameter', 'tpm.quote.freshness']);
  for (const secret of [
    Buffer.from(round.challenge).toString('hex'),
    Buffer.from(round.challenge).toString('base64url'),
  ])
    expect(answer.body).not.toContain(secret);
});

test('without a bearer token nobody is attested, unless the provider says so', async () => {
  const closed = await service();
  for (const bearer of ['', 'wrong-token-0123456789']) {
    const answer = await closed.post({ payload: { type: 'aikcert' } }, { bearer });
    expect([answer.statusCode, answer.json().error.code]).toEqual([401, 'Unauthorized']);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer /);
  }
  const open = await service({ flags: { 'tpm-authentication': 'Disabled' } });
  expect((await open.post({ payload: { type: 'aikcert' } }, { bearer: '' })).statusCode).toBe(200);
});

test('without a policy even the first round fails, in the recorded words', async () => {
  const { post } = await service({ policy: undefined, flags: { 'provider-policies': '{}' } });
  const answer = await post({ payload: { type: 'aikcert' } });
  expect([answer.statusCode, answer.json().error.code, answer.json().error.message]).toEqual([
    400,
    'Bad request',
    'A VBS attestation policy has not been set on the attestation provider.',
  ]);
});

test.each([
  ['no data', '{}'],
  ['data that is no text', '{"data":1}'],
  ['padding', '{"data":"e30="}'],
  ['no JSON', framed('x')],
  ['no object', framed('[]')],
  ['neither type nor request', framed({ payload: {} })],
  ['both', framed({ payload: { type: 'aikcert', request: 'a.b.c' } })],
  ['an unknown type', framed({ payload: { type: 'x' } })],
  ['a request that is no text', framed({ payload: { request: 1 } })],
  ['a payload that is no object', framed({ payload: 'x' })],
])('%s is refused', async (_what, body) => {
  const answer = await (await service()).raw(body);
  expect(errorOf(answer).slice(0, 2)).toEqual([400, 'InvalidParameter']);
});

test('an issuer that nobody holds is the operator’s to import, by name', async () => {
  const answer = await (await service({ holds: false })).attest();
  expect(errorOf(answer)).toEqual([503, 'ServiceUnavailable', 'tpm.aik.issuer']);
  expect(answer.json().error.message).toMatch(
    /issuer «CN=Attestation key CA.*, key [0-9a-f]{40}.*assay collateral import/,
  );
});

test('a policy that denies is answered as everywhere', async () => {
  const { attest } = await service();
  const answer = await attest({ boot: forgeBoot(linuxBoot({ secureBoot: false })) });
  expect(errorOf(answer).slice(0, 2)).toEqual([400, 'PolicyEvaluationError']);
});

test('policies set the mask, the lifetime and the header', async () => {
  const policy =
    'version= 1.1;configurationrules{=> issueproperty(type="required_pcr_mask", value=15); => issueproperty(type="require_valid_aik_cert", value=false);};authorizationrules{=> permit();};issuancerules{=> issueproperty(type="report_validity_in_minutes", value=10); => issueproperty(type="omit_x5c", value=true);};';
  const { attest } = await service({ policy, holds: false });
  const answer = await attest({ select: [{ bank: 'sha256', indices: [0, 1, 2, 3] }] });
  const [header, claims] = decoded(opened(answer.json()).report);
  expect(Object.keys(header)).toEqual(['typ', 'alg', 'x5t', 'kid']);
  expect([claims.exp - claims.iat, claims['x-assay-tpm-aik'], 'x-ms-policy' in claims]).toEqual([
    600,
    'unproven',
    false,
  ]);
  const longer = await service({ policy: policy.replace('value=10)', 'value=525601)') });
  expect(errorOf(await longer.attest()).slice(0, 2)).toEqual([400, 'PolicyEvaluationError']);
});

test('long requests have room, and no more than that', async () => {
  const { raw, config } = await service();
  expect(config.limits.longBodyBytes).toBe(6 * 1024 * 1024);
  const body = (length: number): string => framed({ payload: { request: 'a'.repeat(length) } });
  expect((await raw(body(2_000_000))).statusCode).toBe(400);
  expect((await raw(body(5_000_000))).statusCode).toBe(413);
});

test('a request that nothing binds to the TPM is accepted only by a loud setting, and then the token says so', async () => {
  const policies = { 'provider-baselines': JSON.stringify({ Tpm: { unboundKey: true, events: 'maa' } }) };
  for (const [flags, expected] of [
    [{}, 'tpm.key.binding'],
    [policies, undefined],
  ] as const) {
    const { challenge, post } = await service({ flags });
    const answer = await post({ payload: { request: firstVersion(await challenge()) } });
    if (expected !== undefined) expect(errorOf(answer)).toEqual([400, 'InvalidParameter', expected]);
    else {
      const [, claims] = decoded(opened(answer.json()).report);
      expect(claims['x-assay-insecure']).toEqual(['unbound-key']);
      expect([claims.cnf.jwk.kty, 'x-ms-tpm-request-key' in claims]).toEqual(['EC', false]);
    }
  }
});

/** A request of version 1: statements in Windows' wrapper, and nothing that names the key. */
function firstVersion({ challenge, serviceContext }: { challenge: Bytes; serviceContext: string }): string {
  const { attest, signature } = tpm.quote({ boot, extraData: challenge });
  const values = Buffer.concat([...(boot.pcrs.get('sha256')?.values() ?? [])]);
  const head = Buffer.alloc(24);
  head.write('TPLA', 0, 'latin1');
  for (const [i, value] of [0, 11, signature.length, attest.length, values.length].entries())
    head.writeUInt32LE(value, 4 + 4 * i);
  const claim = Buffer.concat([head, signature, attest, values]).toString('base64url');
  let aikPub: unknown;
  const software = forgedKey('development', 'software');
  let key: unknown;
  tpm.request({
    boot,
    challenge,
    serviceContext,
    data(object: Wire) {
      aikPub = object.tpm_att_data.current_attestation.aik_pub;
      key = object.request_key.jwk;
      return object;
    },
  });
  const text = JSON.stringify({
    att_type: 'basic',
    att_data: {
      challenge: Buffer.from(challenge).toString('base64url'),
      tpm_att_data: {
        srtm_boot_log: Buffer.from(boot.log).toString('base64url'),
        srtm_resume_log: '',
        aik_cert: Buffer.from(tpm.certificates.aik).toString('base64url'),
        aik_pub: aikPub,
        current_claim: claim,
      },
      attest_key: key,
      service_context: serviceContext,
    },
  });
  return forgeJws({ alg: 'ES256', typ: 'attReq' }, text, software);
}

test('the route answers under its other name, and not under 2018-09-01-preview', async () => {
  const { post, get } = await service();
  expect((await post({ payload: { type: 'aikcert' } }, { path: 'VbsEnclave' })).statusCode).toBe(200);
  const document = (await get('/openapi.json')).json();
  expect(document.paths).not.toHaveProperty('/attest/Tee/Tpm');
  expect(JSON.stringify(document.paths['/attest/Tpm'])).not.toContain('2018-09-01-preview');
});
