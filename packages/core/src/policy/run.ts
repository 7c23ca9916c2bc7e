/** Runs the rules of sections over one incoming set, once each, top to bottom; each sees what earlier ones added. */
import type { Json } from '../claim.ts';
import { AttestError } from '../errors.ts';
import { spend } from './budget.ts';
import { ClaimSet, type PolicyClaim } from './claims.ts';
import type { Match } from './conditions.ts';
import { formOf } from './properties.ts';
import type { Queries } from './queries.ts';
import type { ReadyCondition, ReadyRule } from './ready.ts';
import type { Bound, Means } from './resolve.ts';
import type { Range } from './source.ts';
import type { Rule, SectionName } from './syntax.ts';
import { Trace } from './trace.ts';
import { latestProperty, misplacedPropertyCounts, taintedIssueFails } from './undocumented.ts';
import { kindOf, toJson } from './values.ts';

/** An evaluation that a function or an action brought to its end, and the rule it stood in. */
export interface Failure {
  readonly why: string;
  readonly by?: Range;
}

/** A rule and the condition that held it back, or made it fire last. */
export interface Reason {
  readonly rule: Rule;
  readonly condition?: ReadyCondition;
  readonly match?: Match;
}

export class Run {
  readonly trace = new Trace();
  readonly properties = new Map<string, Json>();
  /** The first rule that permitted, and the first that denied. */
  readonly decided: { permit?: Reason; deny?: Reason } = {};
  /** Rules that would have permitted, and why they did not. */
  readonly held: Reason[] = [];
  readonly #claims: ClaimSet;
  readonly #outgoing: ClaimSet;
  readonly #means: Means;
  readonly #type: string | undefined;

  /** @param type the attestation type, where properties of other types are to be ignored */
  constructor(queries: Queries, type: string | undefined) {
    const { budget } = queries;
    this.#means = { queries, budget };
    this.#claims = new ClaimSet(budget);
    this.#outgoing = new ClaimSet(budget);
    this.#type = type;
  }

  /** All claims there are. */
  get claims(): readonly PolicyClaim[] {
    return this.#claims.list();
  }

  /** What `issue` in issuancerules made, in order; no type has a value twice. */
  get outgoing(): readonly PolicyClaim[] {
    return this.#outgoing.list();
  }

  /** Takes in the claims to begin with; there may be too many. */
  receive(claims: readonly PolicyClaim[]): Failure | undefined {
    try {
      this.#add(claims);
      return undefined;
    } catch (error) {
      if (error instanceof AttestError) return { why: error.message };
      throw error;
    }
  }

  #add(claims: readonly PolicyClaim[]): void {
    for (const claim of claims) this.#claims.add(claim);
  }

  /** Runs all rules of a section. Decisions do not end it; a failure does. */
  section(name: SectionName, rules: readonly ReadyRule[]): Failure | undefined {
    for (const ready of rules) {
      const { rule, conditions } = ready;
      const traced = this.trace.rule(name, rule);
      try {
        const bound = new Map<string, readonly PolicyClaim[]>();
        let reason: Reason = { rule };
        const fires = conditions.every((condition) => {
          const match = condition.match(this.#claims, bound, this.#means);
          traced.condition(condition, match);
          if (condition.binds !== undefined) bound.set(condition.binds, match.claims);
          reason = { rule, condition, match };
          return match.holds;
        });
        if (fires) traced.made(this.#act(name, ready, bound, reason));
        else if (ready.verb === 'permit') this.held.push(reason);
        traced.close(fires);
      } catch (error) {
        if (!(error instanceof AttestError)) throw error;
        traced.close(false, error.message);
        const { line, column } = rule.range.start;
        return { why: `${error.message} (in the rule on line ${line}, column ${column}, of ${name})`, by: rule.range };
      }
    }
    return undefined;
  }

  #act(section: SectionName, { verb, claims: make }: ReadyRule, bound: Bound, reason: Reason): readonly PolicyClaim[] {
    if (verb === 'permit' || verb === 'deny') {
      this.decided[verb] ??= reason;
      return [];
    }
    const claims = make(bound, this.#means);
    spend(this.#means.budget, 4 * claims.length);
    if (verb !== 'add') refuseReadOnly(claims);
    if (verb === 'issueproperty') this.#setProperties(section, claims);
    this.#add(claims);
    if (verb === 'issue') for (const claim of claims) this.#outgoing.add({ ...claim, issuer: 'AttestationPolicy' });
    return claims;
  }

  #setProperties(section: SectionName, claims: readonly PolicyClaim[]): void {
    for (const { type, value } of claims) {
      const form = formOf(type, this.#type);
      if (form && form.section !== section && !misplacedPropertyCounts) continue;
      if (form && form.kind !== kindOf(value))
        throw refused(`the property '${type}' is of kind ${form.kind}, not ${kindOf(value)}`);
      this.properties.set(type, latestProperty(this.properties.get(type), toJson(value)));
    }
  }
}

function refuseReadOnly(claims: readonly PolicyClaim[]): void {
  const wrong = taintedIssueFails ? claims.find(({ readOnly }) => readOnly) : undefined;
  if (wrong) throw refused(`'${wrong.type}' comes from a read-only claim and cannot be issued`);
}

const refused = (problem: string): AttestError => new AttestError('PolicyDenied', problem);
