/** The few things done with whole byte strings. */
import type { Bytes } from './cursor.ts';

/** Whether two byte strings are the same. Not constant-time: nothing compared here is secret. */
export function equal(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function concat(...parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const isZero = (input: Bytes): boolean => input.every((byte) => byte === 0);
