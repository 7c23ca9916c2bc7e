import { constants, createDecipheriv, createPublicKey, privateDecrypt } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { concat, fromHex, hex, utf8 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { digest } from './digest.ts';
import { hmac } from './hmac.ts';
import { ecPublicKey, leftPad, rsaPublicKey } from './key.ts';
import { generateKey } from './private.ts';
import { agree, encryptCfb, wrapOaep } from './wrap.ts';

const rsa = generateKey('RSA-2048');
const seed = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

test.each(['sha1', 'sha256', 'sha384', 'sha512'] as const)('what is wrapped with %s is opened by OpenSSL', (hash) => {
  const size = digest(hash).length;
  const most = 256 - 2 * size - 2;
  for (const length of [0, 1, 16, most]) {
    const secret = seed(length);
    const wrapped = wrapOaep(rsa.public, hash, utf8('LABEL\0'), secret, seed(size));
    const how = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: hash };
    const open = (label: string) => privateDecrypt({ key: rsa.handle, ...how, oaepLabel: utf8(label) }, wrapped);
    expect(new Uint8Array(open('LABEL\0'))).toEqual(secret);
    expect(() => open('LABEL')).toThrow();
  }
  expect(() => wrapOaep(rsa.public, hash, utf8(''), seed(most + 1), seed(size))).toThrow('a secret that fits');
  expect(() => wrapOaep(rsa.public, hash, utf8(''), seed(1), seed(size - 1))).toThrow('a seed as long as the hash');
  expect(() => wrapOaep(generateKey('P-256').public, hash, utf8(''), seed(1), seed(size))).toThrow('needs an RSA key');
});

test('the same seed wraps the same', () => {
  const wrap = (): string => hex(wrapOaep(rsa.public, 'sha256', utf8('L'), utf8('secret'), new Uint8Array(32)));
  expect(wrap()).toBe(wrap());
});

test.each(['P-256', 'P-384', 'P-521'] as const)('two holders of keys on %s agree', (curve) => {
  const [one, other] = [generateKey(curve), generateKey(curve)];
  expect(agree(one, other.public)).toEqual(agree(other, one.public));
  expect(agree(one, other.public)).not.toEqual(agree(one, one.public));
  expect(agree(one, other.public).length).toBe({ 'P-256': 32, 'P-384': 48, 'P-521': 66 }[curve]);
});
test('keys of two curves, or of another kind, do not', () => {
  expect(() => agree(generateKey('P-256'), generateKey('P-384').public)).toThrow('two keys on one curve');
  expect(() => agree(rsa, rsa.public)).toThrow('two keys on one curve');
});

test('cipher feedback: NIST SP 800-38A F.3.13 from an initial value of zeros opens again', () => {
  for (const size of [16, 24, 32]) {
    const [key, plain] = [seed(size), seed(45)];
    const decipher = createDecipheriv(`aes-${size * 8}-cfb`, key, new Uint8Array(16));
    expect(new Uint8Array(concat(decipher.update(encryptCfb(key, plain)), decipher.final()))).toEqual(plain);
  }
});

test('HMAC: RFC 4231, case 2', () => {
  expect(hex(hmac('sha256', utf8('Jefe'), utf8('what do ya want '), utf8('for nothing?')))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('keys out of bare numbers', () => {
  const { n, e } = createPublicKey(rsa.handle).export({ format: 'jwk' }) as { n: string; e: string };
  const number = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64url'));
  expect(hex(rsaPublicKey(number(n), number(e)).spki)).toBe(hex(rsa.public.spki));
  expect(hex(rsaPublicKey(concat(Uint8Array.of(0), number(n)), 65537).spki)).toBe(hex(rsa.public.spki));
  expect(() => rsaPublicKey(number(n), 2)).toThrow(Malformed);
  const { spki } = generateKey('P-384').public;
  expect(hex(ecPublicKey('P-384', spki.subarray(-96, -48), spki.subarray(-48)).spki)).toBe(hex(spki));
  expect(() => ecPublicKey('P-384', spki.subarray(-96, -48), spki.subarray(-96, -48))).toThrow('not on the curve');
});

test('T23: numbers are widened to the left, and never cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 66 }), (value) => {
      const padded = leftPad(value, 66);
      expect(padded.length).toBe(66);
      expect(hex(padded)).toBe(hex(value).padStart(132, '0'));
    }),
  );
  expect(() => leftPad(fromHex('0001'), 1)).toThrow('is 2 bytes, at most 1');
});
