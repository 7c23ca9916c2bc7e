import { describe, expect, test } from 'vitest';
import { readDer, write } from '../asn1/index.ts';
import type { Bytes } from '../bytes/index.ts';
import type { Scheme } from '../crypto/index.ts';
import { encodeAlgorithm, signatureAlgorithm } from './algorithm.ts';

const read = (...parts: Bytes[]) => signatureAlgorithm(readDer(write.sequence(...parts)));
const [ecdsa, rsa, ed25519] = ['1.2.840.10045.4.3.2', '1.2.840.113549.1.1.11', '1.3.101.112'].map(write.oid) as [
  Bytes,
  Bytes,
  Bytes,
];
const [pss, mgf1] = ['1.2.840.113549.1.1.10', '1.2.840.113549.1.1.8'].map(write.oid) as [Bytes, Bytes];
const sha = (bits: number, ...parameters: Bytes[]): Bytes =>
  write.sequence(write.oid(`2.16.840.1.101.3.4.2.${{ 256: 1, 384: 2, 512: 3 }[bits]}`), ...parameters);
const hash = (inner: Bytes): Bytes => write.explicit(0, inner);
const mask = (inner: Bytes, generator = mgf1): Bytes => write.explicit(1, write.sequence(generator, inner));
const salt = (length: number): Bytes => write.explicit(2, write.integer(length));
const trailer = (number: number): Bytes => write.explicit(3, write.integer(number));

test('what is written is read back', () => {
  const schemes: readonly Scheme[] = [
    ...(['sha256', 'sha384', 'sha512'] as const).flatMap(
      (name) => [`ecdsa-${name}`, `rsa-pkcs1-${name}`, `rsa-pss-${name}`] as const,
    ),
    'ed25519',
  ];
  for (const scheme of schemes)
    expect(signatureAlgorithm(readDer(encodeAlgorithm(scheme) ?? new Uint8Array())).scheme).toBe(scheme);
  expect(encodeAlgorithm('ecdsa-sha256-raw')).toBeUndefined();
});

test('NULL may stand or be left out, and nothing else', () => {
  expect([read(ecdsa), read(ecdsa, write.nothing())].map(({ scheme }) => scheme)).toEqual([
    'ecdsa-sha256',
    'ecdsa-sha256',
  ]);
  expect([read(rsa), read(rsa, write.nothing())].map(({ scheme }) => scheme)).toEqual([
    'rsa-pkcs1-sha256',
    'rsa-pkcs1-sha256',
  ]);
  for (const algorithm of [ecdsa, rsa, ed25519]) {
    expect(() => read(algorithm, write.integer(1))).toThrow('is INTEGER, expected NULL');
    expect(() => read(algorithm, write.nothing(), write.nothing())).toThrow('left over');
  }
});

test('an algorithm that is not known has no scheme, whatever its parameters', () => {
  const sha1 = write.oid('1.2.840.113549.1.1.5');
  expect(read(sha1, write.nothing())).toEqual({ oid: '1.2.840.113549.1.1.5', scheme: undefined });
  expect(read(write.oid('1.2.3'), write.integer(1), write.integer(2))).toEqual({ oid: '1.2.3', scheme: undefined });
});

describe('RSASSA-PSS', () => {
  const scheme = (...parameters: Bytes[]): Scheme | undefined => read(pss, write.sequence(...parameters)).scheme;
  const whole = [hash(sha(384)), mask(sha(384)), salt(48)];

  test('with one hash and a salt as long as it; AMD writes the trailer in some certificates', () => {
    expect(scheme(...whole)).toBe('rsa-pss-sha384');
    expect(scheme(...whole, trailer(1))).toBe('rsa-pss-sha384');
    expect(scheme(hash(sha(256, write.nothing())), mask(sha(256)), salt(32))).toBe('rsa-pss-sha256');
  });

  test.each<[string, readonly Bytes[]]>([
    ['defaults, which are SHA-1', []],
    ['the default hash', [mask(sha(384)), salt(48)]],
    ['the default mask', [hash(sha(384)), salt(48)]],
    ['the default salt', [hash(sha(384)), mask(sha(384))]],
    ['another hash in the mask', [hash(sha(384)), mask(sha(256)), salt(48)]],
    ['another mask', [hash(sha(384)), mask(sha(384), ecdsa), salt(48)]],
    ['a shorter salt', [hash(sha(384)), mask(sha(384)), salt(32)]],
    ['no salt', [hash(sha(384)), mask(sha(384)), salt(0)]],
  ])('has no scheme with %s', (_, parameters) => {
    expect(scheme(...parameters)).toBeUndefined();
  });

  test('is refused with another trailer, or parts out of order', () => {
    expect(() => scheme(...whole, trailer(2))).toThrow('is a trailer other than 1');
    expect(() => scheme(mask(sha(384)), hash(sha(384)), salt(48))).toThrow('left over');
    expect(() => read(pss, write.sequence(...whole), write.nothing())).toThrow('left over');
    expect(read(pss).scheme).toBeUndefined();
  });
});
