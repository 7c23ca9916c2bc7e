/** Authenticated encryption of what the service hands out and takes back: AES-256-GCM (NIST SP 800-38D). */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { type Bytes, concat } from '../bytes/index.ts';
import { AttestError } from '../errors.ts';

const algorithm = 'aes-256-gcm';
const sizes = { key: 32, nonce: 12, mark: 16 };

/**
 * @param key 32 bytes
 * @param nonce 12 bytes, never used twice with the same key
 * @param context authenticated but not kept: what the sealed bytes are for
 * @returns nonce, cipher text and authentication mark, one after the other
 * @throws {AttestError} `Defect` for a key or nonce of another length
 */
export function seal(key: Bytes, nonce: Bytes, plain: Bytes, context: Bytes): Bytes {
  if (key.length !== sizes.key || nonce.length !== sizes.nonce) {
    throw new AttestError('Defect', `Sealing needs a key of ${sizes.key} bytes and a nonce of ${sizes.nonce}`);
  }
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(context);
  return concat(nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag());
}

/** What was sealed with this key for this context; undefined for anything else. */
export function open(key: Bytes, sealed: Bytes, context: Bytes): Bytes | undefined {
  if (key.length !== sizes.key || sealed.length < sizes.nonce + sizes.mark) return undefined;
  const end = sealed.length - sizes.mark;
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, sizes.nonce), { authTagLength: sizes.mark });
  decipher.setAAD(context).setAuthTag(sealed.subarray(end));
  const plain = decipher.update(sealed.subarray(sizes.nonce, end));
  try {
    return concat(plain, decipher.final());
  } catch {
    return undefined;
  }
}
