/** Remembered cryptography of this process: bounded in number and size, the least used forgotten first. */
import type { Bytes, Memo, Vouched } from '@assay/core';
import { LRUCache } from 'lru-cache';

/** Roughly what one property or element costs, in bytes. */
const slotBytes = 16;
/** An object that the runtime keeps outside the heap, such as an imported key. */
const opaqueBytes = 2048;

/**
 * @param most results; 0 remembers nothing
 * @param mostBytes about how large all of them may be together; a result that is larger alone is not kept
 * @param seen is told about each question, for metrics
 */
export function remembering(most: number, mostBytes: number, seen: (hit: boolean) => void): Memo {
  if (most === 0) return (_key, make) => make();
  const kept = new LRUCache<string, Vouched<unknown>>({ max: most, maxSize: mostBytes });
  const memo = <T>(key: string, make: () => Vouched<T>): Vouched<T> => {
    const found = kept.get(key);
    seen(found !== undefined);
    // Keys name the kind of thing that is kept under them.
    if (found) return found as Vouched<T>;
    const made = make();
    kept.set(key, made, { size: key.length + weigh(made) });
    return made;
  };
  return Object.assign(memo, { digests: new WeakMap<Bytes, string>() });
}

/** About how much memory a value holds, shared parts counted once. */
export function weigh(root: unknown): number {
  const counted = new Set<object>();
  const waiting: unknown[] = [root];
  let bytes = 1;
  for (let value = waiting.pop(); waiting.length > 0 || value !== undefined; value = waiting.pop()) {
    if (typeof value === 'string') bytes += 2 * value.length;
    if (typeof value !== 'object' || value === null) continue;
    if (counted.has(value)) continue;
    counted.add(value);
    if (ArrayBuffer.isView(value)) {
      // A view keeps the whole buffer alive.
      if (!counted.has(value.buffer)) bytes += value.buffer.byteLength;
      counted.add(value.buffer);
      continue;
    }
    const inner = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
    bytes += inner.length === 0 ? opaqueBytes : slotBytes * inner.length;
    waiting.push(...inner.filter((item) => item !== undefined));
  }
  return bytes;
}
