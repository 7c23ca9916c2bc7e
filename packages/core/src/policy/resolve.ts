/** Expressions to sets of values. */
import type { Budget } from './budget.ts';
import type { PolicyClaim } from './claims.ts';
import { apply, functions } from './functions.ts';
import type { Queries } from './queries.ts';
import type { Expression, PropertyName } from './syntax.ts';
import { kindOf, setOf, type Value, type ValueSet } from './values.ts';

/** What identifiers stand for: all claims that satisfied their condition. */
export type Bound = ReadonlyMap<string, readonly PolicyClaim[]>;

export interface Means {
  readonly queries: Queries;
  readonly budget: Budget;
}

/**
 * Identifiers are bound and functions known: the checker saw to it.
 * @throws {AttestError} when a function fails
 */
export function resolve(expression: Expression, bound: Bound, means: Means): ValueSet {
  if (expression.kind === 'reference') {
    const claims = bound.get(expression.identifier.text) ?? [];
    const { property } = expression;
    means.budget.compare(claims.length);
    // Only values carry the mark of read-only claims: their types and issuers are no secret.
    const tainted = property === 'value' && claims.some(({ readOnly }) => readOnly);
    return setOf(
      claims.map((claim) => propertyOf(claim, property)),
      tainted,
    );
  }
  if (expression.kind === 'call') {
    const called = functions.get(expression.name.text);
    if (called === undefined) return setOf([]);
    const result = apply(
      called,
      expression.arguments.map((argument) => resolve(argument, bound, means)),
      means.queries,
    );
    means.budget.make(result.values);
    return result;
  }
  return { values: [expression.value], tainted: false };
}

export const propertyOf = (claim: PolicyClaim, property: PropertyName): Value =>
  property === 'valueType' ? kindOf(claim.value) : claim[property];
