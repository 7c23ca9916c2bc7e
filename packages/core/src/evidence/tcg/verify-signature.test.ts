import { constants, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { concat, decode, encode, utf8 } from '../../bytes/index.ts';
import { generateKey, type PrivateKey } from '../../crypto/index.ts';
import { algorithm, type Bank, hashes } from './algorithms.ts';
import type { Public } from './public.ts';
import { bankId } from './replay.ts';
import { Signature } from './signature.ts';
import { schemeProblem, signatureProblem } from './verify-signature.ts';

const data = utf8('what a TPM signed');
const rsa = generateKey('RSA-2048');
const [p256, p384, p521] = [generateKey('P-256'), generateKey('P-384'), generateKey('P-521')];
const banks: readonly Bank[] = ['sha1', 'sha256', 'sha384', 'sha512'];

function rsaSignature(scheme: number, bank: Bank, how: object): Signature {
  const signature = new Uint8Array(sign(bank, data, { key: rsa.handle, ...how }));
  return { scheme, value: { hash: bankId(bank), signature } };
}
const ssa = (bank: Bank): Signature => rsaSignature(algorithm.rsaSsa, bank, {});
const pss = (bank: Bank, saltLength: number): Signature =>
  rsaSignature(algorithm.rsaPss, bank, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

function ecdsa(bank: Bank, key: PrivateKey): Signature {
  const both = new Uint8Array(sign(bank, data, { key: key.handle, dsaEncoding: 'ieee-p1363' }));
  const half = both.length / 2;
  return { scheme: algorithm.ecdsa, value: { hash: bankId(bank), r: both.subarray(0, half), s: both.subarray(half) } };
}

describe('what verifies', () => {
  test.each(banks)('RSASSA with %s', (bank) => {
    expect(signatureProblem(ssa(bank), rsa.public, data)).toBeUndefined();
    expect(signatureProblem(ssa(bank), rsa.public, utf8('other'))).toBe('does not verify');
  });
  test.each(['sha256', 'sha384', 'sha512'] as const)('RSAPSS with %s and a salt of any length', (bank) => {
    for (const salt of [0, 20, hashes.get(bankId(bank))?.size ?? 0, 150]) {
      expect(signatureProblem(pss(bank, salt), rsa.public, data), `${salt}`).toBeUndefined();
      expect(signatureProblem(pss(bank, salt), rsa.public, utf8('other'))).toBe('does not verify');
    }
  });
  test.each(
    [p256, p384, p521].flatMap((key) =>
      (['sha256', 'sha384', 'sha512'] as const).map((bank) => [key.public.bits, bank, key] as const),
    ),
  )('ECDSA on %i bits with %s', (_bits, bank, key) => {
    expect(signatureProblem(ecdsa(bank, key), key.public, data)).toBeUndefined();
    expect(signatureProblem(ecdsa(bank, key), key.public, utf8('other'))).toBe('does not verify');
  });
});

test('T23: halves with leading zeros, stripped or not, on every curve; longer than the curve they are refused', () => {
  for (const key of [p256, p384, p521]) {
    let made = ecdsa('sha256', key);
    const halves = (): { hash: number; r: Uint8Array; s: Uint8Array } => {
      if (!('r' in made.value)) expect.fail('no halves');
      return made.value;
    };
    while (halves().r[0] !== 0 && halves().s[0] !== 0) made = ecdsa('sha256', key);
    const { hash, r, s } = halves();
    const strip = (half: Uint8Array): Uint8Array => half.subarray(half.findIndex((byte) => byte !== 0));
    const stripped = { scheme: algorithm.ecdsa, value: { hash, r: strip(r), s: strip(s) } };
    expect(signatureProblem(made, key.public, data)).toBeUndefined();
    expect(signatureProblem(stripped, key.public, data)).toBeUndefined();
    const long = { scheme: algorithm.ecdsa, value: { hash, r: concat(Uint8Array.of(0), r), s } };
    expect(signatureProblem(long, key.public, data)).toBe(
      `signature.r at byte 0: is ${r.length + 1} bytes, at most ${r.length}`,
    );
  }
});

describe('what does not', () => {
  test('a signature by a key of another kind', () => {
    expect(signatureProblem(ecdsa('sha256', p256), rsa.public, data)).toBe(
      'is of the scheme ecdsa, and the key is RSA',
    );
    expect(signatureProblem(ssa('sha256'), p256.public, data)).toBe('is of the scheme rsaSsa, and the key is EC');
    expect(signatureProblem(ecdsa('sha256', p256), p384.public, data)).toBe('does not verify');
  });
  test('schemes and hashes that are not accepted', () => {
    const { value } = ecdsa('sha256', p256);
    for (const [scheme, hash, problem] of [
      [algorithm.sm2, algorithm.sha256, 'is of the scheme sm2 with sha256, which is not accepted'],
      [algorithm.ecdsa, algorithm.sha1, 'is of the scheme ecdsa with sha1, which is not accepted'],
      [algorithm.ecdsa, algorithm.sm3, 'is of the scheme ecdsa with sm3_256, which is not accepted'],
    ] as const)
      expect(signatureProblem({ scheme, value: { ...value, hash } }, p256.public, data)).toBe(problem);
    const weak = { ...pss('sha256', 32), value: { ...ssa('sha256').value, hash: algorithm.sha1 } };
    expect(signatureProblem(weak, rsa.public, data)).toContain('rsaPss with sha1, which is not accepted');
  });
  test('RSA signatures of another length', () => {
    const { scheme, value } = ssa('sha256');
    if (!('signature' in value)) expect.fail('no RSA signature');
    for (const signature of [value.signature.subarray(1), concat(Uint8Array.of(0), value.signature), new Uint8Array(0)])
      expect(signatureProblem({ scheme, value: { ...value, signature } }, rsa.public, data)).toBe('does not verify');
  });
  test('HMACs and «none» are not even read', () => {
    expect(() => decode(Signature, Uint8Array.of(0, 5, 0, 11))).toThrow('scheme 5 is not known');
    expect(() => decode(Signature, Uint8Array.of(0, 0x10))).toThrow('scheme 16 is not known');
    expect(decode(Signature, encode(Signature, ssa('sha256')))).toEqual(ssa('sha256'));
  });
});

test('a key that is fixed to a scheme signs by no other', () => {
  const area = (scheme: number, hash: number | undefined): Public => ({
    type: algorithm.rsa,
    nameAlg: algorithm.sha256,
    attributes: 0,
    authPolicy: new Uint8Array(0),
    symmetric: { algorithm: algorithm.none, keyBits: undefined, mode: undefined },
    scheme: { algorithm: scheme, hash, more: undefined },
    keyBits: 2048,
    exponent: 0,
    modulus: new Uint8Array(256),
  });
  expect(schemeProblem(ssa('sha256'), area(algorithm.rsaSsa, algorithm.sha256))).toBeUndefined();
  expect(schemeProblem(ssa('sha256'), area(algorithm.none, undefined))).toBeUndefined();
  expect(schemeProblem(ssa('sha1'), area(algorithm.rsaSsa, algorithm.sha256))).toBe(
    'is rsaSsa with sha1, and the key signs rsaSsa with sha256 only',
  );
  const hashKey: Public = {
    type: algorithm.keyedHash,
    nameAlg: 11,
    attributes: 0,
    authPolicy: new Uint8Array(0),
    scheme: { algorithm: algorithm.none, hash: undefined, more: undefined },
    unique: new Uint8Array(0),
  };
  expect(schemeProblem(ssa('sha256'), hashKey)).toBe('is by an object that is no asymmetric key');
});
