/** A rule compiled: its conditions as closures, its action's claims as one more, and the words that its trace quotes. */
import { AttestError } from '../errors.ts';
import type { PolicyClaim } from './claims.ts';
import { type Matcher, matcher } from './conditions.ts';
import { longestTracedValue, longestType } from './limits.ts';
import { type Bound, type Means, resolver } from './resolve.ts';
import { cut } from './source.ts';
import type { Action, MadeClaim, Rule, SectionName, Verb } from './syntax.ts';
import { issuerOfTaken } from './undocumented.ts';
import { kindOf, type Value } from './values.ts';

export interface ReadyCondition {
  readonly match: Matcher;
  /** As written, cut. */
  readonly text: string;
  /** The identifier that it binds. */
  readonly binds?: string;
}

export interface ReadyRule {
  readonly rule: Rule;
  readonly conditions: readonly ReadyCondition[];
  /** What the action does: published policies `issue` in authorizationrules, and it never reaches the token. */
  readonly verb: Verb;
  /** @throws {AttestError} when a function fails, and for a claim that cannot be */
  readonly claims: (bound: Bound, means: Means) => readonly PolicyClaim[];
}

/** @param text the policy's */
export const readyRules = (text: string, section: SectionName, rules: readonly Rule[]): readonly ReadyRule[] =>
  rules.map((rule) => ({
    rule,
    conditions: rule.conditions.map((condition) => {
      const { range, identifier, negation } = condition;
      const binds = negation ? undefined : identifier?.text;
      return {
        match: matcher(condition),
        text: cut(text.slice(range.start.offset, range.end.offset), longestTracedValue),
        ...(binds !== undefined && { binds }),
      };
    }),
    verb: section === 'authorizationrules' && rule.action.verb === 'issue' ? 'add' : rule.action.verb,
    claims: maker(rule.action),
  }));

function maker({ claim }: Action): ReadyRule['claims'] {
  if (claim === undefined) return () => [];
  if (claim.kind === 'made') return making(claim);
  const { text } = claim.identifier;
  return (bound) => (bound.get(text) ?? []).map((each) => ({ ...each, issuer: issuerOfTaken(each.issuer) }));
}

function making(claim: MadeClaim): ReadyRule['claims'] {
  const typeOf = resolver(claim.type);
  const valuesMade = resolver(claim.value);
  const kindOfAll = claim.valueType && resolver(claim.valueType);
  return (bound, means) => {
    const type = typeOf(bound, means);
    const value = valuesMade(bound, means);
    const name = singleString('type', type.values);
    if (name.length > longestType) throw refused(`the type of a claim is longer than ${longestType} characters`);
    if (kindOfAll) {
      const kind = singleString('valueType', kindOfAll(bound, means).values);
      const other = value.values.find((each) => kindOf(each) !== kind);
      if (other !== undefined)
        throw refused(`valueType is '${kind}', but the value of '${name}' is of kind ${kindOf(other)}`);
    }
    const readOnly = type.tainted || value.tainted;
    return value.values.map((each) => ({ type: name, value: each, issuer: 'AttestationPolicy', readOnly }));
  };
}

function singleString(name: string, values: readonly Value[]): string {
  const [value] = values;
  if (values.length === 1 && typeof value === 'string') return value;
  const found =
    value === undefined ? 'empty' : values.length > 1 ? `a set of ${values.length}` : `of kind ${kindOf(value)}`;
  throw refused(`the ${name} of a claim must be a single String, not ${found}`);
}

const refused = (problem: string): AttestError => new AttestError('PolicyDenied', problem);
