/** Arithmetic of JMESPath's functions: exact while all numbers are integers, IEEE doubles as soon as one is a fraction. */
import { Malformed } from '../errors.ts';
import { type Json, parseJsonText } from '../json/index.ts';
import { type Steps, spend } from './budget.ts';
import { isNumber, normal } from './jmespath-values.ts';

type Numeric = number | bigint;

const isWhole = (value: Numeric): boolean => typeof value === 'bigint' || Number.isInteger(value);

export function sum(values: readonly Numeric[], steps: Steps): Numeric {
  spend(steps, 10 * values.length);
  return values.every(isWhole)
    ? normal(values.reduce<bigint>((total, value) => total + BigInt(value), 0n))
    : values.reduce<number>((total, value) => total + Number(value), 0);
}

/** Exact when the integers' sum divides evenly. */
export function average(values: readonly Numeric[], steps: Steps): Numeric {
  const total = sum(values, steps);
  const count = values.length;
  if (isWhole(total) && BigInt(total) % BigInt(count) === 0n) return normal(BigInt(total) / BigInt(count));
  return Number(total) / count;
}

export const absolute = (value: Numeric): Numeric => (value < 0 ? negate(value) : value);
const negate = (value: Numeric): Numeric => (typeof value === 'bigint' ? -value : -value);

export const rounded = (value: Numeric, round: (value: number) => number): Numeric =>
  typeof value === 'bigint' ? value : round(value);

/** A number written as JSON; null for any other text. */
export function parseNumber(text: string, steps: Steps): Numeric | null {
  spend(steps, 60 + text.length);
  if (!/^-?[0-9]/.test(text) || /\s$/.test(text)) return null;
  try {
    const json: Json = parseJsonText(text);
    return isNumber(json) ? json : null;
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}
