/**
 * The functions of the JMESPath specification of 2015, integers exact beyond 2^53 in all of them, and Azure's
 * `equals_ignore_case`. Later additions of the community edition are not part of the dialect.
 */
import type { Json, JsonObject } from '../json/index.ts';
import { type Steps, spend } from './budget.ts';
import { absolute, average, parseNumber, rounded, sum } from './jmespath-numbers.ts';
import { compareText, containsText, countPoints, equalFolded, reversed } from './jmespath-text.ts';
import {
  compareNumbers,
  equal,
  isArray,
  isNumber,
  memberNames,
  namesOf,
  queryError,
  type TypeName,
  textOf,
  typeOf,
  valuesIn,
  weightOf,
} from './jmespath-values.ts';
import { longestValue } from './limits.ts';

/** An expression that a function applies to values of its choosing: `&name`. */
type Reference = (value: Json) => Json;
export type Argument = Json | Reference;

/** What an argument must be: one of these types; `numbers` and `strings` are arrays of nothing else. */
type Accepts = TypeName | 'any' | 'expression' | 'numbers' | 'strings';

export interface QueryFunction {
  readonly takes: readonly (readonly Accepts[])[];
  /** The last parameter may be repeated. */
  readonly variadic?: true;
  readonly run: (steps: Steps, ...values: never[]) => Json;
}

type Numeric = number | bigint;
type List = readonly Json[];

type Order = (a: Json, b: Json) => number;

/** The order of values that are of one type; whoever compares by it pays. None for others. */
function ordering(values: List, steps: Steps): Order | undefined {
  if (values.every(isNumber))
    return (a, b) => {
      spend(steps, 4);
      return compareNumbers(a as Numeric, b as Numeric);
    };
  if (values.every((value) => typeof value === 'string')) return (a, b) => compareText(a as string, b as string, steps);
  return undefined;
}

/** Elements with their keys, which must all be numbers or all be strings. */
function keyed(
  name: string,
  list: List,
  key: Reference,
  steps: Steps,
): { readonly pairs: (readonly [Json, Json])[]; readonly order: Order } {
  spend(steps, 4 * list.length);
  const pairs = list.map((item) => [key(item), item] as const);
  const order = ordering(
    pairs.map(([each]) => each),
    steps,
  );
  if (!order) throw queryError('invalid-type', `${name}() needs keys that are all numbers or all strings`);
  return { pairs, order };
}

/** The first of the greatest, `sign` being 1, or of the least. */
function extreme(list: List, order: Order, sign: 1 | -1): Json {
  const [first = null, ...others] = list;
  return others.reduce<Json>((best, item) => (order(item, best) * sign > 0 ? item : best), first);
}

const extremeOf =
  (sign: 1 | -1) =>
  (steps: Steps, list: List): Json =>
    extreme(list, ordering(list, steps) ?? (() => 0), sign);
const extremeBy =
  (name: string, sign: 1 | -1) =>
  (steps: Steps, list: List, key: Reference): Json => {
    const { pairs, order } = keyed(name, list, key, steps);
    const best = extreme(
      pairs.map(([each]) => each),
      order,
      sign,
    );
    return pairs.find(([each]) => each === best)?.[1] ?? null;
  };

const sorted = (steps: Steps, list: List): Json => [...list].sort(ordering(list, steps));

export const queryFunctions: ReadonlyMap<string, QueryFunction> = new Map(
  Object.entries({
    abs: { takes: [['number']], run: (_, value: Numeric) => absolute(value) },
    avg: {
      takes: [['numbers']],
      run: (steps, list: Numeric[]) => (list.length === 0 ? null : average(list, steps)),
    },
    ceil: { takes: [['number']], run: (_, value: Numeric) => rounded(value, Math.ceil) },
    contains: {
      takes: [['array', 'string'], ['any']],
      run: (steps, subject: List | string, search: Json) => {
        if (typeof subject !== 'string') return subject.some((item) => equal(item, search, steps));
        return typeof search === 'string' && containsText(subject, search, steps);
      },
    },
    ends_with: { takes: [['string'], ['string']], run: (_, text: string, end: string) => text.endsWith(end) },
    equals_ignore_case: {
      takes: [['any'], ['any']],
      run: (steps, a: Json, b: Json) => typeof a === 'string' && typeof b === 'string' && equalFolded(a, b, steps),
    },
    floor: { takes: [['number']], run: (_, value: Numeric) => rounded(value, Math.floor) },
    join: {
      takes: [['string'], ['strings']],
      run: (steps, glue: string, list: string[]) => {
        const length = list.reduce((total, text) => total + text.length + glue.length, 0);
        if (length > longestValue) throw queryError('too-much', `join() makes more than ${longestValue} characters`);
        spend(steps, 4 * list.length + (length >> 1));
        return list.join(glue);
      },
    },
    keys: {
      takes: [['object']],
      run: (steps, value: JsonObject) => namesOf(value, steps),
    },
    length: {
      takes: [['string', 'array', 'object']],
      run: (steps, value: string | List | JsonObject) => {
        if (typeof value === 'string') return countPoints(value, steps);
        return isArray(value) ? value.length : memberNames(value, steps).length;
      },
    },
    map: {
      takes: [['expression'], ['array']],
      run: (steps, each: Reference, list: List) => {
        spend(steps, 2 * list.length);
        return list.map(each);
      },
    },
    max: { takes: [['numbers', 'strings']], run: extremeOf(1) },
    max_by: { takes: [['array'], ['expression']], run: extremeBy('max_by', 1) },
    merge: {
      takes: [['object']],
      variadic: true,
      run: (steps, ...objects: JsonObject[]) => {
        spend(steps, 20);
        const merged = Object.create(null) as Record<string, Json>;
        for (const object of objects) {
          spend(steps, 10 * memberNames(object, steps).length);
          Object.assign(merged, object);
        }
        return merged;
      },
    },
    min: { takes: [['numbers', 'strings']], run: extremeOf(-1) },
    min_by: { takes: [['array'], ['expression']], run: extremeBy('min_by', -1) },
    not_null: {
      takes: [['any']],
      variadic: true,
      run: (_, ...values: Json[]) => values.find((value) => value !== null) ?? null,
    },
    reverse: {
      takes: [['string', 'array']],
      run: (steps, value: string | List) => (typeof value === 'string' ? reversed(value, steps) : [...value].reverse()),
    },
    sort: { takes: [['numbers', 'strings']], run: sorted },
    sort_by: {
      takes: [['array'], ['expression']],
      run: (steps, list: List, key: Reference) => {
        const { pairs, order } = keyed('sort_by', list, key, steps);
        return pairs.sort(([a], [b]) => order(a, b)).map(([, item]) => item);
      },
    },
    starts_with: { takes: [['string'], ['string']], run: (_, text: string, start: string) => text.startsWith(start) },
    sum: {
      takes: [['numbers']],
      run: (steps, list: Numeric[]) => sum(list, steps),
    },
    to_array: { takes: [['any']], run: (_, value: Json) => (isArray(value) ? value : [value]) },
    to_number: {
      takes: [['any']],
      run: (steps, value: Json) =>
        isNumber(value) ? value : typeof value === 'string' ? parseNumber(value, steps) : null,
    },
    to_string: {
      takes: [['any']],
      run: (steps, value: Json) => (typeof value === 'string' ? value : textOf(value, steps).text),
    },
    type: { takes: [['any']], run: (_, value: Json) => typeOf(value) },
    values: {
      takes: [['object']],
      run: (steps, value: JsonObject) => valuesIn(value, steps),
    },
  } satisfies Record<string, QueryFunction>),
);

/** @throws {AttestError} when an argument is of a type that the function does not take */
export function call(name: string, { takes, run }: QueryFunction, values: readonly Argument[], steps: Steps): Json {
  spend(steps, 4 + 4 * values.length);
  for (const [i, value] of values.entries()) {
    // Looking at all of an argument is paid here; what a function does beyond that, there.
    if (typeof value === 'string') spend(steps, weightOf(value));
    else if (typeof value !== 'function' && isArray(value)) spend(steps, value.length);
    const accepted = takes[Math.min(i, takes.length - 1)] ?? [];
    if (accepted.some((type) => accepts(type, value))) continue;
    const found = typeof value === 'function' ? 'expression' : typeOf(value);
    throw queryError('invalid-type', `${name}() takes ${accepted.join(' or ')} as argument ${i + 1}, not ${found}`);
  }
  return (run as (steps: Steps, ...values: readonly Argument[]) => Json)(steps, ...values);
}

function accepts(type: Accepts, value: Argument): boolean {
  if (typeof value === 'function') return type === 'expression';
  if (type === 'any') return true;
  if (type === 'numbers') return isArray(value) && value.every(isNumber);
  if (type === 'strings') return isArray(value) && value.every((item) => typeof item === 'string');
  return type === typeOf(value);
}
