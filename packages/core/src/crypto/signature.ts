/**
 * Signatures. A scheme is the whole of it: algorithm, hash, padding and encoding are never negotiated apart, and a key
 * of another kind verifies nothing.
 */
import { constants, type SignKeyObjectInput, sign, verify } from 'node:crypto';
import { integerBytes, readDer, tag } from '../asn1/index.ts';
import type { Bytes } from '../bytes/index.ts';
import { AttestError, Malformed } from '../errors.ts';
import { curves } from './curve.ts';
import type { PublicKey } from './key.ts';
import type { PrivateKey } from './private.ts';

type Hash = 'sha256' | 'sha384' | 'sha512';
/**
 * `ecdsa-*` is SEQUENCE { r, s } in DER, as in certificates; `ecdsa-*-raw` is r then s, each as wide as the curve, as in
 * quotes and JWS; `rsa-pss-*` has a salt as long as the hash, and MGF1 with the same hash. `rsa-pss-*-any` takes a salt
 * of any length: TPMs differ in theirs. `rsa-pkcs1-sha1` is for TPMs alone: Windows fixes it in its attestation keys.
 */
export type Scheme =
  | `ecdsa-${Hash}`
  | `ecdsa-${Hash}-raw`
  | `rsa-pkcs1-${Hash | 'sha1'}`
  | `rsa-pss-${Hash}`
  | `rsa-pss-${Hash}-any`
  | 'ed25519';

interface SchemeRow {
  readonly kind: PublicKey['kind'];
  readonly hash: Hash | 'sha1' | undefined;
  /** What Node wants to know beside the key. */
  readonly how: Omit<SignKeyObjectInput, 'key'>;
  /** ECDSA in DER. */
  readonly der?: true;
}

const raw = { dsaEncoding: 'ieee-p1363' } as const;
const pkcs1 = { padding: constants.RSA_PKCS1_PADDING };
const anySalt = constants.RSA_PSS_SALTLEN_AUTO;
const pss = (saltLength: number) => ({ padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });

const schemes: { readonly [scheme in Scheme]: SchemeRow } = {
  'ecdsa-sha256': { kind: 'EC', hash: 'sha256', how: raw, der: true },
  'ecdsa-sha384': { kind: 'EC', hash: 'sha384', how: raw, der: true },
  'ecdsa-sha512': { kind: 'EC', hash: 'sha512', how: raw, der: true },
  'ecdsa-sha256-raw': { kind: 'EC', hash: 'sha256', how: raw },
  'ecdsa-sha384-raw': { kind: 'EC', hash: 'sha384', how: raw },
  'ecdsa-sha512-raw': { kind: 'EC', hash: 'sha512', how: raw },
  'rsa-pkcs1-sha1': { kind: 'RSA', hash: 'sha1', how: pkcs1 },
  'rsa-pkcs1-sha256': { kind: 'RSA', hash: 'sha256', how: pkcs1 },
  'rsa-pkcs1-sha384': { kind: 'RSA', hash: 'sha384', how: pkcs1 },
  'rsa-pkcs1-sha512': { kind: 'RSA', hash: 'sha512', how: pkcs1 },
  'rsa-pss-sha256': { kind: 'RSA', hash: 'sha256', how: pss(32) },
  'rsa-pss-sha384': { kind: 'RSA', hash: 'sha384', how: pss(48) },
  'rsa-pss-sha512': { kind: 'RSA', hash: 'sha512', how: pss(64) },
  'rsa-pss-sha256-any': { kind: 'RSA', hash: 'sha256', how: pss(anySalt) },
  'rsa-pss-sha384-any': { kind: 'RSA', hash: 'sha384', how: pss(anySalt) },
  'rsa-pss-sha512-any': { kind: 'RSA', hash: 'sha512', how: pss(anySalt) },
  ed25519: { kind: 'Ed25519', hash: undefined, how: {} },
};

/**
 * Whether `signature` is one of `data` under the key. Never throws: a signature of another length, another encoding or
 * for another kind of key is false.
 */
export function verifySignature(scheme: Scheme, key: PublicKey, data: Bytes, signature: Bytes): boolean {
  const { kind, hash, how, der } = schemes[scheme];
  if (key.kind !== kind) return false;
  const plain = der ? widen(signature, widthOf(key) / 2) : signature;
  // Node hands signatures of another length on to OpenSSL as if they were DER.
  if (!plain || plain.length !== widthOf(key)) return false;
  return verify(hash, data, { ...how, key: key.handle }, plain);
}

/**
 * Signs at once, with a key in memory.
 * @throws {AttestError} `Defect` when the key is of another kind than the scheme's
 */
export function signData(scheme: Scheme, key: PrivateKey, data: Bytes): Bytes {
  const { kind, hash, how, der } = schemes[scheme];
  if (key.public.kind !== kind)
    throw new AttestError('Defect', `A key of kind ${key.public.kind} cannot sign ${scheme}`);
  return new Uint8Array(sign(hash, data, { ...how, ...(der && { dsaEncoding: 'der' }), key: key.handle }));
}

/** Bytes of a plain signature by this key. */
function widthOf(key: PublicKey): number {
  switch (key.kind) {
    case 'EC':
      return 2 * curves[key.curve].bytes;
    case 'RSA':
      return Math.ceil(key.bits / 8);
    case 'Ed25519':
      return 64;
  }
}

/** SEQUENCE { r, s } in strict DER to r then s; undefined for anything else. */
function widen(signature: Bytes, width: number): Bytes | undefined {
  try {
    const fields = readDer(signature).expect(tag.sequence).fields();
    const out = new Uint8Array(2 * width);
    for (const at of [0, width]) {
      const content = integerBytes(fields.next('half'));
      const skip = content[0] === 0 ? 1 : 0;
      if ((content[0] as number) >= 0x80 || content.length - skip > width) return undefined;
      out.set(content.subarray(skip), at + width - (content.length - skip));
    }
    fields.end();
    return out;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
