import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { write } from '../asn1/index.ts';
import { concat, fromHex } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { curves } from './curve.ts';
import { ecSpki, importSpki, p256Point } from './key.ts';
import { exportPkcs8, generateKey, importPkcs8, type KeyKind, privateKeyFromScalar, publicSpki } from './private.ts';

/** The generator of P-256 (SEC 2 §2.4.2): the public key of the scalar 1. */
const generator = fromHex(
  '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
);
const one = Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 1 : 0));
const rsaOid = '1.2.840.113549.1.1.1';
const rsaSpki = (modulus: Uint8Array, exponent: Uint8Array, parameters = [write.nothing()]): Uint8Array =>
  write.sequence(
    write.sequence(write.oid(rsaOid), ...parameters),
    write.bitString(write.sequence(write.integer(modulus), write.integer(exponent))),
  );
const modulus = (bits: number): Uint8Array => Uint8Array.from({ length: bits / 8 }, () => 0xff);
const e65537 = Uint8Array.of(1, 0, 1);

describe('importing', () => {
  test.each([
    ['P-256', 'EC', 256],
    ['P-384', 'EC', 384],
    ['P-521', 'EC', 521],
    ['RSA-2048', 'RSA', 2048],
    ['RSA-3072', 'RSA', 3072],
    ['Ed25519', 'Ed25519', 256],
  ] as const)('%s', (kind: KeyKind, name, bits) => {
    const key = importSpki(publicSpki(generateKey(kind)));
    expect([key.kind, key.bits, key.kind === 'EC' ? key.curve : undefined]).toEqual([
      name,
      bits,
      name === 'EC' ? kind : undefined,
    ]);
  });

  test('a bare point is a key', () => {
    expect(p256Point(generator).spki).toEqual(publicSpki(privateKeyFromScalar('P-256', one)));
  });

  test('a point that is not on the curve is refused', () => {
    const off = Uint8Array.from(generator);
    off[63] = (off[63] ?? 0) ^ 1;
    expect(() => p256Point(off)).toThrow(Malformed);
    expect(() => p256Point(new Uint8Array(64))).toThrow(Malformed);
    expect(() => p256Point(fromHex('ff'.repeat(64)))).toThrow(Malformed);
    expect(() => p256Point(generator.subarray(1))).toThrow('is 63 bytes, expected 64');
  });

  test('T23: leading zeros of coordinates belong to the point', () => {
    // Of 800 scalars several have a coordinate that begins with a zero byte.
    const points = Array.from({ length: 800 }, (_, i) => {
      const scalar = Uint8Array.from(one);
      scalar.set([(i >> 8) + 1, i & 0xff], 30);
      return privateKeyFromScalar('P-256', scalar).public.spki.subarray(-64);
    });
    const short = points.filter((point) => point[0] === 0 || point[32] === 0);
    expect(short.length).toBeGreaterThan(1);
    for (const point of short) expect(p256Point(point).kind).toBe('EC');
  });
});

describe('refused', () => {
  const spki = p256Point(generator).spki;
  const point = concat(Uint8Array.of(4), generator);
  const brainpool = write.sequence(
    write.sequence(write.oid('1.2.840.10045.2.1'), write.oid('1.3.36.3.3.2.8.1.1.7')),
    write.bitString(point),
  );
  const explicitParameters = new Uint8Array(
    generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey.export({
      format: 'der',
      type: 'spki',
    }),
  );
  const compressed = ecSpki('P-256', concat(Uint8Array.of(3), generator.subarray(0, 32)));

  test.each([
    ['bytes after the key', concat(spki, Uint8Array.of(0)), 'spki at byte 91: has 1 bytes left over'],
    ['another curve', brainpool, 'names the curve 1.3.36.3.3.2.8.1.1.7, expected P-256, P-384 or P-521'],
    ['a curve by its parameters', explicitParameters, 'is SEQUENCE, expected OID'],
    ['a compressed point', compressed, 'is a point of 33 bytes beginning with 3, expected 65 bytes beginning with 4'],
    ['the point at infinity', ecSpki('P-256', Uint8Array.of(0)), 'is a point of 1 bytes beginning with 0'],
    ['a point of another curve', ecSpki('P-384', point), 'is a point of 65 bytes beginning with 4, expected 97'],
    [
      'DSA',
      write.sequence(write.sequence(write.oid('1.2.840.10040.4.1')), write.bitString(Uint8Array.of(0))),
      'is a key of kind 1.2.840.10040.4.1',
    ],
    ['RSA of 1024 bits', rsaSpki(modulus(1024), e65537), 'has 1024 bits, expected 2048 to 8192'],
    ['RSA of 2047 bits', rsaSpki(concat(Uint8Array.of(0x7f), modulus(2040)), e65537), 'has 2047 bits'],
    ['T36: RSA of 16384 bits', rsaSpki(modulus(16384), e65537), 'has 16384 bits'],
    ['an even modulus', rsaSpki(concat(modulus(2040), Uint8Array.of(0xfe)), e65537), 'is even'],
    ['the exponent 1', rsaSpki(modulus(2048), Uint8Array.of(1)), 'is not an odd number above 1'],
    ['an even exponent', rsaSpki(modulus(2048), Uint8Array.of(4)), 'is not an odd number above 1'],
    ['T36: an exponent as long as the modulus', rsaSpki(modulus(2048), modulus(2048)), 'is 256 bytes long, at most 8'],
    ['RSA without NULL', rsaSpki(modulus(2048), e65537, []), 'ends where a value was expected'],
    [
      'a negative modulus',
      write.sequence(
        write.sequence(write.oid(rsaOid), write.nothing()),
        write.bitString(write.sequence(write.integer(-(2n ** 2047n) - 1n), write.integer(3))),
      ),
      'is negative',
    ],
    [
      'Ed25519 of 31 bytes',
      write.sequence(write.sequence(write.oid('1.3.101.112')), write.bitString(new Uint8Array(31))),
      'is an Ed25519 key of 31 bytes, expected 32',
    ],
    [
      'parameters of Ed25519',
      write.sequence(write.sequence(write.oid('1.3.101.112'), write.nothing()), write.bitString(new Uint8Array(32))),
      'has 2 bytes left over',
    ],
    [
      'a key that is not whole bytes',
      write.sequence(write.sequence(write.oid('1.3.101.112')), write.bitString(new Uint8Array(32), 1)),
      'not whole bytes',
    ],
  ])('%s', (_, der, message) => {
    expect(() => importSpki(der)).toThrow(Malformed);
    expect(() => importSpki(der)).toThrow(message);
  });

  test('any truncation', () => {
    for (let length = 0; length < spki.length; length++)
      expect(() => importSpki(spki.subarray(0, length))).toThrow(Malformed);
  });
});

describe('private keys', () => {
  test('come back from PKCS #8', () => {
    const key = generateKey('P-384');
    expect(publicSpki(importPkcs8(exportPkcs8(key)))).toEqual(publicSpki(key));
    expect(() => importPkcs8(publicSpki(key))).toThrow(Malformed);
    expect(() => importPkcs8(new Uint8Array(0))).toThrow(Malformed);
  });

  test('the same scalar is the same key, and only scalars of the curve are keys', () => {
    for (const curve of ['P-256', 'P-384', 'P-521'] as const) {
      const scalar = new Uint8Array({ 'P-256': 32, 'P-384': 48, 'P-521': 66 }[curve]).fill(1);
      scalar[0] = 0;
      expect(publicSpki(privateKeyFromScalar(curve, scalar))).toEqual(publicSpki(privateKeyFromScalar(curve, scalar)));
      expect(() => privateKeyFromScalar(curve, scalar.subarray(1))).toThrow(Malformed);
      expect(() => privateKeyFromScalar(curve, new Uint8Array(scalar.length))).toThrow(Malformed);
      const order = fromHex(curves[curve].order);
      expect(() => privateKeyFromScalar(curve, order)).toThrow('is not below the order of the curve');
      expect(() => privateKeyFromScalar(curve, new Uint8Array(scalar.length).fill(0xff))).toThrow(
        'is not below the order',
      );
      const last = Uint8Array.from(order);
      last[last.length - 1] = (last[last.length - 1] ?? 0) - 1;
      expect(privateKeyFromScalar(curve, last).public.bits).toBe(curves[curve].bits);
    }
  });
});
