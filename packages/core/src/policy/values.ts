/**
 * Values of the policy language: Boolean, Integer (64 bits, signed) and String. Integers are `bigint` inside, so that
 * none loses digits and 1, true and "1" stay three different values.
 */
import type { Json } from '../claim.ts';

export type Value = boolean | bigint | string;
export type Kind = 'Boolean' | 'Integer' | 'String';

export function kindOf(value: Value): Kind {
  if (typeof value === 'string') return 'String';
  return typeof value === 'bigint' ? 'Integer' : 'Boolean';
}

export const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;

/** As a token carries it: a number where a double holds it exactly. */
export const toJson = (value: Value): Json =>
  typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
