import { constants, createDecipheriv, privateDecrypt } from 'node:crypto';
import { expect, test } from 'vitest';
import { type Bytes, concat, decode, hex, rest, sized, struct, u16be, utf8 } from '../../bytes/index.ts';
import { agree, ecPublicKey, generateKey, hmac, type PrivateKey } from '../../crypto/index.ts';
import { algorithm } from './algorithms.ts';
import { kdfa, kdfe, makeCredential } from './credential.ts';
import type { EccPublic, RsaPublic } from './public.ts';

const head = { nameAlg: algorithm.sha256, attributes: 0x0003_00b2, authPolicy: new Uint8Array(32) };
const aes = { algorithm: algorithm.aes, keyBits: 128, mode: algorithm.cfb } as const;
const noScheme = { algorithm: algorithm.none, hash: undefined, more: undefined };
const rsa = generateKey('RSA-2048');
const rsaEk: RsaPublic = {
  type: algorithm.rsa,
  ...head,
  symmetric: aes,
  scheme: noScheme,
  keyBits: 2048,
  exponent: 0,
  modulus: rsa.public.spki.subarray(-261, -5),
};
const curves = [
  ['P-256', 3, 32],
  ['P-384', 4, 48],
  ['P-521', 5, 66],
] as const;
const name = concat(Uint8Array.of(0, 11), new Uint8Array(32).fill(9));
const secret = new Uint8Array(32).fill(7);
const random = (bytes: number): Bytes => crypto.getRandomValues(new Uint8Array(bytes));

const b2 = sized(u16be, rest);
const Blob = sized(u16be, struct({ mac: b2, identity: rest }));

/** What the TPM does with it: the credential, if the keys and the name are the right ones. */
function activate(seed: Bytes, blob: Bytes, forName: Bytes): Bytes | undefined {
  const none = new Uint8Array(0);
  const { mac, identity } = decode(Blob, blob);
  const macKey = kdfa('sha256', seed, 'INTEGRITY', none, none, 256);
  if (hex(hmac('sha256', macKey, identity, forName)) !== hex(mac)) return undefined;
  const decipher = createDecipheriv(
    'aes-128-cfb',
    kdfa('sha256', seed, 'STORAGE', forName, none, 128),
    new Uint8Array(16),
  );
  return decode(b2, concat(decipher.update(identity), decipher.final()));
}
function rsaSeed(encrypted: Bytes): Bytes {
  const how = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: utf8('IDENTITY\0') };
  return new Uint8Array(privateDecrypt({ key: rsa.handle, ...how }, decode(b2, encrypted)));
}

test('the holder of an RSA endorsement key opens it, for the attestation key that it names', () => {
  const made = makeCredential(rsaEk, name, secret, random);
  const seed = rsaSeed(made.secret);
  expect(activate(seed, made.blob, name)).toEqual(secret);
  expect(activate(seed, made.blob, concat(name.subarray(0, -1), Uint8Array.of(1)))).toBeUndefined();
  expect(hex(makeCredential(rsaEk, name, secret, random).blob)).not.toBe(hex(made.blob));
});

test.each(curves)('so does the holder of one on %s', (curve, number, width) => {
  const key: PrivateKey = generateKey(curve);
  const [x, y] = [key.public.spki.subarray(-2 * width, -width), key.public.spki.subarray(-width)];
  const ek: EccPublic = {
    type: algorithm.ecc,
    ...head,
    symmetric: aes,
    scheme: noScheme,
    curve: number,
    kdf: noScheme,
    x,
    y,
  };
  const made = makeCredential(ek, name, secret, random);
  const point = decode(struct({ x: b2, y: b2 }), decode(b2, made.secret));
  const z = agree(key, ecPublicKey(curve, point.x, point.y));
  expect(activate(kdfe('sha256', z, 'IDENTITY', point.x, x, 256), made.blob, name)).toEqual(secret);
});

test('keys and secrets that are not fit for it', () => {
  expect(() => makeCredential({ ...rsaEk, nameAlg: algorithm.sm3 }, name, secret, random)).toThrow('is sm3_256');
  const plain = { algorithm: algorithm.none, keyBits: undefined, mode: undefined } as const;
  expect(() => makeCredential({ ...rsaEk, symmetric: plain }, name, secret, random)).toThrow('is not AES in CFB mode');
  expect(() => makeCredential(rsaEk, name, new Uint8Array(33), random)).toThrow('does not fit');
  expect(() => makeCredential(rsaEk, new Uint8Array(67), secret, random)).toThrow('does not fit');
});

test('T25: randomness that never gives a key is a defect, not a loop', () => {
  const key = generateKey('P-256').public.spki;
  const ek: EccPublic = {
    type: algorithm.ecc,
    ...head,
    symmetric: aes,
    scheme: noScheme,
    curve: 3,
    kdf: noScheme,
    x: key.subarray(-64, -32),
    y: key.subarray(-32),
  };
  expect(() => makeCredential(ek, name, secret, (bytes) => new Uint8Array(bytes).fill(0xff))).toThrow(
    'no key in 64 tries',
  );
});
