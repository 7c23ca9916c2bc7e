/** Hashes. */
import { createHash } from 'node:crypto';
import type { Bytes } from '../bytes/index.ts';

export type DigestName = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** The hash of the parts put one after the other. */
export function digest(name: DigestName, ...parts: readonly Bytes[]): Bytes {
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
export const sha256 = (...parts: readonly Bytes[]): Bytes => digest('sha256', ...parts);

/** One name for several inputs together, telling `[a, bc]` from `[ab, c]`. */
export function digestOf(inputs: readonly Bytes[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) hash.update(`${input.length}:`).update(input);
  return hash.digest('base64url');
}
