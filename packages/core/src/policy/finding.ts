/** What is wrong with a policy, or odd about it: one record for the wire, the command line and an editor. */
import { AttestError } from '../errors.ts';
import { excerptAt, type Range, symbolAt } from './source.ts';

/** Stable, and in kebab-case. */
export type FindingCode = ErrorFindingCode | WarningCode;
export type ErrorFindingCode =
  | 'action-not-allowed'
  | 'bad-character'
  | 'bad-escape'
  | 'bad-query'
  | 'constant-error'
  | 'duplicate-identifier'
  | 'evaluation-failed'
  | 'integer-range'
  | 'issuer-not-allowed'
  | 'mismatched-input'
  | 'nesting-too-deep'
  | 'newer-version'
  | 'ordering-of-text'
  | 'policy-too-long'
  | 'unbound-identifier'
  | 'unknown-action'
  | 'unknown-function'
  | 'unknown-property'
  | 'unknown-version'
  | 'unterminated-string'
  | 'value-type-disagrees'
  | 'wrong-arity'
  | 'wrong-kind';
export type WarningCode =
  | 'always-permits'
  | 'after-deny'
  | 'different-kinds'
  | 'never-holds'
  | 'never-incoming'
  | 'number-as-string'
  | 'property-ignored'
  | 'query-without-backticks'
  | 'shadowed-claim'
  | 'unknown-claim'
  | 'value-without-type';

export interface PolicyFinding {
  readonly severity: 'error' | 'warning';
  readonly code: FindingCode;
  /** From 1; columns in code points. */
  readonly line: number;
  readonly column: number;
  /** What is wrong and what was expected. */
  readonly message: string;
  /** The offending text. */
  readonly symbol: string;
  /** Where the grammar was: `policy > versionInfo`. */
  readonly rule: string;
  readonly range: Range;
  /** The line, and a caret below it. */
  readonly excerpt: string;
}

/** @param rule the path of grammar rules, `policy` first */
export function finding(
  text: string,
  severity: PolicyFinding['severity'],
  code: FindingCode,
  range: Range,
  message: string,
  rule: readonly string[],
): PolicyFinding {
  return {
    severity,
    code,
    line: range.start.line,
    column: range.start.column,
    message,
    symbol: range.start.offset >= text.length ? '<EOF>' : symbolAt(text, range),
    rule: rule.join(' > '),
    range,
    excerpt: excerptAt(text, range),
  };
}

/** In the words that Azure Attestation answers with. */
export const wireMessage = ({ symbol, line, column, message, rule }: PolicyFinding): string =>
  [
    `Policy Parser Exception Thrown: Offending symbol: '${symbol}'`,
    `Line: '${line}', Column: '${column}'`,
    `Failure message: '${message}'`,
    `Failing rule: '${rule}'`,
  ].join('\n');

export const refusalOf = (wrong: PolicyFinding): AttestError =>
  new AttestError('PolicyMalformed', wireMessage(wrong), {
    where: {
      path: 'policy',
      offset: wrong.range.start.offset,
      length: wrong.range.end.offset - wrong.range.start.offset,
    },
  });

/** In text order; of two at one place the one found first. */
export const inOrder = (findings: readonly PolicyFinding[]): PolicyFinding[] =>
  [...findings].sort((a, b) => a.range.start.offset - b.range.start.offset);
