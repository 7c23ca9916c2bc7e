/** Where the parser stands: the tokens ahead, the grammar rules it is in, and what it found wrong so far. */
import type { AttestError } from '../errors.ts';
import { type FindingCode, finding, type PolicyFinding, refusalOf } from './finding.ts';
import { mostFindings } from './limits.ts';
import { join, type Range } from './source.ts';
import type { Word } from './syntax.ts';
import { type Token, tokenize } from './tokens.ts';

export class Cursor {
  readonly text: string;
  readonly comments: readonly Word[];
  readonly findings: PolicyFinding[] = [];
  readonly #tokens: readonly Token[];
  readonly #path: string[] = ['policy'];
  #at = 0;

  constructor(text: string) {
    this.text = text;
    const tokens = tokenize(text);
    this.comments = tokens.filter((token) => token.kind === 'comment');
    this.#tokens = tokens.filter((token) => token.kind !== 'comment');
  }

  /** The token in hand; the last one, `end`, is never left. */
  get token(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
  }
  /** The token after it. */
  get next(): Token {
    return this.#tokens[Math.min(this.#at + 1, this.#tokens.length - 1)] as Token;
  }
  /** How many tokens have been taken: whether anything was since. */
  get taken(): number {
    return this.#at;
  }
  get isFull(): boolean {
    return this.findings.length >= mostFindings;
  }

  /** Runs `parse` as grammar rule `rule`. */
  within<T>(rule: string, parse: () => T): T {
    this.#path.push(rule);
    const depth = this.#path.length;
    try {
      return parse();
    } finally {
      this.#path.length = depth - 1;
    }
  }

  /** The token in hand, of whatever kind. */
  take(): Token {
    const token = this.token;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** Whether the token in hand is this operator or word. */
  at(text: string): boolean {
    const { kind, text: found } = this.token;
    return (kind === 'operator' || kind === 'word') && found === text;
  }

  /** The token in hand if it is this operator or word. */
  accept(text: string): Token | undefined {
    return this.at(text) ? this.take() : undefined;
  }

  /** @throws {AttestError} unless the token in hand is this operator or word */
  expect(text: string): Token {
    return this.accept(text) ?? this.mismatch(`'${text}'`);
  }

  /** From a token that was taken to the last one taken. */
  since(first: Token): Range {
    return join(first.range, (this.#tokens[Math.max(0, this.#at - 1)] as Token).range);
  }

  report(code: FindingCode, range: Range, message: string): AttestError {
    const wrong = finding(this.text, 'error', code, range, message, this.#path);
    if (!this.isFull) this.findings.push(wrong);
    return refusalOf(wrong);
  }

  /** Reports the token in hand without giving up. */
  note(expected: string): AttestError {
    const { token } = this;
    if (token.kind === 'invalid') return this.report(token.code, token.range, token.problem);
    const symbol = token.kind === 'end' ? '<EOF>' : token.text;
    return this.report('mismatched-input', token.range, `mismatched input '${symbol}' expecting ${expected}`);
  }

  /** Gives up what is being parsed. Whoever can go on behind it catches this. */
  mismatch(expected: string): never {
    throw this.note(expected);
  }
}

/** Several things that could stand in one place, as the wire lists them. */
export function oneOf(words: readonly string[]): string {
  const quoted = words.map((word) => `'${word}'`).join(', ');
  return words.length === 1 ? quoted : `{${quoted}}`;
}
