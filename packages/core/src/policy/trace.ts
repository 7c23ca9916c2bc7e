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
import { cut } from './source.ts';
import type { Condition, Rule, SectionName } from './syntax.ts';
import { toJson, type Value } from './values.ts';

export class Trace {
  readonly #text: string;
  readonly #rules: JsonObject[] = [];
  #omittedRules = 0;
  #conditionsLeft = mostTracedConditions;
  #claimsLeft = mostTracedClaims;

  /** @param text the policy's, from which conditions are quoted */
  constructor(text: string) {
    this.#text = text;
  }

  /** Begins the record of a rule; it is entered when it is closed. */
  rule(section: SectionName, { range, action }: Rule): TracedRule {
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

  /** The rules in order; a last entry says how many are not shown. */
  toJson(): readonly Json[] {
    return this.#omittedRules === 0 ? this.#rules : [...this.#rules, { omittedRules: this.#omittedRules }];
  }

  #condition({ range }: Condition, { holds, claims, misses }: Match): JsonObject {
    return {
      text: cut(this.#text.slice(range.start.offset, range.end.offset), longestTracedValue),
      holds,
      matched: claims.length,
      claims: this.#claims(claims),
      ...(!holds && claims.length === 0 && { misses: this.#claims(misses) }),
    };
  }

  #claims(claims: readonly PolicyClaim[]): readonly Json[] {
    const shown = claims.slice(0, Math.max(0, Math.min(mostClaimsPerCondition, this.#claimsLeft)));
    this.#claimsLeft -= shown.length;
    return shown.map(({ type, value, issuer }) => ({
      type: cut(type, longestTracedValue),
      value: shorten(value),
      issuer,
    }));
  }
}

export interface TracedRule {
  readonly condition: (condition: Condition, matched: Match) => void;
  readonly made: (claims: readonly PolicyClaim[]) => void;
  readonly close: (fired: boolean, failure?: string) => void;
}

const shorten = (value: Value): Json =>
  typeof value === 'string' && value.length > longestTracedValue
    ? `${cut(value, longestTracedValue)} (${value.length} characters)`
    : toJson(value);
