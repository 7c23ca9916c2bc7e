/** JSON values as JMESPath sees them: exact numbers of any size, members in byte order, deep equality, bounded text. */
import { AttestError, Malformed } from '../errors.ts';
import { formatJson, isObject, type Json, type JsonObject } from '../json/index.ts';
import { type Steps, spend } from './budget.ts';
import { compareText } from './jmespath-text.ts';
import { deepestQuery, longestValue } from './limits.ts';

/** What a search may not, by the names that JMESPath's specification uses. */
export type QueryProblem =
  | 'syntax'
  | 'unknown-function'
  | 'invalid-arity'
  | 'invalid-type'
  | 'invalid-value'
  | 'too-much';

export const queryError = (problem: QueryProblem, message: string): AttestError =>
  new AttestError('PolicyDenied', `JMESPath ${problem}: ${message}`);

/** Long texts cost more than one step to look at. */
export const weightOf = (text: string): number => 1 + (text.length >> 5);

export type TypeName = 'array' | 'boolean' | 'null' | 'number' | 'object' | 'string';

export function typeOf(value: Json): TypeName {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  const type = typeof value;
  return type === 'bigint' ? 'number' : (type as TypeName);
}

export const isArray = (value: Json): value is readonly Json[] => Array.isArray(value);
export const isNumber = (value: Json): value is number | bigint =>
  typeof value === 'number' || typeof value === 'bigint';

/** null, false, and everything empty. */
export function isFalse(value: Json, steps: Steps): boolean {
  if (value === null || value === false || value === '') return true;
  if (isArray(value)) return value.length === 0;
  return isObject(value) && memberNames(value, steps).length === 0;
}

/** A member; one that is missing is null, whatever its name. */
export const memberOf = (value: Json, name: string): Json =>
  isObject(value) && Object.hasOwn(value, name) ? (value[name] ?? null) : null;

/** The engine lists the names of large objects far more slowly, each, than those of small ones. */
const largeObject = 64;

/** Names in the order they are held. */
export function memberNames(value: JsonObject, steps: Steps): string[] {
  const names = Object.keys(value);
  spend(steps, names.length < largeObject ? names.length : 16 * names.length);
  return names;
}
/** Names in byte order. */
export const namesOf = (value: JsonObject, steps: Steps): readonly string[] =>
  memberNames(value, steps).sort((a, b) => compareText(a, b, steps));
export function valuesIn(value: JsonObject, steps: Steps): readonly Json[] {
  const names = namesOf(value, steps);
  spend(steps, 4 * names.length);
  return names.map((name) => value[name] ?? null);
}

/** JavaScript compares integers and doubles by their exact values. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** An integer as JSON values hold it: a double where that is exact. */
export const normal = (integer: bigint): number | bigint =>
  Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;

/** Deep equality; numbers by value, whatever holds them. */
export function equal(a: Json, b: Json, steps: Steps, depth = 0): boolean {
  spend(steps, 3);
  if (depth > deepestResult) throw tooDeep();
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0;
  if (typeof a === 'string' && typeof b === 'string') {
    if (a.length !== b.length) return false;
    spend(steps, weightOf(a));
    return a === b;
  }
  if (isArray(a) && isArray(b))
    return a.length === b.length && a.every((item, i) => equal(item, b[i] ?? null, steps, depth + 1));
  if (isObject(a) && isObject(b)) {
    const names = memberNames(a, steps);
    return (
      names.length === memberNames(b, steps).length &&
      names.every((name) => Object.hasOwn(b, name) && equal(memberOf(a, name), memberOf(b, name), steps, depth + 1))
    );
  }
  return a === b;
}

/** Input nests to `deepestQuery`, and each level of a query may wrap what it found. */
const deepestResult = 2 * deepestQuery;
const tooDeep = (): AttestError => queryError('too-much', `the result nests deeper than ${deepestResult} levels`);

export interface Written {
  readonly text: string;
  /** How deep the value nests: 0 for a plain one. */
  readonly depth: number;
}

/**
 * Compact JSON text, members in byte order.
 * @throws {AttestError} when it would be too long or too deep: a short query can name one large value many times
 */
export function textOf(value: Json, steps: Steps): Written {
  let left = longestValue;
  let deepest = 0;
  const odd = new Set<Json>();
  const take = (size: number): void => {
    spend(steps, 4 + (size >> 1));
    left -= size;
    if (left < 0) throw queryError('too-much', `the result is longer than ${longestValue} characters`);
  };
  /** Whether the engine's own writer gives the very text: no integers of ours, and members in order already. */
  const measure = (inner: Json, depth: number): boolean => {
    if (depth > deepest) {
      if (depth > deepestResult) throw tooDeep();
      deepest = depth;
    }
    take(sizeOf(inner));
    if (typeof inner === 'number') return Number.isFinite(inner) && !Object.is(inner, -0);
    if (typeof inner !== 'object' || inner === null) return typeof inner !== 'bigint';
    let isPlain = true;
    if (isArray(inner)) for (const item of inner) isPlain = measure(item, depth + 1) && isPlain;
    else {
      let before: string | undefined;
      for (const name of memberNames(inner as JsonObject, steps)) {
        take(name.length + 3);
        isPlain &&= before === undefined || compareText(before, name, steps) < 0;
        before = name;
        isPlain = measure((inner as JsonObject)[name] as Json, depth + 1) && isPlain;
      }
    }
    if (!isPlain) odd.add(inner);
    return isPlain;
  };
  measure(value, 0);
  const text = write(value, odd, steps);
  // Escapes that the engine writes on its own are those of lone surrogates, which are refused.
  if (!text.includes('\\ud')) return { text, depth: deepest };
  spend(steps, 2 * text.length);
  return { text: strictly(value), depth: deepest };
}

/** About how many characters a value has without what it holds. */
function sizeOf(value: Json): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value === 'bigint') return 4 * String(value).length;
  return typeof value === 'number' && !Number.isInteger(value) ? 24 : 2;
}

/** What is not odd is written by the engine, which is many times as fast. */
function write(value: Json, odd: ReadonlySet<Json>, steps: Steps): string {
  spend(steps, 20);
  if (typeof value !== 'object' || value === null) return strictly(value);
  if (!odd.has(value)) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map((item) => write(item, odd, steps)).join(',')}]`;
  const members = namesOf(value, steps).map(
    (name) => `${JSON.stringify(name)}:${write(memberOf(value, name), odd, steps)}`,
  );
  return `{${members.join(',')}}`;
}

/** @throws {AttestError} for what JSON cannot say */
function strictly(value: Json): string {
  try {
    return formatJson(value, { sorted: true });
  } catch (error) {
    if (error instanceof Malformed) throw queryError('invalid-value', error.message);
    throw error;
  }
}
