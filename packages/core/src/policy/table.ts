/**
 * Maps whose keys outsiders choose. The engine's own are slow for chosen keys: it tells texts of more than 16,383 units
 * apart by their lengths alone, and integers, in digits or not, by arithmetic that anybody can invert. So a letter is
 * put to what is short, which is then told apart by a secret; and what is long is compared, and paid for.
 */
import { type Steps, spend } from './budget.ts';
import { areEqual } from './undocumented.ts';
import type { Value } from './values.ts';

/** Texts of so many units or more are found by their length, and then compared. */
const long = 16_000;
/** Texts shorter than this may be integers in digits. */
const short = 32;

export class Table<T> {
  readonly #steps: Steps;
  readonly #entries = new Map<string, T>();
  readonly #long = new Map<number, [key: string, entry: T][]>();

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  get(key: Value): T | undefined {
    if (isLong(key)) return this.#long.get(key.length)?.find(([each]) => same(each, key, this.#steps))?.[1];
    spend(this.#steps, costOf(key));
    return this.#entries.get(nameOf(key));
  }

  /** Enters what is not there yet. */
  add(key: Value, entry: T): void {
    if (!isLong(key)) {
      spend(this.#steps, costOf(key));
      this.#entries.set(nameOf(key), entry);
      return;
    }
    const ofLength = this.#long.get(key.length);
    if (ofLength) ofLength.push([key, entry]);
    else this.#long.set(key.length, [[key, entry]]);
  }
}

/** Whether two values are equal. Texts of one length are compared to where they differ, which may be their end. */
export function same(a: Value, b: Value, steps: Steps): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length !== b.length) return false;
    spend(steps, a.length >> 6);
  }
  return areEqual(a, b);
}

const isLong = (key: Value): key is string => typeof key === 'string' && key.length >= long;
const costOf = (key: Value): number => (typeof key === 'string' ? 10 + (key.length >> 3) : 20);

/** Different for different values, and no integer in digits. */
function nameOf(key: Value): string {
  if (typeof key !== 'string') return `${key}:`;
  return key.length < short || key.startsWith('"') ? `"${key}` : key;
}
