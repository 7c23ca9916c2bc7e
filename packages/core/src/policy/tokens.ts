/**
 * Policy text to tokens, comments included, in one pass. Nothing is thrown: what is no token becomes a token of kind
 * `invalid` with its reason, so that the parser can point at it and an editor can colour the rest.
 */
import type { FindingCode } from './finding.ts';
import { locator, type Position, type Range } from './source.ts';
import { blockComment, byteOrderMark, escapable, identifierForm, integerForm } from './undocumented.ts';
import { isInt64 } from './values.ts';

export type Token = { readonly text: string; readonly range: Range } & (
  | { readonly kind: 'word' | 'version' | 'operator' | 'comment' | 'end' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'invalid'; readonly code: FindingCode; readonly problem: string }
);
export type TokenKind = Token['kind'];

const operators = /=>|==|!=|<=|>=|&&|[<>=![\]{}(),;:.]/;

/** The last token is always of kind `end`, empty, behind the text. */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const begin = text.startsWith(byteOrderMark) ? byteOrderMark.length : 0;
  const positionOf = locator(text, begin);
  // Sticky expressions remember where they stopped, so each run has its own.
  const sticky = (source: string): ((at: number) => string) => {
    const form = new RegExp(source, 'y');
    return (at) => {
      form.lastIndex = at;
      return form.exec(text)?.[0] ?? '';
    };
  };
  const spaceAt = sticky('[ \\t\\r\\n]+');
  const commentAt = sticky('//[^\\r\\n]*');
  const wordAt = sticky(identifierForm);
  const numberAt = sticky(`[0-9]+\\.[0-9]+|${integerForm}`);
  const operatorAt = sticky(operators.source);
  const tailAt = sticky('[A-Za-z0-9_]+');

  let at = begin;
  let start: Position = positionOf(at);
  /** Takes text up to `end` as one piece. */
  const take = (end: number): { readonly text: string; readonly range: Range } => {
    const piece = { text: text.slice(at, end), range: { start, end: positionOf(end) } };
    at = end;
    return piece;
  };

  while (at < text.length) {
    at += spaceAt(at).length;
    if (at >= text.length) break;
    start = positionOf(at);
    const comment = commentAt(at);
    const word = comment ? '' : wordAt(at);
    const number = comment || word ? '' : numberAt(at);
    if (comment) tokens.push({ kind: 'comment', ...take(at + comment.length) });
    else if (word) tokens.push({ kind: 'word', ...take(at + word.length) });
    else if (number) {
      const tail = tailAt(at + number.length);
      tokens.push(numeric(number, tail, take(at + number.length + tail.length)));
    } else if (text[at] === '"') {
      const { end, ...string } = stringAt(text, at);
      tokens.push({ ...string, ...take(end) });
    } else {
      const operator = operatorAt(at);
      if (operator) tokens.push({ kind: 'operator', ...take(at + operator.length) });
      else {
        const point = String.fromCodePoint(text.codePointAt(at) ?? 0);
        const problem = text.startsWith(blockComment, at)
          ? 'block comments are not part of the language'
          : strayProblem(point);
        tokens.push({ kind: 'invalid', code: 'bad-character', problem, ...take(at + point.length) });
      }
    }
  }
  start = positionOf(text.length);
  at = text.length;
  tokens.push({ kind: 'end', ...take(text.length) });
  return tokens;
}

function numeric(number: string, tail: string, piece: { readonly text: string; readonly range: Range }): Token {
  if (tail) {
    return {
      kind: 'invalid',
      code: 'bad-character',
      problem: `extraneous characters '${tail}' after a number`,
      ...piece,
    };
  }
  if (number.includes('.')) return { kind: 'version', ...piece };
  const negative = number.startsWith('-');
  const magnitude = integerOf(negative ? number.slice(1) : number);
  const value = negative ? -magnitude : magnitude;
  if (!isInt64(value)) {
    const problem = 'integer out of range: expected -9223372036854775808 to 9223372036854775807';
    return { kind: 'invalid', code: 'integer-range', problem, ...piece };
  }
  return { kind: 'integer', value, ...piece };
}

/** Leading zeros aside, 20 digits are too many already: converting more would cost more than linear time. */
function integerOf(digits: string): bigint {
  const hexadecimal = /^0[xX]/.test(digits);
  const bare = (hexadecimal ? digits.slice(2) : digits).replace(/^0+(?=.)/, '');
  return BigInt(`${hexadecimal ? '0x' : ''}${bare.slice(0, 20)}`);
}

type StringToken =
  | { readonly kind: 'string'; readonly value: string; readonly end: number }
  | { readonly kind: 'invalid'; readonly code: FindingCode; readonly problem: string; readonly end: number };

/** A string from its opening quote. A wrong one still ends where it would have, or at the end of its line. */
function stringAt(text: string, start: number): StringToken {
  let value = '';
  let kept = start + 1;
  let wrong: string | undefined;
  for (let at = start + 1; at < text.length; at++) {
    const unit = text[at];
    if (unit === '"') {
      return wrong === undefined
        ? { kind: 'string', value: value + text.slice(kept, at), end: at + 1 }
        : { kind: 'invalid', code: 'bad-escape', problem: wrong, end: at + 1 };
    }
    if (unit === '\n' || unit === '\r') {
      return {
        kind: 'invalid',
        code: 'unterminated-string',
        problem: `a string may not contain a line break: expecting '"'`,
        end: at,
      };
    }
    if (unit !== '\\') continue;
    const next = text[at + 1];
    if (next === undefined || !escapable.includes(next)) {
      wrong ??= `unknown escape '\\${next ?? ''}' in a string: expecting '\\"' or '\\\\'`;
      continue;
    }
    value += text.slice(kept, at) + next;
    at++;
    kept = at + 1;
  }
  return {
    kind: 'invalid',
    code: 'unterminated-string',
    problem: `missing '"' at the end of a string`,
    end: text.length,
  };
}

const strayProblem = (point: string): string =>
  /[\u2018-\u201f\u00ab\u00bb]/.test(point)
    ? `token recognition error at: '${point}': strings stand between straight quotes, '"'`
    : `token recognition error at: '${point}'`;
