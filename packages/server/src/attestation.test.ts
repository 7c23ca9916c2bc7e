import { AttestError } from '@assay/core';
import { afterEach, expect, test } from 'vitest';
import type { CollateralSource } from './collateral/source.ts';
import {
  attesting,
  type Bedding,
  decoded,
  fakeType,
  noCollateral,
  quoteOf,
  type Testbed,
  testbed,
} from './testbed.test.helper.ts';

const beds: Testbed[] = [];
const start = async (bedding?: Bedding): Promise<Testbed> => {
  const bed = await testbed(bedding);
  beds.push(bed);
  return bed;
};
afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.close();
});

test('genuine evidence gets a signed token that the published certificate verifies', async () => {
  const { app } = await start();
  const answer = await app.inject(attesting({ quote: quoteOf(0), nonce: 'n' }));
  expect(answer.json()).toEqual({ token: expect.any(String) });
  expect(answer.statusCode).toBe(200);
  const { header, claims } = decoded(answer.json().token);
  const { keys } = (await app.inject('/certs')).json();
  expect(header).toEqual({ alg: 'ES256', jku: 'https://assay.example/certs', kid: keys[0].kid, typ: 'JWT' });
  expect(claims).toMatchObject({
    iss: 'https://assay.example',
    nonce: 'n',
    byte: 0,
    'x-ms-policy': { byte: 0 },
    'x-fake-byte': 0,
    'x-ms-ver': '1.0',
  });
  expect(claims['jti']).toMatch(/^[0-9a-f]{64}$/);
  expect(claims['x-assay-appraisal']).toBe(answer.headers['x-assay-appraisal-id']);
});

test('a refusal carries the recorded sentence, our explanation, the check and the appraisal', async () => {
  const { app } = await start();
  const answer = await app.inject(attesting({ quote: quoteOf(1) }));
  expect(answer.statusCode).toBe(400);
  const { error } = answer.json();
  expect(error.code).toBe('InvalidParameter');
  expect(error.message).toContain(
    'Native operation failed with 65534: Exception(0) 83FFFFFE The specified quote was invalid due to an error in the quote collateral.    Msg:[OE_VERIFY_FAILED] ',
  );
  expect(error.message).toContain('«The evidence is genuine» does not hold');
  expect(error.innererror).toEqual({ code: error.code, message: error.message });
  expect(error['x-assay-check']).toBe('fake.genuine');
  expect(answer.headers['x-ms-error-code']).toBe('InvalidParameter');
  const kept = await app.inject(`/assay/v1/appraisals/${error['x-assay-appraisal']}`);
  expect(kept.json()).toMatchObject({ outcome: 'refused', attestationType: 'Fake', error: { check: 'fake.genuine' } });
  expect(kept.body).toContain('The evidence is genuine');
});

test('a provider may keep to itself which check failed, and then the appraisal too', async () => {
  const { app } = await start({
    flags: { 'provider-expose-checks': 'false', 'preview-bearer-token': 'a-long-enough-secret' },
  });
  for (const byte of [1, 2]) {
    const answer = await app.inject(attesting({ quote: quoteOf(byte) }));
    expect(answer.body).not.toMatch(/fake\.|Send plain|does not hold/);
    const url = `/assay/v1/appraisals/${answer.headers['x-assay-appraisal-id']}`;
    expect((await app.inject(url)).statusCode).toBe(401);
    const known = await app.inject({ url, headers: { authorization: 'Bearer a-long-enough-secret' } });
    expect(known.body).toContain('does not hold');
  }
});

test('an unmet baseline refuses, and all demands are on record', async () => {
  const { app } = await start();
  const answer = await app.inject(attesting({ quote: quoteOf(4) }));
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error['x-assay-check']).toBe('fake.status');
});

test('a denial is answered in the recorded words and no others', async () => {
  const { app } = await start({ policy: 'version= 1.0;authorizationrules{};' });
  const answer = await app.inject(attesting({ quote: quoteOf(0) }));
  expect(answer.statusCode).toBe(400);
  const message =
    'Attestation Enclave operation failed with 65518: Exception(0) 83FFFFEE Policy Evaluation Error has occurred    Msg:[Policy Engine Exception: No Permit claim was issued in the authorizationrules section, authorization failed.] \n\r\nUnhandled Enclave Exception: "Policy Evaluation Error has occurred"\r\n';
  expect(answer.json().error).toMatchObject({
    code: 'PolicyEvaluationError',
    message,
    innererror: { code: 'PolicyEvaluationError', message },
  });
});

test('a draft policy replaces the stored one, and its token is unsecured', async () => {
  const { app } = await start({ policy: 'version= 1.0;authorizationrules{};' });
  const draft = 'version= 1.0;authorizationrules{=> permit();};';
  const answer = await app.inject(attesting({ quote: quoteOf(0), draftPolicyForAttestation: draft }));
  expect(answer.statusCode).toBe(200);
  const { token } = answer.json();
  expect(token.endsWith('.')).toBe(true);
  const { header, claims } = decoded(token);
  expect(header).toMatchObject({ alg: 'none', jku: 'https://assay.example/certs', typ: 'JWT' });
  expect(claims['x-ms-policy-hash']).toBe('9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco');
});

test('a draft with a mistake is answered with line and column', async () => {
  const { app } = await start();
  const answer = await app.inject(
    attesting({ quote: quoteOf(0), draftPolicyForAttestation: 'version= 1.0;\nauthorisation{};' }),
  );
  expect(answer.statusCode).toBe(400);
  const { code, message } = answer.json().error;
  expect(code).toBe('PolicyParsingError');
  expect(message).toMatch(
    /65526: Exception\(0\) 83FFFFF6 Invalid policy was specified {4}Msg:\[Policy Parser Exception Thrown: [\s\S]*Line: '2'/,
  );
});

test('a draft that is too long is refused before it is compiled', async () => {
  const { app } = await start();
  const draft = `version= 1.0;authorizationrules{=> permit();};${' '.repeat(200_000)}`;
  const answer = await app.inject(attesting({ quote: quoteOf(0), draftPolicyForAttestation: draft }));
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.code).toBe('InvalidParameter');
});

test('configuration rules set the verifier’s settings, and must fit them', async () => {
  const policy = (level: string): string =>
    `version= 1.1;configurationrules{=> issueproperty(type="x-fake-level", value=${level}); => issueproperty(type="another", value=1);};authorizationrules{=> permit();};`;
  const { app } = await start({ policy: policy('"high"') });
  const level = async (draft?: string) => {
    const answer = await app.inject(
      attesting({ quote: quoteOf(0), ...(draft !== undefined && { draftPolicyForAttestation: draft }) }),
    );
    return answer.statusCode === 200 ? decoded(answer.json().token).claims['x-assay-level'] : answer.json().error;
  };
  expect(await level()).toBe('high');
  expect(await level(policy('"low"'))).toBe('low');
  expect(await level(policy('"middle"'))).toMatchObject({
    code: 'InvalidParameter',
    message: expect.stringContaining('level'),
  });
  expect(await level(policy('5'))).toMatchObject({ code: 'PolicyParsingError' });
});

test('T47: without our own claims a token has none, but for the one that says it proves nothing', async () => {
  const ours = async (flags: Record<string, string>) => {
    const { app } = await start({ flags: { 'provider-own-claims': 'false', ...flags } });
    const { claims } = decoded((await app.inject(attesting({ quote: quoteOf(0) }))).json().token);
    return Object.entries(claims).filter(([name]) => name.startsWith('x-assay-'));
  };
  expect(await ours({})).toEqual([]);
  expect(await ours({ 'insecure-appraisal-time': '2024-01-01T00:00:00Z' })).toEqual([
    ['x-assay-insecure', ['pinned-appraisal-time']],
  ]);
});

test('missing collateral is the operator’s to fix: 503, and when to ask again', async () => {
  const type = fakeType({}, [{ name: 'fake/thing', proven: true }]);
  const { app } = await start({ types: [type], collateral: noCollateral });
  const answer = await app.inject(attesting({ quote: quoteOf(0) }));
  expect(answer.statusCode).toBe(503);
  expect(answer.headers['retry-after']).toBe('30');
  expect(answer.json().error.code).toBe('ServiceUnavailable');
});

test('T31: a defect of a verifier is a negative answer, counted, on record, and says nothing of the evidence', async () => {
  const { app, log } = await start();
  const secret = 'evidence-that-must-not-leak';
  const answer = await app.inject(attesting({ quote: Buffer.from(`\u0003${secret}`).toString('base64url') }));
  expect(answer.statusCode).toBe(500);
  const { error } = answer.json();
  expect(error.code).toBe('InternalServerError');
  expect(answer.body).not.toContain('token');
  expect(answer.body).not.toMatch(/TypeError|at .*\.ts|leak/);
  const kept = await app.inject(`/assay/v1/appraisals/${error['x-assay-appraisal']}`);
  expect(kept.json()).toMatchObject({ outcome: 'failed', error: { code: 'Defect' } });
  expect(kept.body).toContain('The evidence is genuine');
  const metrics = (await app.inject('/metrics')).body;
  expect(metrics).toContain('assay_defects_total 1');
  expect(metrics).toContain('assay_attestations_total{type="Fake",outcome="failed",code="Defect"} 1');
  expect(log()).toContain('"msg":"defect"');
  expect(log()).toContain('testbed.test.helper.ts');
  expect(log()).not.toContain(secret);
});

test.each(['ConfigurationInvalid', 'Defect'] as const)(
  'T39: what is wrong with the service itself (%s) is told in the log, never to clients',
  async (code) => {
    const collateral: CollateralSource = {
      ...noCollateral,
      collateral: async () => {
        throw new AttestError(code, 'The collateral in /srv/secret-place holds too much');
      },
    };
    const { app, log } = await start({ types: [fakeType({}, [{ name: 'fake/thing', proven: true }])], collateral });
    const answer = await app.inject(attesting({ quote: quoteOf(0) }));
    expect(answer.statusCode).toBe(500);
    const kept = await app.inject(`/assay/v1/appraisals/${answer.headers['x-assay-appraisal-id']}`);
    expect(kept.json()).toMatchObject({ error: { code } });
    for (const { body } of [answer, kept]) expect(body).not.toContain('secret-place');
    expect(log()).toContain('The collateral in /srv/secret-place holds too much');
  },
);

test.each([
  ['a table of claims that is none', { verifier: { ...fakeType().verifier, claims: () => 'no' } }],
  ['an answer that is no JSON', { answer: () => ({ token: Number.NaN }) }],
  [
    'a baseline that throws a string',
    {
      verifier: {
        ...fakeType().verifier,
        baseline: () => {
          throw 'no';
        },
      },
    },
  ],
  [
    'a receive that throws nothing at all',
    {
      receive: () => {
        throw undefined;
      },
    },
  ],
])('T31: %s breaks: 500 and no token', async (_what, more) => {
  const { app } = await start({ types: [fakeType(more as never)] });
  const answer = await app.inject(attesting({ quote: quoteOf(0) }));
  expect(answer.statusCode).toBe(500);
  expect(answer.json().error.code).toBe('InternalServerError');
});

test('T31: a key that cannot sign gives no token', async () => {
  const { app, deps } = await start();
  Object.assign(deps.keys.signer, { sign: () => Promise.reject(new Error('the device is gone')) });
  const answer = await app.inject(attesting({ quote: quoteOf(0) }));
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('device');
});

test.each([
  ['', 'no body'],
  ['{', 'not JSON'],
  ['{"quote":"AA","quote":"AA"}', 'quote'],
  ['[]', 'quote'],
  [`${'['.repeat(40)}${']'.repeat(40)}`, 'not JSON'],
  ['\ufeff{}', 'not JSON'],
])('the body %j is refused, saying why', async (body, why) => {
  const { app } = await start();
  const answer = await app.inject(attesting(body));
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error).toMatchObject({ code: 'InvalidParameter', message: expect.stringContaining(why) });
});

test('the issuer is the configured URL, whatever Host says', async () => {
  const { app } = await start();
  const request = attesting({ quote: quoteOf(0) });
  const headers = { ...request.headers, host: 'evil.example', 'x-forwarded-host': 'evil.example' };
  const answer = await app.inject({ ...request, headers });
  expect(decoded(answer.json().token).claims['iss']).toBe('https://assay.example');
  const metadata = await app.inject({ url: '/.well-known/openid-configuration', headers });
  expect(metadata.body).not.toContain('evil');
});

test('only the latest appraisals are kept', async () => {
  const { app } = await start({ flags: { 'memory-appraisals': '2' } });
  const ids: string[] = [];
  for (const byte of [0, 1, 0]) {
    const answer = await app.inject(attesting({ quote: quoteOf(byte) }));
    ids.push(String(answer.headers['x-assay-appraisal-id']));
  }
  const found = await Promise.all(ids.map(async (id) => (await app.inject(`/assay/v1/appraisals/${id}`)).statusCode));
  expect(found).toEqual([404, 200, 200]);
  expect(new Set(ids).size).toBe(3);
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
});
