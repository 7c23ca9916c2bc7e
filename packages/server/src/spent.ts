/** Contexts that may be used once: those that were, for as long as they could be used again. */
import { createHash } from 'node:crypto';
import type { Bytes } from '@assay/core';

/**
 * Spends a key; false when it was spent before or is past its time. Full, it refuses new keys rather than forget a spent
 * one.
 * @param most keys that can be remembered
 */
export function spending(most: number): (key: Bytes, until: Date, now: Date) => boolean {
  const spent = new Map<string, number>();
  return (key, until, now) => {
    if (until <= now) return false;
    if (spent.size >= most) for (const [name, end] of spent) if (end <= now.getTime()) spent.delete(name);
    const name = createHash('sha256').update(key).digest('base64url');
    if (spent.has(name) || spent.size >= most) return false;
    spent.set(name, until.getTime());
    return true;
  };
}
