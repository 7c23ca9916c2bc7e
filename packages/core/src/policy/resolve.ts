/** Expressions to closures, and those to sets of values. */
import { type Budget, type Steps, spend } from './budget.ts';
import type { PolicyClaim } from './claims.ts';
import { apply, functions } from './functions.ts';
import type { Queries } from './queries.ts';
import { emptySet, setOf, setOfOne, type ValueSet } from './sets.ts';
import type { Expression, PropertyName } from './syntax.ts';
import { kindOf, type Value } from './values.ts';

/** What identifiers stand for: all claims that satisfied their condition. */
export type Bound = ReadonlyMap<string, readonly PolicyClaim[]>;

export interface Means {
  readonly queries: Queries;
  readonly budget: Budget;
}

/** @throws {AttestError} when a function fails */
export type Resolve = (bound: Bound, means: Means) => ValueSet;

/** Identifiers are bound and functions known: the checker saw to it. */
export function resolver(expression: Expression): Resolve {
  if (expression.kind === 'reference') {
    const { property } = expression;
    const name = expression.identifier.text;
    return (bound, { budget }) => {
      const claims = bound.get(name) ?? [];
      spend(budget, claims.length);
      return valuesOf(claims, property, budget);
    };
  }
  if (expression.kind === 'call') {
    const called = functions.get(expression.name.text);
    if (called === undefined) return () => emptySet;
    const values = expression.arguments.map(resolver);
    return (bound, means) => {
      const result = apply(
        called,
        values.map((value) => value(bound, means)),
        means.queries,
      );
      means.budget.make(result.values);
      return result;
    };
  }
  const constant = setOfOne(expression.value);
  return () => constant;
}

function valuesOf(claims: readonly PolicyClaim[], property: PropertyName, steps: Steps): ValueSet {
  // Only values carry the mark of read-only claims: their types and issuers are no secret.
  const tainted = property === 'value' && claims.some(({ readOnly }) => readOnly);
  const [only] = claims;
  if (only !== undefined && claims.length === 1) return setOfOne(propertyOf(only, property), tainted);
  return setOf(
    claims.map((claim) => propertyOf(claim, property)),
    tainted,
    steps,
  );
}

export const propertyOf = (claim: PolicyClaim, property: PropertyName): Value =>
  property === 'valueType' ? kindOf(claim.value) : claim[property];
