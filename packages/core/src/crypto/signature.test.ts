import { constants, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { integerBytes, readDer, write } from '../asn1/index.ts';
import { concat, utf8 } from '../bytes/index.ts';
import { AttestError } from '../errors.ts';
import { generateKey, type PrivateKey } from './private.ts';
import { type Scheme, signData, verifySignature } from './signature.ts';

const keys = {
  p256: generateKey('P-256'),
  p384: generateKey('P-384'),
  p521: generateKey('P-521'),
  rsa: generateKey('RSA-2048'),
  ed: generateKey('Ed25519'),
};
const data = utf8('what is signed');
const pairs: readonly (readonly [Scheme, PrivateKey])[] = [
  ...(['sha256', 'sha384', 'sha512'] as const).flatMap((hash): (readonly [Scheme, PrivateKey])[] => [
    [`ecdsa-${hash}`, keys.p256],
    [`ecdsa-${hash}-raw`, keys.p256],
    [`ecdsa-${hash}`, keys.p384],
    [`ecdsa-${hash}-raw`, keys.p521],
    [`rsa-pkcs1-${hash}`, keys.rsa],
    [`rsa-pss-${hash}`, keys.rsa],
  ]),
  ['rsa-pkcs1-sha1', keys.rsa],
  ['ed25519', keys.ed],
];

test.each(pairs)('%s: what was signed verifies, and nothing else does', (scheme, key) => {
  const signature = signData(scheme, key, data);
  expect(verifySignature(scheme, key.public, data, signature)).toBe(true);
  expect(verifySignature(scheme, key.public, utf8('what is Signed'), signature)).toBe(false);
  for (const [other] of pairs)
    if (other !== scheme) expect(verifySignature(other, key.public, data, signature)).toBe(false);
  for (const other of Object.values(keys))
    if (other !== key) expect(verifySignature(scheme, other.public, data, signature)).toBe(false);
  const changed = [
    new Uint8Array(0),
    signature.subarray(1),
    signature.subarray(0, -1),
    concat(signature, Uint8Array.of(0)),
    new Uint8Array(signature.length),
  ];
  for (const wrong of changed) expect(verifySignature(scheme, key.public, data, wrong)).toBe(false);
  for (let at = 0; at < signature.length; at++) {
    const flipped = Uint8Array.from(signature);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    expect(verifySignature(scheme, key.public, data, flipped)).toBe(false);
  }
});

test('raw signatures are as wide as the curve', () => {
  expect([keys.p256, keys.p384, keys.p521].map((key) => signData('ecdsa-sha256-raw', key, data).length)).toEqual([
    64, 96, 132,
  ]);
});

describe('ECDSA in DER', () => {
  const raw = signData('ecdsa-sha256-raw', keys.p256, data);
  const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
  const verify = (signature: Uint8Array): boolean => verifySignature('ecdsa-sha256', keys.p256.public, data, signature);
  const half = (value: Uint8Array): Uint8Array => write.integer(value);

  test('is the same as r then s', () => {
    expect(verify(write.sequence(half(r), half(s)))).toBe(true);
    expect(integerBytes(readDer(half(r))).length).toBeLessThanOrEqual(33);
  });

  test.each([
    ['a length that is not minimal', concat(Uint8Array.of(0x30, 0x81), write.sequence(half(r), half(s)).subarray(1))],
    ['a zero too many', write.sequence(write.tlv(2, new Uint8Array(2), r), half(s))],
    ['a third number', write.sequence(half(r), half(s), write.integer(0))],
    ['one number', write.sequence(half(r))],
    ['a negative number', write.sequence(write.tlv(2, Uint8Array.of(0x80), r.subarray(1)), half(s))],
    ['a number wider than the curve', write.sequence(write.tlv(2, Uint8Array.of(1), r), half(s))],
    ['zeros', write.sequence(write.integer(0), write.integer(0))],
    ['r then s', raw],
  ])('%s is refused', (_, signature) => {
    expect(verify(signature)).toBe(false);
  });

  test('and r then s refuses DER, of any length', () => {
    expect(verifySignature('ecdsa-sha256-raw', keys.p256.public, data, write.sequence(half(r), half(s)))).toBe(false);
  });
});

test('T5: no signature bytes make verification throw', () => {
  fc.assert(
    fc.property(fc.constantFrom(...pairs), fc.uint8Array({ maxLength: 300 }), ([scheme, key], signature) => {
      expect(verifySignature(scheme, key.public, data, signature)).toBe(false);
    }),
    { numRuns: 200 },
  );
});

test('a key of another kind does not sign', () => {
  expect(() => signData('ed25519', keys.rsa, data)).toThrow(AttestError);
});

test('RSA-PSS: a salt of another length than the hash verifies where any may be, and nowhere else', () => {
  for (const saltLength of [0, 20, 150]) {
    const how = { key: keys.rsa.handle, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength };
    const signature = new Uint8Array(sign('sha256', data, how));
    expect(verifySignature('rsa-pss-sha256-any', keys.rsa.public, data, signature)).toBe(true);
    expect(verifySignature('rsa-pss-sha256-any', keys.rsa.public, utf8('other'), signature)).toBe(false);
    expect(verifySignature('rsa-pss-sha384-any', keys.rsa.public, data, signature)).toBe(false);
    expect(verifySignature('rsa-pss-sha256', keys.rsa.public, data, signature)).toBe(false);
  }
  const usual = signData('rsa-pss-sha256', keys.rsa, data);
  expect(verifySignature('rsa-pss-sha256-any', keys.rsa.public, data, usual)).toBe(true);
});
