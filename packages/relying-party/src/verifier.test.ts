import { createHmac } from 'node:crypto';
import { CompactSign, exportJWK, exportSPKI } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sgx } from './expect/sgx.ts';
import { type FakeIssuer, type FakeKey, fakeIssuer, fakeKey, handmade } from './fake.test.support.ts';
import { type ProblemCode, TokenRefused } from './problem.ts';
import { tokenVerifier, type VerifierOptions, type VerifyOptions } from './verifier.ts';

let key: FakeKey;
let stranger: FakeKey;
let fake: FakeIssuer;
beforeAll(async () => {
  [key, stranger] = await Promise.all([fakeKey('k+1='), fakeKey('k+1=')]);
  fake = await fakeIssuer(key);
});
afterAll(() => fake.close());

const verifier = (options: Partial<VerifierOptions> = {}) =>
  tokenVerifier({ issuer: fake.issuer, allowInsecureConnection: true, ...options });

async function refused(
  token: string,
  options: Partial<VerifierOptions> = {},
  wanted: VerifyOptions = {},
): Promise<readonly ProblemCode[]> {
  const outcome = await verifier(options)
    .verify(token, wanted)
    .catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(TokenRefused);
  return (outcome as TokenRefused).problems.map(({ code }) => code);
}

describe('a genuine token', () => {
  test('is verified with a key that is published as a certificate alone', async () => {
    const token = await fake.sign(key, { 'x-ms-ver': '1.0' });
    const verified = await verifier().verify(token);
    expect(verified.claims).toMatchObject({ iss: fake.issuer, 'x-ms-ver': '1.0' });
    expect(verified.header).toMatchObject({ alg: 'RS256', kid: 'k+1=' });
    expect(verified.insecure).toEqual([]);
  });

  test.each(['PS256', 'ES256', 'ES384'])('is verified with %s', async (alg) => {
    const other = await fakeKey('other', alg);
    const issuer = await fakeIssuer(other);
    const token = await issuer.sign(other);
    await expect(verifier({ issuer: issuer.issuer }).verify(token)).resolves.toBeDefined();
    await issuer.close();
  });

  test('is verified with a key that is published by its numbers', async () => {
    const issuer = await fakeIssuer(key);
    issuer.publish.keys = { keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: 'RS256', use: 'sig' }] };
    await expect(verifier({ issuer: issuer.issuer }).verify(await issuer.sign(key))).resolves.toBeDefined();
    await issuer.close();
  });
});

describe('T3: a token is believed for the key of the pinned issuer alone', () => {
  test('T3: unsigned and signed by a stranger are told apart', async () => {
    const claims = { iss: fake.issuer, exp: 4_000_000_000 };
    expect(await refused(handmade({ alg: 'none', kid: key.kid }, claims, ''))).toEqual(['header.algorithm']);
    expect(await refused(await fake.sign(stranger))).toEqual(['signature']);
  });

  test('T3: a key id that the issuer does not publish', async () => {
    expect(await refused(await fake.sign(key, {}, { kid: 'unknown' }))).toEqual(['header.key-id']);
  });

  test('T3: keys that the token brings along are not looked at', async () => {
    const jwk = await exportJWK(stranger.publicKey);
    const { x5c } = stranger.entry as { x5c: string[] };
    expect(await refused(await fake.sign(stranger, {}, { jwk, x5c }))).toEqual(['signature']);
    expect(await refused(await fake.sign(stranger, {}, { jwk, x5c, kid: 'mine' }))).toEqual(['header.key-id']);
    expect(await refused(await fake.sign(stranger, {}, { jwk, x5c, kid: undefined }))).toEqual(['header.key-id']);
  });

  test('T3: an address that the token names is not asked', async () => {
    const other = await fakeIssuer(stranger);
    const jku = `${other.issuer}/certs`;
    expect(await refused(await fake.sign(stranger, {}, { jku, x5u: jku }))).toEqual(['signature']);
    expect(await refused(await other.sign(stranger))).toEqual(['claims.issuer']);
    expect(other.asked).toEqual([]);
    await other.close();
  });
});

test('T11: a token that verified once does not vouch for a later one', async () => {
  const one = verifier();
  await one.verify(await fake.sign(key));
  const { x5c } = stranger.entry as { x5c: string[] };
  await expect(one.verify(await fake.sign(stranger, {}, { x5c }))).rejects.toBeInstanceOf(TokenRefused);
});

describe('T42: JOSE classics', () => {
  test('T42: the public key is not taken for a shared secret', async () => {
    const token = handmade({ alg: 'HS256', kid: key.kid }, { iss: fake.issuer, exp: 4_000_000_000 }, '');
    const mac = createHmac('sha256', await exportSPKI(key.publicKey))
      .update(token.slice(0, -1))
      .digest('base64url');
    expect(await refused(token + mac)).toEqual(['header.algorithm']);
    expect(() => verifier({ algorithms: ['HS256' as never] })).toThrow(TypeError);
    expect(() => verifier({ algorithms: ['none' as never] })).toThrow(TypeError);
    expect(() => verifier({ algorithms: [] })).toThrow(TypeError);
  });

  test('T42: an algorithm outside the list of this verifier', async () => {
    expect(await refused(await fake.sign(key), { algorithms: ['ES256'] })).toEqual(['header.algorithm']);
    const second = await fakeKey('rs512', 'RS512');
    expect(await refused(await fake.sign(second))).toEqual(['header.algorithm']);
  });

  test('T42: crit and b64 are refused, not ignored', async () => {
    const claims = { iss: fake.issuer, exp: 4_000_000_000 };
    const header = { alg: 'RS256', kid: key.kid };
    expect(await refused(handmade({ ...header, crit: ['exp'], exp: 1 }, claims))).toEqual(['header.critical']);
    expect(await refused(handmade({ ...header, crit: ['b64'], b64: false }, claims))).toEqual([
      'header.critical',
      'header.critical',
    ]);
    expect(await refused(handmade({ ...header, b64: true }, claims))).toEqual(['header.critical']);
  });

  test('T42: a member named twice, in header or payload, whatever its spelling', async () => {
    const header = `{"alg":"RS256","kid":"${key.kid}"}`;
    const payload = `{"iss":"${fake.issuer}","exp":4000000000}`;
    expect(await refused(handmade(header.replace('{', '{"alg":"none",'), payload))).toEqual(['malformed']);
    expect(await refused(handmade(header, payload.replace('{', '{"ex\\u0070":1,')))).toEqual(['malformed']);
    expect(await refused(handmade(header, payload.replace('}', ',"a":[{"b":1,"b":1}]}')))).toEqual(['malformed']);
  });

  test.each([
    ['five parts, as an encrypted token has', 'e30.e30.e30.e30.e30'],
    ['two parts', 'e30.e30'],
    ['nothing', ''],
    ['padding', 'e30=.e30.AA'],
    ['the other alphabet', 'e30.e30.+/+/'],
    ['white space', 'e30.e30.AA\n'],
    ['bits set after the last byte', 'e30.e30.AB'],
    ['no JSON', 'AAAA.e30.AA'],
    ['no object', 'W10.e30.AA'],
    ['no UTF-8', `${Buffer.from('{"a":"\xff"}', 'latin1').toString('base64url')}.e30.AA`],
    ['deep nesting', handmade(`{"a":${'['.repeat(70)}${']'.repeat(70)}}`, '{}')],
    ['a number beyond all measure', handmade('{"a":1e999}', '{}')],
    ['a number without end', handmade(`{"a":${'1'.repeat(500)}}`, '{}')],
    ['a huge text', 'A'.repeat(4 * 1024 * 1024 + 1)],
  ])('T42: %s', async (_, token) => {
    expect(await refused(token)).toEqual(['malformed']);
  });

  test('T42: what is no text at all', async () => {
    expect(await refused({ token: 'x' } as never)).toEqual(['malformed']);
  });

  test('T42: hostile texts cost time in proportion to their size', async () => {
    for (const text of ['"\\'.repeat(300_000), '{"a":'.repeat(100_000), `"${'\\"'.repeat(300_000)}`]) {
      const before = performance.now();
      expect(await refused(handmade(text, '{}'))).toEqual(['malformed']);
      expect(performance.now() - before).toBeLessThan(1_500);
    }
  });

  test('T42: a type other than JWT', async () => {
    expect(await refused(await fake.sign(key, {}, { typ: 'at+jwt' }))).toEqual(['header.type']);
    expect(await refused(await fake.sign(key, {}, { typ: 5 }))).toEqual(['header.type']);
  });

  test('T42: a signature of the right key in the wrong algorithm', async () => {
    const token = await fake.sign({ ...key, alg: 'RS256' });
    const [, payload, signature] = token.split('.');
    const header = Buffer.from(JSON.stringify({ alg: 'PS256', kid: key.kid })).toString('base64url');
    expect(await refused(`${header}.${payload}.${signature}`)).toEqual(['signature']);
    expect(
      await refused(
        `${Buffer.from(JSON.stringify({ alg: 'ES256', kid: key.kid })).toString('base64url')}.${payload}.${signature}`,
      ),
    ).toEqual(['header.key-id']);
  });
});

describe('what a service issues is read whole', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 'deep' : [nested(depth - 1)]);

  test('bound data that nests as deep as a service lets it', async () => {
    const token = await fake.sign(key, { 'x-ms-runtime': { a: nested(31) } });
    expect((await verifier().verify(token)).claims['x-ms-runtime']).toEqual({ a: nested(31) });
    await expect(verifier().verify(await fake.sign(key, { a: nested(39) }))).resolves.toBeDefined();
    expect(await refused(await fake.sign(key, { a: nested(40) }))).toEqual(['malformed']);
  });

  test('tokens of a few megabytes, whatever is in them', async () => {
    const claims = { a: '\n'.repeat(700_000), b: 'b'.repeat(1_500_000) };
    expect((await verifier().verify(await fake.sign(key, claims))).claims).toMatchObject(claims);
  });

  test('integers that a double cannot hold, exactly as they were signed', async () => {
    const claims = await verifier()
      .verify(await signedText(`"a":[12345678901234567890,-9007199254740993],"b":9007199254740991,"c":1.5e3,"d":"1"`))
      .then((verified) => verified.claims);
    expect(claims).toMatchObject({
      a: [12345678901234567890n, -9007199254740993n],
      b: 9007199254740991,
      c: 1500,
      d: '1',
    });
  });

  test('such integers where others are expected are problems that can be written as JSON', async () => {
    const outcome = await verifier({ expect: sgx({ mrsigner: '00'.repeat(32) }) })
      .verify(
        await signedText('"x-ms-sgx-mrsigner":12345678901234567890,"x-ms-attestation-type":[[12345678901234567890]]'),
      )
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(TokenRefused);
    expect(JSON.stringify((outcome as TokenRefused).problems)).toContain('"found":"12345678901234567890"');
    const foreign = handmade({ alg: 'RS256', kid: key.kid }, '{"iss":12345678901234567890}');
    expect(await refused(foreign)).toEqual(['claims.issuer']);
  });

  /** As the service writes it, which no object of JavaScript can say. */
  const signedText = (members: string): Promise<string> =>
    new CompactSign(utf8.encode(`{"iss":"${fake.issuer}","exp":4000000000,${members}}`))
      .setProtectedHeader({ alg: key.alg, kid: key.kid })
      .sign(key.privateKey);
  const utf8 = new TextEncoder();
});

test('an RSA key of 1024 bits is not believed', async () => {
  const { generateKeyPairSync, sign } = await import('node:crypto');
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const issuer = await fakeIssuer();
  issuer.publish.keys = { keys: [{ ...weak.publicKey.export({ format: 'jwk' }), kid: 'weak' }] };
  const unsigned = handmade({ alg: 'RS256', kid: 'weak' }, { iss: issuer.issuer, exp: 4_000_000_000 }, '').slice(0, -1);
  const signature = sign('sha256', Buffer.from(unsigned), weak.privateKey).toString('base64url');
  expect(await refused(`${unsigned}.${signature}`, { issuer: issuer.issuer })).toEqual(['header.key-id']);
  await issuer.close();
});

describe('times', () => {
  const iat = 2_000_000_000;
  const at = (seconds: number): VerifyOptions => ({ now: new Date((iat + seconds) * 1000) });
  const signed = (claims: object = {}) => fake.sign(key, { iat, nbf: iat, exp: iat + 100, ...claims });

  test('the last second and the slack after it', async () => {
    const token = await signed();
    await expect(verifier({ clockSkewSeconds: 0 }).verify(token, at(99))).resolves.toBeDefined();
    expect(await refused(token, { clockSkewSeconds: 0 }, at(100))).toEqual(['claims.expired']);
    await expect(verifier().verify(token, at(104))).resolves.toBeDefined();
    expect(await refused(token, {}, at(105))).toEqual(['claims.expired']);
  });

  test('not before its time', async () => {
    await expect(verifier().verify(await signed(), at(-5))).resolves.toBeDefined();
    expect(await refused(await signed(), {}, at(-6))).toEqual(['claims.not-yet-valid', 'claims.not-yet-valid']);
    expect(await refused(await signed({ nbf: iat + 50 }), {}, at(10))).toEqual(['claims.not-yet-valid']);
  });

  test('older than this verifier accepts', async () => {
    const options = { maxTokenAgeSeconds: 60 };
    await expect(verifier(options).verify(await signed(), at(65))).resolves.toBeDefined();
    expect(await refused(await signed(), options, at(66))).toEqual(['claims.too-old']);
    expect(await refused(await signed({ iat: undefined }), options, at(10))).toEqual(['claims.too-old']);
  });

  test.each(['1999999999', null, -1, 1e300])('times that are none: %s', async (exp) => {
    expect(await refused(await signed({ exp }), {}, at(0))).toEqual(['claims.expired']);
    expect(await refused(await signed({ nbf: exp }), {}, at(0))).toEqual(['claims.not-yet-valid']);
  });

  test('no expiry', async () => {
    expect(await refused(await signed({ exp: undefined }), {}, at(0))).toEqual(['claims.expired']);
  });
});

describe('nonce', () => {
  test('must be the one expected', async () => {
    const token = await fake.sign(key, { nonce: 'n1' });
    await expect(verifier().verify(token, { nonce: 'n1' })).resolves.toBeDefined();
    expect(await refused(token, {}, { nonce: 'n2' })).toEqual(['claims.nonce']);
    expect(await refused(await fake.sign(key), {}, { nonce: 'n1' })).toEqual(['claims.nonce']);
    expect(await refused(await fake.sign(key), {}, { nonce: '' })).toEqual(['claims.nonce']);
  });
});

describe('insecure settings', () => {
  test.each([[['development-anchors']], [[]], ['x'], [false]])('refuse the token: %j', async (claim) => {
    const token = await fake.sign(key, { 'x-assay-insecure': claim });
    expect(await refused(token)).toEqual(['claims.insecure']);
  });

  test('are told where they are allowed', async () => {
    const token = await fake.sign(key, { 'x-assay-insecure': ['development-anchors', 'pinned-time'] });
    const { insecure } = await verifier({ allowInsecure: true }).verify(token);
    expect(insecure).toEqual(['development-anchors', 'pinned-time']);
  });
});

test('everything that is wrong is told at once', async () => {
  const token = await fake.sign(key, { exp: 5, 'x-assay-insecure': ['a'] });
  const expectation = { problems: () => [{ code: 'mine', message: 'no', expected: 1, found: 2 }] };
  const codes = await refused(token, { expect: expectation }, { nonce: 'n', expect: [expectation] });
  expect(codes).toEqual(['claims.expired', 'claims.nonce', 'claims.insecure', 'mine', 'mine']);
});

test('every one-character change of a token is refused', async () => {
  const token = await fake.sign(key);
  const one = verifier();
  for (let i = 0; i < token.length; i += 7) {
    const other = token[i] === 'A' ? 'B' : 'A';
    await expect(one.verify(token.slice(0, i) + other + token.slice(i + 1))).rejects.toBeInstanceOf(TokenRefused);
  }
});

test('arguments that make no sense', async () => {
  await expect(verifier().verify(await fake.sign(key), { now: new Date('x') })).rejects.toBeInstanceOf(TypeError);
  expect(() => verifier({ maxTokenAgeSeconds: Number.NaN })).toThrow(TypeError);
  expect(() => tokenVerifier({ issuer: fake.issuer })).toThrow(/https/);
  expect(() => tokenVerifier({ issuer: 'attest.example' })).toThrow(TypeError);
  expect(() => tokenVerifier({ issuer: 'https://a', ca: 'x', fetch: (() => {}) as never })).toThrow(TypeError);
  expect(() => verifier({ clockSkewSeconds: Number.NaN })).toThrow(TypeError);
  expect(() => verifier({ clockSkewSeconds: 3600 })).toThrow(TypeError);
});
