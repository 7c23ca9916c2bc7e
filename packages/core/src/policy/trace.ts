/**
 * The record of an evaluation: per rule in order whether it fired and why, as plain JSON. It is kept with the appraisal,
 * so values are cut and all counts bounded; what was left out is said.
 */
import type { Json, JsonObject } from '../claim.ts';
import type { PolicyClaim } from './claims.ts';
import type { Match } from './conditions.ts';
import {
  longestTracedValue,
  mostClaimsPerCondition,
  mostTracedClaims,
  mostTracedConditions,
  mostTracedRules,
} from './limits.ts';
import type { ReadyCondition } from './ready.ts';
import { cut } from './source.ts';
import type { Rule, SectionName } from './syntax.ts';
import { toJson, type Value } from './values.ts';

export class Trace {
  readonly #rules: { [name: string]: Json }[] = [];
  /** Where a rule's record stands. */
  readonly #places = new Map<Rule, number>();
  /** Claims as shown: most are looked at by several conditions. */
  readonly #shown = new Map<PolicyClaim, JsonObject>();
  #omittedRules = 0;
  #conditionsLeft = mostTracedConditions;
  #claimsLeft = mostTracedClaims;

  /** Begins the record of a rule; it is entered when it is closed. */
  rule(section: SectionName, rule: Rule): TracedRule {
    const { range, action } = rule;
    const conditions: Json[] = [];
    let made: JsonObject = {};
    return {
      condition: (condition, matched) => {
        if (this.#conditionsLeft-- > 0) conditions.push(this.#condition(condition, matched));
      },
      made: (claims) => {
        made = { [action.verb === 'add' ? 'added' : 'issued']: this.#claims(claims), count: claims.length };
      },
      close: (fired, failure) => {
        if (this.#rules.length >= mostTracedRules) {
          this.#omittedRules++;
          return;
        }
        const { line, column } = range.start;
        this.#places.set(rule, this.#rules.length);
        this.#rules.push({
          section,
          line,
          column,
          action: action.verb,
          fired,
          conditions,
          ...(fired && made),
          ...(failure !== undefined && { error: failure }),
        });
      },
    };
  }

  /** Marks the rule that decided with where it ends, and each that did not permit with the reason. */
  decide(by: Rule | undefined, held: readonly (readonly [Rule, string])[]): void {
    for (const [rule, why] of held) this.#mark(rule, { why });
    const { line, column } = by?.range.end ?? {};
    if (by && line !== undefined && column !== undefined) this.#mark(by, { decides: true, end: { line, column } });
  }

  #mark(rule: Rule, marks: JsonObject): void {
    const place = this.#places.get(rule);
    const record = place === undefined ? undefined : this.#rules[place];
    if (record) Object.assign(record, marks);
  }

  /** The rules in order; a last entry says how many are not shown. */
  toJson(): readonly Json[] {
    return this.#omittedRules === 0 ? this.#rules : [...this.#rules, { omittedRules: this.#omittedRules }];
  }

  #condition({ text }: ReadyCondition, { holds, claims, misses }: Match): JsonObject {
    return {
      text,
      holds,
      matched: claims.length,
      claims: this.#claims(claims),
      ...(!holds && claims.length === 0 && { misses: this.#claims(misses) }),
    };
  }

  #claims(claims: readonly PolicyClaim[]): readonly Json[] {
    const count = Math.max(0, Math.min(mostClaimsPerCondition, this.#claimsLeft, claims.length));
    this.#claimsLeft -= count;
    return (count === claims.length ? claims : claims.slice(0, count)).map((claim) => this.#show(claim));
  }

  #show(claim: PolicyClaim): JsonObject {
    const known = this.#shown.get(claim);
    if (known) return known;
    const { type, value, issuer } = claim;
    const shown = { type: cut(type, longestTracedValue), value: shorten(value), issuer };
    this.#shown.set(claim, shown);
    return shown;
  }
}

export interface TracedRule {
  readonly condition: (condition: ReadyCondition, matched: Match) => void;
  readonly made: (claims: readonly PolicyClaim[]) => void;
  readonly close: (fired: boolean, failure?: string) => void;
}

const shorten = (value: Value): Json =>
  typeof value === 'string' && value.length > longestTracedValue
    ? `${cut(value, longestTracedValue)} (${value.length} characters)`
    : toJson(value);
