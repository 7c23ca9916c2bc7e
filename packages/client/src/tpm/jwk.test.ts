import { generateKeyPairSync, verify } from 'node:crypto';
import { type Bytes, base64url, utf8 } from '@assay/core/bytes';
import { algorithm, type EccPublic, type Public, type RsaPublic } from '@assay/core/tcg';
import { describe, expect, test } from 'vitest';
import { jwkOf, jwsSignature, requestAlgorithm, softwareKey } from './jwk.ts';
import { attestationTemplate, ekTemplates, requestTemplate } from './templates.ts';

const rsa = (exponent: number): Public => ({
  ...(requestTemplate('RSA') as RsaPublic),
  exponent,
  modulus: new Uint8Array(256).fill(0xab),
});
const point = (curve: number, x: Bytes, y: Bytes): Public => ({
  ...(requestTemplate('P-256') as EccPublic),
  curve,
  x,
  y,
});

describe('a key of a TPM as JWK', () => {
  test.each([
    [0, 'AQAB'],
    [65537, 'AQAB'],
    [3, 'Aw'],
    [0x8000_0001, 'gAAAAQ'],
  ])('RSA with the exponent %i', (exponent, e) => {
    expect(JSON.stringify(jwkOf(rsa(exponent)))).toBe(
      `{"kty":"RSA","n":"${base64url(new Uint8Array(256).fill(0xab))}","e":"${e}"}`,
    );
  });

  test.each([
    [3, 'P-256', 32],
    [4, 'P-384', 48],
    [5, 'P-521', 66],
  ])('coordinates on curve %i whose leading zeros are gone, or not', (curve, crv, size) => {
    const whole = new Uint8Array(size).fill(7, 1);
    const expected = { kty: 'EC', crv, x: base64url(whole), y: base64url(whole) };
    expect(jwkOf(point(curve, whole, whole))).toEqual(expected);
    expect(jwkOf(point(curve, whole.subarray(1), whole.subarray(1)))).toEqual(expected);
  });

  test('other curves and kinds have none', () => {
    expect(() => jwkOf(point(0x10, new Uint8Array(32), new Uint8Array(32)))).toThrow(
      expect.objectContaining({ reason: 'Unfit' }),
    );
  });
});

test('signatures of TPMs as JWS has them', () => {
  const [r, s] = [new Uint8Array(31).fill(1), new Uint8Array(32).fill(2)];
  const signature = jwsSignature({ scheme: algorithm.ecdsa, value: { hash: algorithm.sha256, r, s } });
  expect(signature).toEqual(Uint8Array.from([0, ...r, ...s]));
  const value = { hash: algorithm.sha256, signature: r };
  expect(jwsSignature({ scheme: algorithm.rsaPss, value })).toBe(r);
});

test('keys that sign requests, and keys that do not', () => {
  expect([requestTemplate('RSA'), requestTemplate('P-256')].map(requestAlgorithm)).toEqual(['PS256', 'ES256']);
  const others = [
    attestationTemplate({ type: 'RSA' }),
    attestationTemplate({ type: 'P-384' }),
    attestationTemplate({ type: 'RSA', padding: 'PSS', hash: 'sha384' }),
    attestationTemplate({ type: 'P-256', hash: 'sha384' }),
    ...ekTemplates().map(({ area }) => area),
  ];
  for (const area of others) expect(() => requestAlgorithm(area)).toThrow(expect.objectContaining({ reason: 'Unfit' }));
});

describe('a key in software', () => {
  test('has its public part as JWK, and signs', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = softwareKey(privateKey);
    expect(key).toMatchObject({ alg: 'ES256', jwk: publicKey.export({ format: 'jwk' }) });
    expect(Object.keys(key.jwk)).toEqual(['kty', 'crv', 'x', 'y']);
    const [input, how] = [utf8('x'), { key: publicKey, dsaEncoding: 'ieee-p1363' } as const];
    expect(verify('sha256', input, how, await key.sign(input))).toBe(true);
  });

  test.each([
    ['a short RSA key', generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey],
    ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
    ['a public key', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
  ])('%s is refused', (_, key) => {
    expect(() => softwareKey(key)).toThrow(TypeError);
  });
});
