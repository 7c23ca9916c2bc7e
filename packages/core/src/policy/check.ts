/** What the grammar cannot say: errors that refuse an upload (static checks of the policy language). */
import { AttestError } from '../errors.ts';
import { oneOf } from './cursor.ts';
import { type ErrorFindingCode, finding, type PolicyFinding } from './finding.ts';
import { apply, functions, misfit, type PolicyFunction } from './functions.ts';
import { mostFindings } from './limits.ts';
import { formOf } from './properties.ts';
import type { Queries } from './queries.ts';
import { setOfOne, type ValueSet } from './sets.ts';
import type { Range } from './source.ts';
import {
  type Action,
  type Call,
  type Condition,
  type Expression,
  grammarNames,
  isLiteral,
  type MadeClaim,
  type Policy,
  type Rule,
  type Section,
  type Word,
} from './syntax.ts';
import { allowedActions, issuerArgumentIsRefused, since, versions } from './undocumented.ts';
import { kindOf } from './values.ts';

/**
 * Checks whatever could be parsed; syntax errors are the parser's.
 * @param type the attestation type; without it the properties of all types are checked
 * @param queries compiles the queries of literals, and keeps them
 */
export function staticErrors(
  text: string,
  policy: Policy,
  type: string | undefined,
  queries: Queries,
): readonly PolicyFinding[] {
  const checker = new Checker(text, policy.version.text, type, queries);
  for (const section of policy.sections) checker.section(section);
  return checker.findings;
}

/** A negated condition names no claims. */
type Binding = 'bound' | 'negated';

class Checker {
  readonly findings: PolicyFinding[] = [];
  readonly #text: string;
  readonly #version: string;
  readonly #type: string | undefined;
  readonly #queries: Queries;
  #path: readonly string[] = ['policy'];

  constructor(text: string, version: string, type: string | undefined, queries: Queries) {
    this.#text = text;
    this.#version = version;
    this.#type = type;
    this.#queries = queries;
  }

  section(section: Section): void {
    this.#path = ['policy', grammarNames[section.name]];
    if (section.name === 'configurationrules') this.#newer('configurationrules', section.word);
    for (const rule of section.rules) this.#rule(section, rule);
  }

  #rule(section: Section, rule: Rule): void {
    this.#path = ['policy', grammarNames[section.name], 'rule'];
    const bound = new Map<string, Binding>();
    for (const condition of rule.conditions) this.#condition(condition, bound);
    this.#action(section, rule.action, bound);
  }

  #condition({ negation, identifier, tests }: Condition, bound: Map<string, Binding>): void {
    if (negation) this.#newer('negation', negation);
    for (const { property, operator, sign, right } of tests) {
      this.#expression(right, bound);
      if (operator === '==' || operator === '!=') continue;
      if (property !== 'value') {
        this.#error(
          'ordering-of-text',
          sign.range,
          `'${operator}' compares integers, and '${property}' is always a String`,
        );
      } else if (right.kind === 'string' || right.kind === 'boolean') {
        this.#error('ordering-of-text', right.range, `'${operator}' compares integers, not a ${kindOf(right.value)}`);
      }
    }
    if (!identifier) return;
    // Bound from here on: a condition's own tests do not see it.
    if (bound.has(identifier.text))
      this.#error(
        'duplicate-identifier',
        identifier.range,
        `identifier '${identifier.text}' is bound twice in one rule`,
      );
    bound.set(identifier.text, negation ? 'negated' : 'bound');
  }

  #action(section: Section, { verb, word, claim }: Action, bound: ReadonlyMap<string, Binding>): void {
    const allowed = allowedActions[section.name];
    if (!allowed.includes(verb)) {
      this.#error(
        'action-not-allowed',
        word.range,
        `action '${verb}' is not allowed in ${section.name} expecting ${oneOf(allowed)}`,
      );
    }
    if (claim?.kind === 'taken') this.#identifier(claim.identifier, bound);
    if (claim?.kind === 'made') {
      for (const part of [claim.type, claim.value, claim.valueType]) if (part) this.#expression(part, bound);
      this.#claim(claim);
      if (verb === 'issueproperty') this.#property(section, claim);
    }
  }

  #claim({ type, value, valueType, issuer }: MadeClaim): void {
    if (issuer && issuerArgumentIsRefused) {
      this.#error(
        'issuer-not-allowed',
        issuer.range,
        `a rule cannot say who issues a claim: expecting 'type', 'value' or 'valueType'`,
      );
    }
    for (const part of [type, valueType]) {
      if (part && isLiteral(part) && part.kind !== 'string') {
        this.#error('wrong-kind', part.range, `a ${kindOf(part.value)} where a String is expected`);
      }
    }
    if (valueType?.kind !== 'string') return;
    const kind = isLiteral(value)
      ? kindOf(value.value)
      : value.kind === 'call'
        ? functions.get(value.name.text)?.result
        : undefined;
    if (
      !['Boolean', 'Integer', 'String'].includes(valueType.value) ||
      (kind !== undefined && kind !== valueType.value)
    ) {
      this.#error(
        'value-type-disagrees',
        valueType.range,
        `valueType '${valueType.value}' does not agree with the value${kind === undefined ? '' : `, a ${kind}`}`,
      );
    }
  }

  #property(section: Section, { type, value }: MadeClaim): void {
    const form = type.kind === 'string' ? formOf(type.value, this.#type) : undefined;
    if (!form || form.section !== section.name || !isLiteral(value) || kindOf(value.value) === form.kind) return;
    this.#error('wrong-kind', value.range, `a ${kindOf(value.value)} where the property expects a ${form.kind}`);
  }

  /** @returns the value where it is constant, and nothing is wrong with it */
  #expression(expression: Expression, bound: ReadonlyMap<string, Binding>): ValueSet | undefined {
    if (isLiteral(expression)) return setOfOne(expression.value);
    if (expression.kind === 'call') return this.#call(expression, bound);
    this.#identifier(expression.identifier, bound);
    return undefined;
  }

  #identifier({ text, range }: Word, bound: ReadonlyMap<string, Binding>): void {
    const state = bound.get(text);
    if (state === undefined)
      this.#error('unbound-identifier', range, `identifier '${text}' is not bound by a condition before it`);
    if (state === 'negated')
      this.#error(
        'unbound-identifier',
        range,
        `identifier '${text}' belongs to a negated condition and stands for no claim`,
      );
  }

  #call(call: Call, bound: ReadonlyMap<string, Binding>): ValueSet | undefined {
    const before = this.findings.length;
    this.#newer('functions', call.name);
    const values = call.arguments.map((argument) => this.#expression(argument, bound));
    const called = functions.get(call.name.text);
    if (!called) {
      this.#error(
        'unknown-function',
        call.name.range,
        `unknown function '${call.name.text}' expecting ${oneOf([...functions.keys()])}`,
      );
      return undefined;
    }
    const { length } = called.parameters;
    if (values.length !== length) {
      this.#error(
        'wrong-arity',
        call.name.range,
        `function '${called.name}' takes ${length} argument${length === 1 ? '' : 's'}, not ${values.length}`,
      );
      return undefined;
    }
    return this.findings.length > before ? undefined : this.#constants(called, call, values);
  }

  /** What is constant and wrong fails every evaluation: it is refused here. */
  #constants(called: PolicyFunction, call: Call, values: readonly (ValueSet | undefined)[]): ValueSet | undefined {
    for (const [i, parameter] of called.parameters.entries()) {
      const [argument, value] = [call.arguments[i], values[i]];
      const wrong = value && misfit(parameter, value);
      if (argument && wrong !== undefined) {
        this.#error('wrong-kind', argument.range, `${called.name}: ${wrong}`);
        return undefined;
      }
    }
    const [document, query] = [values[0]?.values[0], values[1]?.values[0]];
    try {
      if (called.name === 'JmesPath' && typeof query === 'string') this.#queries.compile(query);
    } catch (error) {
      if (!(error instanceof AttestError)) throw error;
      this.#error('bad-query', (call.arguments[1] ?? call).range, `${called.name}: ${error.message}`);
      return undefined;
    }
    try {
      if ((called.name === 'JmesPath' || called.name === 'JsonToClaimValue') && typeof document === 'string')
        this.#queries.read(document);
      return values.includes(undefined) ? undefined : apply(called, values as readonly ValueSet[], this.#queries);
    } catch (error) {
      if (!(error instanceof AttestError)) throw error;
      this.#error('constant-error', (call.arguments[0] ?? call).range, error.message);
      return undefined;
    }
  }

  #newer(feature: keyof typeof since, { text, range }: Word): void {
    // A version that is not known is an error of its own.
    if (!versions.includes(this.#version) || this.#version >= since[feature]) return;
    this.#error(
      'newer-version',
      range,
      `'${text}' needs version ${since[feature]}, and this policy has version ${this.#version}`,
    );
  }

  #error(code: ErrorFindingCode, range: Range, message: string): void {
    if (this.findings.length >= mostFindings) return;
    this.findings.push(finding(this.#text, 'error', code, range, message, this.#path));
  }
}
