/** Message authentication (RFC 2104). */
import { createHmac } from 'node:crypto';
import type { Bytes } from '../bytes/index.ts';
import type { DigestName } from './digest.ts';

/** The HMAC of the parts put one after the other. */
export function hmac(name: DigestName, key: Bytes, ...parts: readonly Bytes[]): Bytes {
  const mac = createHmac(name, key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}
