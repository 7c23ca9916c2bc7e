import { CompactSign, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { challengeHolder, type HolderChallenge, proveHolder } from './holder.ts';
import { TokenRefused } from './problem.ts';
import type { Verified } from './verifier.ts';

const audience = 'https://relying-party.example';
const now = new Date('2026-05-01T12:00:00Z');

async function holder(alg: string, modulusLength = 2048) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength });
  const jwk = await exportJWK(publicKey);
  const verified: Verified = { claims: { cnf: { jwk } }, header: {}, insecure: [], holder: 'unproven' };
  const challenge = challengeHolder(verified, { audience, now });
  const proof = (payload: object = {}, header: Record<string, unknown> = {}): Promise<string> =>
    new CompactSign(Buffer.from(JSON.stringify({ nonce: challenge.nonce, aud: audience, ...payload })))
      .setProtectedHeader({ alg, typ: 'holder+jwt', ...header })
      .sign(privateKey);
  return { verified, challenge, proof };
}

async function codes(attempt: Promise<unknown> | (() => unknown)): Promise<readonly string[]> {
  const error = await Promise.resolve()
    .then(typeof attempt === 'function' ? attempt : () => attempt)
    .then(
      () => expect.fail('it was accepted'),
      (thrown: unknown) => thrown,
    );
  if (error instanceof TokenRefused) return error.problems.map(({ code }) => code);
  throw error;
}

describe.each(['PS256', 'ES256', 'ES384'])('a key for %s', (alg) => {
  test('proves its holder by what it signs, and what was verified stays as it is', async () => {
    const { verified, challenge, proof } = await holder(alg);
    expect(await proveHolder(verified, challenge, await proof(), { now })).toEqual({ ...verified, holder: 'proven' });
    expect(verified.holder).toBe('unproven');
  });

  test('another key proves nothing', async () => {
    const { verified, challenge } = await holder(alg);
    const stranger = await holder(alg);
    const proof = await stranger.proof({ nonce: challenge.nonce });
    expect(await codes(proveHolder(verified, challenge, proof, { now }))).toEqual(['holder.signature']);
  });
});

describe('a proof is refused', () => {
  test.each<[string, object, Record<string, unknown>]>([
    ['holder.type', {}, { typ: 'attReqV2' }],
    ['holder.type', {}, { typ: undefined }],
    ['holder.nonce', { nonce: 'another' }, {}],
    ['holder.nonce', { nonce: undefined }, {}],
    ['holder.nonce', { nonce: ['x'] }, {}],
    ['holder.audience', { aud: 'https://elsewhere.example' }, {}],
    ['holder.audience', { aud: [audience] }, {}],
    ['holder.critical', {}, { b64: true }],
  ])('%s for payload %j and header %j', async (code, payload, header) => {
    const { verified, challenge, proof } = await holder('ES256');
    expect(await codes(proveHolder(verified, challenge, await proof(payload, header), { now }))).toEqual([code]);
  });

  test('for everything that is wrong at once, and before its signature is looked at', async () => {
    const { verified, challenge, proof } = await holder('ES256');
    const late = { now: new Date(challenge.until) };
    const wrong = await proof({ nonce: 'a', aud: 'b' }, { typ: 'c' });
    expect(await codes(proveHolder(verified, challenge, wrong, late))).toEqual([
      'holder.type',
      'holder.nonce',
      'holder.audience',
      'holder.expired',
    ]);
  });

  test('in the first moment after its time, and not in the last one before', async () => {
    const { verified, challenge, proof } = await holder('ES256');
    expect(challenge.until).toBe(now.getTime() + 60_000);
    const before = { now: new Date(challenge.until - 1) };
    await expect(proveHolder(verified, challenge, await proof(), before)).resolves.toBeDefined();
    expect(await codes(proveHolder(verified, challenge, await proof(), { now: new Date(challenge.until) }))).toEqual([
      'holder.expired',
    ]);
    const never = { ...challenge, until: Number.NaN };
    expect(await codes(proveHolder(verified, never, await proof(), { now }))).toEqual(['holder.expired']);
    const nowhere = { now: new Date('x') };
    await expect(proveHolder(verified, challenge, await proof(), nowhere)).rejects.toBeInstanceOf(TypeError);
  });

  test('T42: unsigned, signed by a shared secret, or by another algorithm of the key', async () => {
    const { verified, challenge, proof } = await holder('PS256');
    const [, payload, signature] = (await proof()).split('.');
    for (const alg of ['none', 'HS256', 'RS256', 'PS384']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'holder+jwt' })).toString('base64url');
      const forged = `${header}.${payload}.${alg === 'none' ? '' : signature}`;
      expect(await codes(proveHolder(verified, challenge, forged, { now }))).toEqual(['holder.algorithm']);
    }
  });

  test.each([
    ['nothing', '', 'malformed'],
    ['no text', 7 as never, 'holder.proof'],
    ['a huge text', 'A'.repeat(16_385), 'holder.proof'],
    ['two parts', 'e30.e30', 'malformed'],
    ['a member twice', `${Buffer.from('{"alg":"ES256","alg":"ES256"}').toString('base64url')}.e30.AA`, 'malformed'],
  ])('when it is %s', async (_, proof, code) => {
    const { verified, challenge } = await holder('ES256');
    expect(await codes(proveHolder(verified, challenge, proof, { now }))).toEqual([code]);
  });

  test('after every change of one character', async () => {
    const { verified, challenge, proof } = await holder('ES256');
    const text = await proof();
    for (let i = 0; i < text.length; i += 5) {
      const changed = `${text.slice(0, i)}${text[i] === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`;
      await expect(proveHolder(verified, challenge, changed, { now })).rejects.toBeInstanceOf(TokenRefused);
    }
  });
});

describe('keys', () => {
  const withKey = (jwk: unknown): Verified => ({ claims: { cnf: { jwk } }, header: {}, insecure: [] });
  const challenge: HolderChallenge = { nonce: 'n', audience, until: now.getTime() + 1 };

  test('a token that is for none has no holder to ask', async () => {
    expect(await codes(() => challengeHolder(withKey(undefined), { audience }))).toEqual(['holder.key']);
    expect(await codes(proveHolder(withKey('x'), challenge, 'e30.e30.AA', { now }))).toEqual(['holder.key']);
  });

  test.each([
    ['a shared secret', { kty: 'oct', k: 'AA' }],
    ['a curve that is not taken', { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA' }],
    ['no kind', {}],
  ])('%s proves nothing', async (_, jwk) => {
    expect(await codes(proveHolder(withKey(jwk), challenge, 'e30.e30.AA', { now }))).toEqual(['holder.key']);
  });

  test('an RSA key of 1024 bits proves nothing, nor one that does not read', async () => {
    const { generateKeyPairSync, sign, constants } = await import('node:crypto');
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${part({ alg: 'PS256', typ: 'holder+jwt' })}.${part({ nonce: 'n', aud: audience })}`;
    const how = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const proof = `${input}.${sign('sha256', Buffer.from(input), how).toString('base64url')}`;
    for (const jwk of [publicKey.export({ format: 'jwk' }), { kty: 'RSA', n: 'AQAB' }])
      expect(await codes(proveHolder(withKey(jwk), challenge, proof, { now }))).toEqual(['holder.signature']);
  });
});

describe('a challenge', () => {
  const verified: Verified = { claims: { cnf: { jwk: { kty: 'EC' } } }, header: {}, insecure: [] };

  test('T25: is another one each time, and long enough', () => {
    const nonces = new Set(Array.from({ length: 1000 }, () => challengeHolder(verified, { audience }).nonce));
    expect(nonces.size).toBe(1000);
    for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('is plain data', () => {
    const challenge = challengeHolder(verified, { audience });
    expect(JSON.parse(JSON.stringify(challenge))).toEqual(challenge);
  });

  test.each([
    { audience: '' },
    { audience, lifetimeSeconds: 0 },
    { audience, lifetimeSeconds: Number.NaN },
    { audience, lifetimeSeconds: 3601 },
    { audience, now: new Date('x') },
  ])('with options that make no sense: %j', (options) => {
    expect(() => challengeHolder(verified, options)).toThrow(TypeError);
  });
});
