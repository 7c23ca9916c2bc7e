/** What is no error and yet most likely not meant. Warnings never refuse an upload. */
import type { Issuer } from '../claim.ts';
import { finding, type PolicyFinding, type WarningCode } from './finding.ts';
import { functions } from './functions.ts';
import { bareWord } from './jmespath-parse.ts';
import { mostFindings } from './limits.ts';
import { isTaken, isTokenOnly } from './names.ts';
import { nearest } from './nearest.ts';
import { formOf } from './properties.ts';
import type { Range } from './source.ts';
import {
  type Action,
  type Condition,
  type Expression,
  grammarNames,
  isLiteral,
  type Literal,
  type MadeClaim,
  type Policy,
  type Rule,
  type Section,
  type Test,
} from './syntax.ts';
import { customClaimPrefix } from './undocumented.ts';
import { type Kind, kindOf } from './values.ts';

/** What is known about an attestation type; without it the warnings that need it are not given. */
export interface KnownType {
  readonly type?: string;
  /** Claims that its evidence can carry. */
  readonly incoming?: readonly { readonly name: string; readonly kind?: Kind }[];
  /** Names that the service puts into its tokens. */
  readonly reserved?: readonly string[];
}

export function warningsOf(text: string, policy: Policy, known: KnownType): readonly PolicyFinding[] {
  const watcher = new Watcher(text, known);
  for (const section of policy.sections) watcher.section(section);
  return watcher.findings;
}

const issuers: readonly Issuer[] = ['AttestationService', 'AttestationPolicy', 'CustomClaim'];
const kinds: readonly Kind[] = ['Boolean', 'Integer', 'String'];
const allowedTexts = new Map<string, readonly string[]>([
  ['issuer', issuers],
  ['valueType', kinds],
]);

class Watcher {
  readonly findings: PolicyFinding[] = [];
  readonly #text: string;
  readonly #about: KnownType;
  /** Types that can be there, with their kind where all their values have it. */
  readonly #types = new Map<string, Kind | undefined>();
  /** A rule has made a type whose name the text does not show: any name may be there. */
  #anyType: boolean;
  #path: readonly string[] = [];

  constructor(text: string, known: KnownType) {
    this.#text = text;
    this.#about = known;
    this.#anyType = known.incoming === undefined;
    for (const { name, kind } of known.incoming ?? []) this.#types.set(name, kind);
  }

  section(section: Section): void {
    this.#path = ['policy', grammarNames[section.name]];
    if (section.name === 'authorizationrules') this.#decisions(section.rules);
    this.#path = [...this.#path, 'rule'];
    for (const rule of section.rules) {
      for (const condition of rule.conditions) this.#condition(condition);
      this.#action(section, rule);
    }
  }

  #decisions(rules: readonly Rule[]): void {
    // `[]` holds for any claim, and there is always one.
    const isAlways = ({ conditions, action }: Rule, verb: Action['verb']): boolean =>
      action.verb === verb && conditions.every(({ negation, tests }) => !negation && tests.length === 0);
    const denied = rules.findIndex((rule) => isAlways(rule, 'deny'));
    const after = denied < 0 ? undefined : rules[denied + 1];
    if (after) this.#warn('after-deny', after.range, 'nothing changes the outcome behind a deny() without conditions');
    const permits = rules.find((rule) => isAlways(rule, 'permit'));
    if (permits && !rules.some(({ action }) => action.verb === 'deny')) {
      this.#warn(
        'always-permits',
        permits.action.word.range,
        'nothing guards this permit(): all genuine evidence passes, debug builds too',
      );
    }
  }

  #condition({ tests }: Condition): void {
    for (const { right } of tests) this.#expression(right);
    const valued = tests.find(({ property }) => property === 'value');
    if (valued && !tests.some(({ property }) => property === 'type')) {
      this.#warn('value-without-type', valued.word.range, 'a value without a type: claims of any type satisfy this');
    }
    this.#contradictions(tests);
    const typed = tests.find(
      ({ property, operator, right }) => property === 'type' && operator === '==' && right.kind === 'string',
    );
    const type = typed?.right.kind === 'string' ? typed.right.value : undefined;
    const isCustom = tests.some(
      ({ property, right }) => property === 'issuer' && right.kind === 'string' && right.value === 'CustomClaim',
    );
    if (typed && type !== undefined && !isCustom && !type.includes(customClaimPrefix))
      this.#known(type, typed.right.range);
    for (const test of tests) this.#kinds(test, type === undefined ? undefined : this.#types.get(type));
  }

  /** Whether a claim of this type can be there at all. */
  #known(type: string, range: Range): void {
    if (this.#anyType || this.#types.has(type) || this.findings.length >= mostFindings) return;
    if (isTokenOnly(type, this.#about.reserved ?? [])) {
      this.#warn('never-incoming', range, `'${type}' is put into tokens by the service: policies never see it`);
      return;
    }
    const meant = nearest(type, this.#types.keys());
    this.#warn(
      'unknown-claim',
      range,
      `no evidence of this type carries '${type}', and no rule before makes it${meant === undefined ? '' : `: did you mean '${meant}'?`}`,
    );
  }

  /** Literals that exclude each other, or that the property never has. */
  #contradictions(tests: readonly Test[]): void {
    const equal = new Map<string, Literal>();
    for (const { property, operator, right } of tests) {
      if (operator !== '==' || !isLiteral(right)) continue;
      const first = equal.get(property);
      const allowed = allowedTexts.get(property);
      if (first && first.value !== right.value)
        this.#warn('never-holds', right.range, `'${property}' cannot be two values at once`);
      else if (right.kind === 'string' && allowed && !allowed.includes(right.value)) {
        this.#warn('never-holds', right.range, `'${property}' is one of ${allowed.join(', ')}, never '${right.value}'`);
      }
      equal.set(property, right);
    }
    const [kind, value] = [equal.get('valueType'), equal.get('value')];
    if (
      kind?.kind === 'string' &&
      value &&
      (kinds as readonly string[]).includes(kind.value) &&
      kindOf(value.value) !== kind.value
    ) {
      this.#warn('never-holds', value.range, `a ${kindOf(value.value)} is never of valueType '${kind.value}'`);
    }
    this.#bounds(tests);
  }

  #bounds(tests: readonly Test[]): void {
    let [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
    for (const { property, operator, right } of tests) {
      if (property !== 'value' || right.kind !== 'integer' || operator === '!=') continue;
      const { value } = right;
      if (operator === '>' || operator === '>=' || operator === '==')
        least = larger(least, operator === '>' ? value + 1n : value);
      if (operator === '<' || operator === '<=' || operator === '==')
        most = smaller(most, operator === '<' ? value - 1n : value);
      if (least <= most || operator === '==') continue;
      this.#warn('never-holds', right.range, 'no integer satisfies all comparisons of this condition');
      return;
    }
  }

  #kinds({ property, right }: Test, kind: Kind | undefined): void {
    if (!isLiteral(right)) return;
    const found = kindOf(right.value);
    const wanted = property === 'value' ? kind : 'String';
    if (wanted === undefined || found === wanted) return;
    if (wanted === 'Integer' && typeof right.value === 'string' && /^-?[0-9]+$/.test(right.value)) {
      this.#warn(
        'number-as-string',
        right.range,
        `the claim is an Integer, and "${right.value}" is a String: write ${right.value}`,
      );
    } else
      this.#warn(
        'different-kinds',
        right.range,
        `'${property}' is a ${wanted} here, and values of different kinds are never equal`,
      );
  }

  #action(section: Section, { conditions, action: { verb, claim } }: Rule): void {
    if (claim === undefined) return;
    if (claim.kind === 'made') {
      for (const part of [claim.type, claim.value, claim.valueType]) if (part) this.#expression(part);
      if (verb === 'issueproperty') this.#property(section, claim);
      if (claim.type.kind === 'string') {
        this.#shadow(section, verb, claim.type.value, claim.type.range);
        this.#made(claim.type.value, kindMade(claim.value));
      } else this.#anyType = true;
      return;
    }
    const taken = conditions.find(({ identifier }) => identifier?.text === claim.identifier.text);
    const type = taken?.tests.find(({ property, operator }) => property === 'type' && operator === '==')?.right;
    if (type?.kind === 'string') this.#shadow(section, verb, type.value, claim.identifier.range);
  }

  #made(type: string, kind: Kind | undefined): void {
    this.#types.set(type, this.#types.has(type) && this.#types.get(type) !== kind ? undefined : kind);
  }

  #property(section: Section, { type }: MadeClaim): void {
    if (type.kind !== 'string') return;
    const form = formOf(type.value, this.#about.type);
    if (form?.section === section.name) return;
    const why = form
      ? `belongs into ${form.section}`
      : formOf(type.value, undefined)
        ? 'belongs to another attestation type'
        : 'is not known';
    this.#warn('property-ignored', type.range, `the property '${type.value}' ${why}, and is ignored`);
  }

  #shadow(section: Section, verb: Action['verb'], type: string, range: Range): void {
    if (section.name !== 'issuancerules' || verb !== 'issue' || !isTaken(type, this.#about.reserved ?? [])) return;
    this.#warn(
      'shadowed-claim',
      range,
      `'${type}' is the service's at the top level of a token: the policy's stands in x-ms-policy alone`,
    );
  }

  #expression(expression: Expression): void {
    if (expression.kind !== 'call') return;
    for (const argument of expression.arguments) this.#expression(argument);
    const [, query] = expression.arguments;
    if (expression.name.text !== 'JmesPath' || query?.kind !== 'string') return;
    const word = bareWord(query.value);
    if (word !== undefined)
      this.#warn(
        'query-without-backticks',
        query.range,
        `the query compares with a field named '${word}': write \`${word}\` for the value`,
      );
  }

  #warn(code: WarningCode, range: Range, message: string): void {
    if (this.findings.length >= mostFindings) return;
    this.findings.push(finding(this.#text, 'warning', code, range, message, this.#path));
  }
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const kindMade = (value: Expression): Kind | undefined =>
  isLiteral(value) ? kindOf(value.value) : value.kind === 'call' ? functions.get(value.name.text)?.result : undefined;
