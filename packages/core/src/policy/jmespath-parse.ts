/**
 * Text of a query to the tree of @jmespath-community/jmespath, restricted to the JMESPath of 2015. The library parses
 * more than that (variables, arithmetic, a conditional, lists without commas), rounds large integers and recurses without
 * bound; so literals are read here, and tokens checked before it sees them.
 */
import { compile, tokenize } from '@jmespath-community/jmespath';
import { Malformed } from '../errors.ts';
import { type Json, parseJson } from '../json/index.ts';
import { queryError } from './jmespath-values.ts';
import { deepestQuery, longestQuery } from './limits.ts';

export type Tree = ReturnType<typeof compile>;

export interface ParsedQuery {
  readonly tree: Tree;
  /** What the `Literal` nodes of the tree, which hold a number each, stand for. */
  readonly literals: readonly Json[];
}

/** @throws {AttestError} for what is no query of the dialect, and for queries that are too long or nest too deep */
export function parseQuery(query: string): ParsedQuery {
  if (query.length > longestQuery)
    throw queryError('too-much', `a query of ${query.length} characters, at most ${longestQuery} are taken`);
  const { text, literals } = withoutLiterals(query);
  try {
    checkTokens(tokensOf(text));
    return { tree: compile(text), literals };
  } catch (error) {
    // The library's own errors are plain ones, and its tokenizer and parser have no other way to fail.
    if (error instanceof Error && (error.constructor === Error || error instanceof TypeError))
      throw queryError('syntax', error.message);
    throw error;
  }
}

/** Puts the number of each literal in its place, so that the library cannot change it. */
function withoutLiterals(query: string): { readonly text: string; readonly literals: readonly Json[] } {
  const literals: Json[] = [];
  let text = '';
  for (let at = 0; at < query.length; ) {
    const quote = query.charAt(at);
    if (quote !== '"' && quote !== "'" && quote !== '`') {
      text += quote;
      at++;
      continue;
    }
    const end = closing(query, at, quote);
    const inner = query.slice(at + 1, end);
    if (quote === '"') text += query.slice(at, end + 1);
    else {
      text += `\`${literals.length}\``;
      literals.push(quote === "'" ? inner.replaceAll("\\'", "'") : literal(inner.replaceAll('\\`', '`')));
    }
    at = end + 1;
  }
  return { text, literals };
}

function closing(query: string, start: number, quote: string): number {
  for (let at = start + 1; at < query.length; at++) {
    if (query[at] === '\\') at++;
    else if (query[at] === quote) return at;
  }
  throw queryError('syntax', `no closing ${quote} for the one at character ${start + 1}`);
}

function literal(text: string): Json {
  try {
    return parseJson(new TextEncoder().encode(text), { maxDepth: deepestQuery });
  } catch (error) {
    if (error instanceof Malformed)
      throw queryError('syntax', `the literal \`${text.slice(0, 40)}\` is not JSON: ${error.message}`);
    throw error;
  }
}

const tokensOf = (text: string): readonly Token[] =>
  tokenize(text).map(({ type, value }) => ({ type, text: String(value) }));

interface Token {
  readonly type: string;
  readonly text: string;
}

/** Tokens of the community edition that the dialect does not have. */
const foreign: ReadonlySet<string> = new Set([
  'Variable',
  'Root',
  'Assign',
  'Plus',
  'Minus',
  'Multiply',
  'Divide',
  'Modulo',
  'Div',
  'Question',
]);
const opening: ReadonlySet<string> = new Set(['Lbracket', 'Filter', 'Lbrace', 'Lparen']);
const closingTokens: ReadonlySet<string> = new Set(['Rbracket', 'Rbrace', 'Rparen']);
/** What an expression can end with, and what only a new one can begin with: side by side a comma is missing. */
const ends: ReadonlySet<string> = new Set([
  'UnquotedIdentifier',
  'QuotedIdentifier',
  'Rbracket',
  'Rbrace',
  'Rparen',
  'Number',
  'Current',
  'Literal',
  'Star',
  'Flatten',
]);
const begins: ReadonlySet<string> = new Set([
  'UnquotedIdentifier',
  'QuotedIdentifier',
  'Number',
  'Current',
  'Literal',
  'Not',
  'Expref',
]);
const comparators: ReadonlySet<string> = new Set(['EQ', 'NE', 'LT', 'LTE', 'GT', 'GTE']);
/** What the parser, and later the search, goes one level deeper for. */
const deepening: ReadonlySet<string> = new Set(['Star', 'Flatten', 'Not', 'Expref', ...comparators]);
/** Behind these a new operand stands as deep as the one before. */
const flattening: ReadonlySet<string> = new Set(['Pipe', 'Or', 'And', 'Comma']);

function checkTokens(tokens: readonly Token[]): void {
  // Levels of the enclosing brackets, and how much deeper the operand in hand has gone.
  const outer: number[] = [];
  let depth = 0;
  for (const [i, { type, text }] of tokens.entries()) {
    const before = tokens[i - 1]?.type ?? '';
    if (foreign.has(type)) throw queryError('syntax', `'${text}' is not part of JMESPath`);
    if (ends.has(before) && begins.has(type))
      throw queryError('syntax', `'${text}' without an operator or a comma before it`);
    if (before === 'Comma' && closingTokens.has(type)) throw queryError('syntax', `'${text}' after a comma`);
    if (deepening.has(type)) depth++;
    if (flattening.has(type)) depth = outer.at(-1) ?? 0;
    if (opening.has(type)) outer.push(++depth);
    // What follows stands one deeper than the bracket did: `[*]` and filters project.
    if (closingTokens.has(type)) depth = outer.pop() ?? 0;
    if (depth > deepestQuery) throw queryError('too-much', `the query nests deeper than ${deepestQuery} levels`);
  }
}

/**
 * A word that a query compares with as if it were a value: `a == true` looks for a field of that name.
 * @returns the first one; none for queries that cannot be read
 */
export function bareWord(query: string): string | undefined {
  try {
    const tokens = tokensOf(withoutLiterals(query).text);
    return tokens.find(({ type, text }, i) => {
      const [before, after] = [tokens[i - 1]?.type ?? '', tokens[i + 1]?.type ?? ''];
      const compared = comparators.has(before) || (comparators.has(after) && before !== 'Dot');
      return type === 'UnquotedIdentifier' && ['true', 'false', 'null'].includes(text) && compared;
    })?.text;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
