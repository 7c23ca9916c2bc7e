/** Which claims satisfy a condition. */
import type { ClaimSet, PolicyClaim } from './claims.ts';
import { type Bound, type Means, propertyOf, resolve } from './resolve.ts';
import type { Condition, Operator } from './syntax.ts';
import { areOrdered, asksForAll, isMember } from './undocumented.ts';
import type { Value, ValueSet } from './values.ts';

export interface Match {
  /** Whether the condition is true, its `!` taken into account. */
  readonly holds: boolean;
  readonly claims: readonly PolicyClaim[];
  /** Claims of the type asked for that fail on something else. */
  readonly misses: readonly PolicyClaim[];
}

/** Right sides are evaluated once, here. @throws {AttestError} when a function fails */
export function match(condition: Condition, claims: ClaimSet, bound: Bound, means: Means): Match {
  const tests = condition.tests.map((test) => {
    const right = resolve(test.right, bound, means);
    return { ...test, right, holds: comparison(test.operator, right) };
  });
  const typed = tests.find(
    ({ property, operator, right }) => property === 'type' && operator === '==' && right.values.length === 1,
  );
  const type = typed?.right.values[0];
  const candidates = typeof type === 'string' ? claims.list(type) : claims.list();
  means.budget.compare(candidates.length * (tests.length + 1));
  const satisfying: PolicyClaim[] = [];
  const misses: PolicyClaim[] = [];
  for (const claim of candidates) {
    if (tests.every(({ property, holds }) => holds(propertyOf(claim, property)))) satisfying.push(claim);
    else if (typeof type === 'string') misses.push(claim);
  }
  return { holds: satisfying.length > 0 !== (condition.negation !== undefined), claims: satisfying, misses };
}

type Comparison = (left: Value) => boolean;

/** Compares with a set in time that does not grow with it: only its extremes matter for order. */
function comparison(operator: Operator, { values }: ValueSet): Comparison {
  if (values.length === 0) return () => false;
  if (operator === '==' || operator === '!=') {
    const held = new Set(values);
    return asksForAll(operator) ? (left) => !isMember(held, left) : (left) => isMember(held, left);
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
