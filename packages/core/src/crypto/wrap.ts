/**
 * How a secret is handed to the holder of a key, as TPMs want it: RSA-OAEP with a label (RFC 8017 §7.1.1), agreement on
 * a curve, and AES in cipher feedback mode (NIST SP 800-38A §6.3, whole blocks of feedback). Randomness is handed in.
 */
import { constants, createCipheriv, diffieHellman, publicEncrypt } from 'node:crypto';
import { type Bytes, concat } from '../bytes/index.ts';
import { AttestError } from '../errors.ts';
import { type DigestName, digest } from './digest.ts';
import type { PublicKey } from './key.ts';
import type { PrivateKey } from './private.ts';

/**
 * Encrypts to an RSA key.
 * @param hash of the label, and of MGF1
 * @param label with its closing zero byte where the protocol wants one
 * @param seed random bytes, as many as the hash has
 * @throws {AttestError} `Defect` for another kind of key, a seed of another length, or a secret that does not fit
 */
export function wrapOaep(key: PublicKey, hash: DigestName, label: Bytes, secret: Bytes, seed: Bytes): Bytes {
  const labelHash = digest(hash, label);
  const width = Math.ceil(key.bits / 8);
  const zeros = width - secret.length - 2 * labelHash.length - 2;
  if (key.kind !== 'RSA' || seed.length !== labelHash.length || zeros < 0)
    throw new AttestError('Defect', 'OAEP needs an RSA key, a seed as long as the hash, and a secret that fits');
  const data = concat(labelHash, new Uint8Array(zeros), Uint8Array.of(1), secret);
  const maskedData = xor(data, mask(hash, seed, data.length));
  const maskedSeed = xor(seed, mask(hash, maskedData, seed.length));
  const block = concat(Uint8Array.of(0), maskedSeed, maskedData);
  return new Uint8Array(publicEncrypt({ key: key.handle, padding: constants.RSA_NO_PADDING }, block));
}

/** MGF1 (RFC 8017 §B.2.1). */
function mask(hash: DigestName, seed: Bytes, length: number): Bytes {
  const blocks: Bytes[] = [];
  for (let i = 0, have = 0; have < length; i++) {
    const block = digest(hash, seed, Uint8Array.of(0, 0, 0, i));
    blocks.push(block);
    have += block.length;
  }
  return concat(...blocks).subarray(0, length);
}

const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ (b[i] as number));

/**
 * What both holders of two keys on one curve arrive at: the x coordinate, as wide as the curve (NIST SP 800-56A
 * §5.7.1.2).
 * @throws {AttestError} `Defect` for keys of another kind or of two curves
 */
export function agree(mine: PrivateKey, theirs: PublicKey): Bytes {
  const { public: own } = mine;
  if (own.kind !== 'EC' || theirs.kind !== 'EC' || own.curve !== theirs.curve)
    throw new AttestError('Defect', 'Agreement needs two keys on one curve');
  return new Uint8Array(diffieHellman({ privateKey: mine.handle, publicKey: theirs.handle }));
}

/**
 * AES in cipher feedback mode from an initial value of zeros: right for keys that are used once.
 * @param key 16, 24 or 32 bytes
 */
export function encryptCfb(key: Bytes, plain: Bytes): Bytes {
  const cipher = createCipheriv(`aes-${key.length * 8}-cfb`, key, new Uint8Array(16));
  return concat(cipher.update(plain), cipher.final());
}
