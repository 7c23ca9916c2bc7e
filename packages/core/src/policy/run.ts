/** Runs the rules of sections over one incoming set, once each, top to bottom; each sees what earlier ones added. */
import type { Json } from '../claim.ts';
import { AttestError } from '../errors.ts';
import { Budget } from './budget.ts';
import { ClaimSet, type PolicyClaim } from './claims.ts';
import { match } from './conditions.ts';
import { formOf } from './properties.ts';
import type { Queries } from './queries.ts';
import { type Bound, type Means, resolve } from './resolve.ts';
import type { Range } from './source.ts';
import type { Action, ClaimSpec, Rule, SectionName, Verb } from './syntax.ts';
import { Trace } from './trace.ts';
import { issuerOfTaken, latestProperty, taintedIssueFails } from './undocumented.ts';
import { kindOf, toJson, type Value } from './values.ts';

/** An evaluation that a function or an action brought to its end, and the rule it stood in. */
export interface Failure {
  readonly why: string;
  readonly by?: Range;
}

export class Run {
  readonly trace: Trace;
  /** Claims that `issue` in issuancerules made, in order. */
  readonly outgoing: PolicyClaim[] = [];
  readonly properties = new Map<string, Json>();
  /** The first rule that permitted, and the first that denied. */
  readonly decided: { permit?: Rule; deny?: Rule } = {};
  readonly #claims = new ClaimSet();
  readonly #means: Means;
  readonly #type: string | undefined;

  /** @param type the attestation type, where properties of other types are to be ignored */
  constructor(text: string, queries: Queries, type: string | undefined) {
    this.trace = new Trace(text);
    this.#means = { queries, budget: new Budget() };
    this.#type = type;
  }

  /** All claims there are. */
  get claims(): readonly PolicyClaim[] {
    return this.#claims.list();
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
  section(name: SectionName, rules: readonly Rule[]): Failure | undefined {
    for (const rule of rules) {
      const traced = this.trace.rule(name, rule);
      try {
        const bound = new Map<string, readonly PolicyClaim[]>();
        const fires = rule.conditions.every((condition) => {
          const matched = match(condition, this.#claims, bound, this.#means);
          traced.condition(condition, matched);
          if (condition.identifier && !condition.negation) bound.set(condition.identifier.text, matched.claims);
          return matched.holds;
        });
        if (fires) traced.made(this.#act(name, rule, bound));
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

  #act(section: SectionName, rule: Rule, bound: Bound): readonly PolicyClaim[] {
    const { action } = rule;
    if (action.verb === 'permit' || action.verb === 'deny') {
      this.decided[action.verb] ??= rule;
      return [];
    }
    // Published policies issue in authorizationrules, and later rules find the claim; it never reaches the token.
    const verb: Verb = section === 'authorizationrules' && action.verb === 'issue' ? 'add' : action.verb;
    const claims = this.#claimsOf(action, bound);
    this.#means.budget.compare(claims.length);
    if (verb !== 'add') refuseReadOnly(claims);
    if (verb === 'issueproperty') this.#setProperties(section, claims);
    this.#add(claims);
    if (verb === 'issue') this.outgoing.push(...claims);
    return claims;
  }

  #claimsOf({ claim }: Action, bound: Bound): readonly PolicyClaim[] {
    if (claim === undefined) return [];
    if (claim.kind === 'made') return this.#made(claim, bound);
    return (bound.get(claim.identifier.text) ?? []).map((each) => ({ ...each, issuer: issuerOfTaken(each.issuer) }));
  }

  #made(claim: Extract<ClaimSpec, { kind: 'made' }>, bound: Bound): readonly PolicyClaim[] {
    const type = resolve(claim.type, bound, this.#means);
    const value = resolve(claim.value, bound, this.#means);
    const name = singleString('type', type.values);
    if (claim.valueType) {
      const kind = singleString('valueType', resolve(claim.valueType, bound, this.#means).values);
      const other = value.values.find((each) => kindOf(each) !== kind);
      if (other !== undefined)
        throw refused(`valueType is '${kind}', but the value of '${name}' is of kind ${kindOf(other)}`);
    }
    const readOnly = type.tainted || value.tainted;
    return value.values.map((each) => ({ type: name, value: each, issuer: 'AttestationPolicy', readOnly }));
  }

  #setProperties(section: SectionName, claims: readonly PolicyClaim[]): void {
    for (const { type, value } of claims) {
      const form = formOf(type, this.#type);
      if (form && form.section !== section) continue;
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

function singleString(name: string, values: readonly Value[]): string {
  const [value] = values;
  if (values.length === 1 && typeof value === 'string') return value;
  const found =
    value === undefined ? 'empty' : values.length > 1 ? `a set of ${values.length}` : `of kind ${kindOf(value)}`;
  throw refused(`the ${name} of a claim must be a single String, not ${found}`);
}

const refused = (problem: string): AttestError => new AttestError('PolicyDenied', problem);
