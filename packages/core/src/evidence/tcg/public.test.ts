import { expect, test } from 'vitest';
import { write } from '../../asn1/index.ts';
import { concat, decode, encode, fromHex, hex } from '../../bytes/index.ts';
import { generateKey, sha256 } from '../../crypto/index.ts';
import { algorithm, attributeNames } from './algorithms.ts';
import { endorsementKey, nameOf, publicKeyOf } from './key.ts';
import { type EccPublic, Public, type RsaPublic, SizedPublic } from './public.ts';

const none = { algorithm: algorithm.none, hash: undefined, more: undefined };
const noCipher = { algorithm: algorithm.none, keyBits: undefined, mode: undefined } as const;
const head = { nameAlg: algorithm.sha256, attributes: 0x0005_0072, authPolicy: new Uint8Array(0) };

const rsa = generateKey('RSA-2048').public;
const rsaArea: RsaPublic = {
  type: algorithm.rsa,
  ...head,
  symmetric: noCipher,
  scheme: { algorithm: algorithm.rsaSsa, hash: algorithm.sha256, more: undefined },
  keyBits: 2048,
  exponent: 0,
  modulus: rsa.spki.subarray(-261, -5),
};
const ec = generateKey('P-256').public;
const ecArea: EccPublic = {
  type: algorithm.ecc,
  ...head,
  symmetric: noCipher,
  scheme: { algorithm: algorithm.ecdaa, hash: algorithm.sha256, more: 3 },
  curve: 3,
  kdf: none,
  x: ec.spki.subarray(-64, -32),
  y: ec.spki.subarray(-32),
};
const aes = { algorithm: algorithm.aes, keyBits: 128, mode: algorithm.cfb } as const;
const hashKey: Public = {
  type: algorithm.keyedHash,
  ...head,
  scheme: { algorithm: algorithm.xor, hash: algorithm.sha256, more: 0x22 },
  unique: new Uint8Array(32),
};
const cipherKey: Public = { type: algorithm.symCipher, ...head, symmetric: aes, unique: new Uint8Array(32) };

test.each([rsaArea, { ...rsaArea, scheme: none, symmetric: aes }, ecArea, hashKey, cipherKey])(
  'a public area of type $type there and back',
  (area) => {
    expect(decode(Public, encode(Public, area))).toEqual(area);
    expect(decode(SizedPublic, encode(SizedPublic, area))).toEqual(area);
    expect(() => decode(Public, encode(SizedPublic, area))).toThrow(/is a key of type/);
  },
);

test('what cannot be read further is refused where it stands', () => {
  expect(() => decode(Public, fromHex('0099'))).toThrow('byte 0: is a key of type 0x0099');
  expect(() => decode(Public, fromHex('00'))).toThrow('type at byte 0: need 2 bytes, 1 left');
  const reserved = encode(Public, { ...rsaArea, attributes: 0x8005_0072 });
  expect(() => decode(Public, reserved)).toThrow('attributes at byte 4: has reserved attributes set: 0x80000000');
  const scheme = encode(Public, { ...rsaArea, scheme: { ...rsaArea.scheme, algorithm: algorithm.ecdsa } });
  expect(() => decode(Public, scheme)).toThrow('scheme.algorithm at byte 12: is 24');
});

test('attributes by name', () => {
  expect(attributeNames(0x0005_0072)).toEqual([
    'fixedTpm',
    'fixedParent',
    'sensitiveDataOrigin',
    'userWithAuth',
    'restricted',
    'sign',
  ]);
});

test('the key in an area is the key', () => {
  expect(hex(publicKeyOf(rsaArea).spki)).toBe(hex(rsa.spki));
  expect(hex(publicKeyOf({ ...rsaArea, exponent: 65537 }).spki)).toBe(hex(rsa.spki));
  expect(hex(publicKeyOf(ecArea).spki)).toBe(hex(ec.spki));
});

test('T23: coordinates with leading zeros, stripped or not, on every curve', () => {
  const curves = [
    ['P-256', 3, 32],
    ['P-384', 4, 48],
    ['P-521', 5, 66],
  ] as const;
  for (const [curve, number, width] of curves) {
    let spki = generateKey(curve).public.spki;
    // A fourth of the keys on P-521 and every 128th on the others have one.
    while (spki.at(-2 * width) !== 0 && spki.at(-width) !== 0) spki = generateKey(curve).public.spki;
    const strip = (value: Uint8Array): Uint8Array => value.subarray(value.findIndex((byte) => byte !== 0));
    const [x, y] = [spki.subarray(-2 * width, -width), spki.subarray(-width)];
    const area = { ...ecArea, curve: number, x, y };
    expect(hex(publicKeyOf(area).spki)).toBe(hex(spki));
    expect(hex(publicKeyOf({ ...area, x: strip(x), y: strip(y) }).spki)).toBe(hex(spki));
    const long = { ...area, x: concat(new Uint8Array(width + 1 - x.length), x) };
    expect(() => publicKeyOf(long)).toThrow(`x at byte 0: is ${width + 1} bytes, at most ${width}`);
  }
});

test('keys that are not accepted', () => {
  expect(() => publicKeyOf({ ...ecArea, curve: 2 })).toThrow('curve: is 2, expected P-256 (3)');
  expect(() => publicKeyOf({ ...ecArea, curve: 0x10 })).toThrow('curve: is 16');
  expect(() => publicKeyOf({ ...ecArea, x: new Uint8Array(32).fill(1) })).toThrow('not on the curve');
  expect(() => publicKeyOf({ ...rsaArea, keyBits: 3072 })).toThrow('modulus: is 2048 bits, expected 3072');
  const short = { ...rsaArea, keyBits: 1024, modulus: rsaArea.modulus.subarray(0, 128).fill(0xff, 127) };
  expect(() => publicKeyOf(short)).toThrow('has 1024 bits');
  expect(() => publicKeyOf(hashKey)).toThrow('is keyedHash, expected rsa or ecc');
});

test('a name is the hash of the area behind the number of the hash', () => {
  const area = encode(Public, ecArea);
  expect(hex(nameOf(area))).toBe(`000b${hex(sha256(area))}`);
  expect(() => nameOf(encode(Public, { ...ecArea, nameAlg: algorithm.none }))).toThrow('nameAlg at byte 2: is none');
  expect(() => nameOf(encode(Public, { ...ecArea, nameAlg: algorithm.sm3 }))).toThrow('is sm3_256');
});

test('an endorsement certificate may call its RSA key one for OAEP alone', () => {
  const key = write.bitString(write.sequence(write.integer(rsaArea.modulus), write.integer(65537)));
  const oaep = write.sequence(write.sequence(write.oid('1.2.840.113549.1.1.7'), write.sequence()), key);
  expect(hex(endorsementKey(oaep).spki)).toBe(hex(rsa.spki));
  expect(hex(endorsementKey(ec.spki).spki)).toBe(hex(ec.spki));
  const other = write.sequence(write.sequence(write.oid('1.2.840.113549.1.1.10')), key);
  expect(() => endorsementKey(other)).toThrow('is a key of kind 1.2.840.113549.1.1.10');
});
