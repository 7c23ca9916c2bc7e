/** Private keys: for the service's own tokens, and for forged test worlds. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { write } from '../asn1/index.ts';
import { type Bytes, hex } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { type Curve, curves, keyOids } from './curve.ts';
import { importSpki, type PublicKey } from './key.ts';

export interface PrivateKey {
  /** The other half, as anyone sees it. */
  readonly public: PublicKey;
  /** Node's own object. For `crypto/` alone. */
  readonly handle: KeyObject;
}

export type KeyKind = Curve | 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'Ed25519';

/** A new key out of the operating system's randomness. */
export function generateKey(kind: KeyKind): PrivateKey {
  const handle = (): KeyObject => {
    switch (kind) {
      case 'P-256':
      case 'P-384':
      case 'P-521':
        return generateKeyPairSync('ec', { namedCurve: kind }).privateKey;
      case 'Ed25519':
        return generateKeyPairSync('ed25519').privateKey;
      case 'RSA-2048':
      case 'RSA-3072':
      case 'RSA-4096':
        return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) }).privateKey;
    }
  };
  return wrap(handle());
}

/**
 * @param pkcs8 PrivateKeyInfo in DER (RFC 5958), unencrypted
 * @throws {Malformed} for anything else, and for kinds of keys that `importSpki` refuses
 */
export function importPkcs8(pkcs8: Bytes, path = 'pkcs8'): PrivateKey {
  let handle: KeyObject;
  try {
    handle = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  } catch {
    throw new Malformed(path, 0, 'is not an unencrypted private key in PKCS #8');
  }
  return wrap(handle);
}

export const exportPkcs8 = (key: PrivateKey): Bytes =>
  new Uint8Array(key.handle.export({ format: 'der', type: 'pkcs8' }));

/**
 * The key of a chosen scalar, so that the same seed forges the same world.
 * @param scalar big-endian, as long as the curve's coordinates, from 1 to the order less 1
 * @throws {Malformed} for any other scalar
 */
export function privateKeyFromScalar(curve: Curve, scalar: Bytes): PrivateKey {
  const { bytes, oid, order } = curves[curve];
  if (scalar.length !== bytes) throw new Malformed('scalar', 0, `is ${scalar.length} bytes, expected ${bytes}`);
  // OpenSSL refuses zero but takes numbers that are too large.
  if (hex(scalar) >= order) throw new Malformed('scalar', 0, 'is not below the order of the curve');
  const key = write.sequence(write.integer(1), write.octetString(scalar));
  return importPkcs8(
    write.sequence(write.integer(0), write.sequence(write.oid(keyOids.ec), write.oid(oid)), write.octetString(key)),
    'scalar',
  );
}

/** The public half as SubjectPublicKeyInfo in DER. */
export const publicSpki = (key: PrivateKey): Bytes => key.public.spki;

function wrap(handle: KeyObject): PrivateKey {
  const spki = new Uint8Array(createPublicKey(handle).export({ format: 'der', type: 'spki' }));
  return { public: importSpki(spki), handle };
}
