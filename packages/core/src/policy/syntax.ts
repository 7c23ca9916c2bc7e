/**
 * The tree of a policy: plain data with source ranges. Grammar of the languages 1.0, 1.1 and 1.2 of Azure Attestation:
 *
 *   policy           = version [ configurationrules ] authorizationrules [ issuancerules ]
 *   rule             = [ condition { "&&" condition } ] "=>" action ";"
 *   condition        = [ "!" ] [ identifier ":" ] "[" [ test { "," test } ] "]"
 *   test             = property operator expression
 */
import type { Range } from './source.ts';

export type SectionName = 'configurationrules' | 'authorizationrules' | 'issuancerules';
/** In the order in which they must stand. */
export const sectionNames: readonly SectionName[] = ['configurationrules', 'authorizationrules', 'issuancerules'];

/** What grammar and messages call a section's rule. */
export const grammarNames: { readonly [name in SectionName]: string } = {
  configurationrules: 'configSection',
  authorizationrules: 'authzSection',
  issuancerules: 'issuanceSection',
};

export type PropertyName = 'type' | 'value' | 'valueType' | 'issuer';
export const propertyNames: readonly PropertyName[] = ['type', 'value', 'valueType', 'issuer'];

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=';
export const operators: readonly Operator[] = ['==', '!=', '<', '<=', '>', '>='];

export type Verb = 'permit' | 'deny' | 'add' | 'issue' | 'issueproperty';
export const verbs: readonly Verb[] = ['permit', 'deny', 'add', 'issue', 'issueproperty'];

export interface Policy {
  readonly version: Word;
  /** In text order. A policy without findings has `authorizationrules`, and no section twice. */
  readonly sections: readonly Section[];
  readonly comments: readonly Word[];
  readonly range: Range;
}

/** A piece of the text that is named in messages. */
export interface Word {
  readonly text: string;
  readonly range: Range;
}

export interface Section {
  readonly name: SectionName;
  readonly word: Word;
  readonly rules: readonly Rule[];
  readonly range: Range;
}

export interface Rule {
  readonly conditions: readonly Condition[];
  readonly action: Action;
  readonly range: Range;
}

export interface Condition {
  /** The `!`, where there is one. */
  readonly negation?: Word;
  readonly identifier?: Word;
  readonly tests: readonly Test[];
  readonly range: Range;
}

export interface Test {
  readonly property: PropertyName;
  readonly word: Word;
  readonly operator: Operator;
  readonly sign: Word;
  readonly right: Expression;
  readonly range: Range;
}

export interface Action {
  readonly verb: Verb;
  readonly word: Word;
  /** What is added or issued; absent for `permit` and `deny`. */
  readonly claim?: ClaimSpec;
  readonly range: Range;
}

export type ClaimSpec = TakenClaim | MadeClaim;
/** `claim=c` */
export interface TakenClaim {
  readonly kind: 'taken';
  readonly identifier: Word;
}
/** `type=…, value=…` */
export interface MadeClaim {
  readonly kind: 'made';
  readonly type: Expression;
  readonly value: Expression;
  readonly valueType?: Expression;
  /** The word `issuer`: understood, so that it can be refused by name. */
  readonly issuer?: Word;
}

export type Expression = Literal | Reference | Call;
export type Literal =
  | { readonly kind: 'string'; readonly value: string; readonly range: Range }
  /** `text` keeps the spelling: decimal or hexadecimal. */
  | { readonly kind: 'integer'; readonly value: bigint; readonly text: string; readonly range: Range }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly range: Range };
export interface Reference {
  readonly kind: 'reference';
  readonly identifier: Word;
  readonly property: PropertyName;
  readonly range: Range;
}
export interface Call {
  readonly kind: 'call';
  readonly name: Word;
  readonly arguments: readonly Expression[];
  readonly range: Range;
}

/** The rules of one section; none where it is absent. */
export const rulesOf = (policy: Policy, name: SectionName): readonly Rule[] =>
  policy.sections.find((section) => section.name === name)?.rules ?? [];

export const isLiteral = (expression: Expression): expression is Literal =>
  expression.kind !== 'reference' && expression.kind !== 'call';
