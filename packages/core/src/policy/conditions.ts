/** Conditions to closures: which claims satisfy them. */
import { type Steps, spend } from './budget.ts';
import type { ClaimSet, PolicyClaim } from './claims.ts';
import { type Bound, type Means, propertyOf, type Resolve, resolver } from './resolve.ts';
import { has, setOfOne, type ValueSet } from './sets.ts';
import { type Condition, isLiteral, type Operator, type PropertyName, type Test } from './syntax.ts';
import { areOrdered, asksForAll } from './undocumented.ts';
import type { Value } from './values.ts';

export interface Match {
  /** Whether the condition is true, its `!` taken into account. */
  readonly holds: boolean;
  readonly claims: readonly PolicyClaim[];
  /** Claims of the type asked for that fail on something else. */
  readonly misses: readonly PolicyClaim[];
  /** The type asked for, where the condition asks for one. */
  readonly type?: string;
}

/** @throws {AttestError} when a function fails */
export type Matcher = (claims: ClaimSet, bound: Bound, means: Means) => Match;

/** One test of a condition, ready to run. */
interface ReadyTest {
  readonly property: PropertyName;
  /** A single `type==…`: the claims of that type are looked up. */
  readonly names?: string;
  readonly holds: Comparison;
}

export function matcher({ negation, tests }: Condition): Matcher {
  const wanted = negation === undefined;
  const begun = tests.map(beginTest);
  return (claims, bound, means) => {
    // Right sides are evaluated once, here.
    const ready = begun.map((begin) => begin(bound, means));
    const type = ready.find(({ names }) => names !== undefined)?.names;
    const candidates = claims.list(type);
    const steps = means.budget;
    spend(steps, candidates.length * (ready.length + 3));
    const satisfying: PolicyClaim[] = [];
    const misses: PolicyClaim[] = [];
    for (const claim of candidates) {
      if (ready.every(({ property, holds }) => holds(propertyOf(claim, property), steps))) satisfying.push(claim);
      else if (type !== undefined) misses.push(claim);
    }
    return { holds: satisfying.length > 0 === wanted, claims: satisfying, misses, ...(type !== undefined && { type }) };
  };
}

function beginTest({ property, operator, right }: Test): (bound: Bound, means: Means) => ReadyTest {
  const ready = (set: ValueSet): ReadyTest => {
    const [name] = set.values;
    const names = property === 'type' && operator === '==' && set.values.length === 1 && typeof name === 'string';
    return { property, holds: comparison(operator, set), ...(names && { names: name }) };
  };
  if (isLiteral(right)) {
    const constant = ready(setOfOne(right.value));
    return () => constant;
  }
  const resolve: Resolve = resolver(right);
  return (bound, means) => ready(resolve(bound, means));
}

type Comparison = (left: Value, steps: Steps) => boolean;

/** Compares with a set in time that does not grow with it: only its extremes matter for order. */
function comparison(operator: Operator, set: ValueSet): Comparison {
  const { values } = set;
  if (values.length === 0) return () => false;
  if (operator === '==' || operator === '!=') {
    const wanted = !asksForAll(operator);
    return (left, steps) => has(set, left, steps) === wanted;
  }
  const integers = values.filter((value) => typeof value === 'bigint');
  const [first] = integers;
  if (first === undefined) return () => false;
  const below = operator === '<' || operator === '<=';
  const extreme = integers.reduce((a, b) => (b > a === below ? b : a), first);
  const holds = ordered[operator];
  return (left) => areOrdered(left, extreme) && holds(left as bigint, extreme);
}

const ordered: { readonly [sign in '<' | '<=' | '>' | '>=']: (left: bigint, right: bigint) => boolean } = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};
