/** Parses the right side of a condition, and the arguments of actions and functions. */
import { type Cursor, oneOf } from './cursor.ts';
import { deepestExpression } from './limits.ts';
import { type Call, type Expression, type PropertyName, propertyNames, type Word } from './syntax.ts';
import { isReserved } from './undocumented.ts';

/** @throws {AttestError} at the first token that does not fit */
export const parseExpression = (cursor: Cursor): Expression => expressionAt(cursor, 0);

const expressionAt = (cursor: Cursor, depth: number): Expression =>
  cursor.within('expression', () => {
    const { token } = cursor;
    const { range } = token;
    if (token.kind === 'string') {
      cursor.take();
      return { kind: 'string', value: token.value, range };
    }
    if (token.kind === 'integer') {
      cursor.take();
      return { kind: 'integer', value: token.value, text: token.text, range };
    }
    if (token.kind === 'word' && (token.text === 'true' || token.text === 'false')) {
      cursor.take();
      return { kind: 'boolean', value: token.text === 'true', range };
    }
    if (token.kind === 'word' && cursor.next.text === '(' && !isReserved(token.text)) return callAt(cursor, depth);
    if (token.kind !== 'word' || isReserved(token.text))
      return cursor.mismatch('a string, an integer, a boolean, a property or a function');
    const identifier = parseIdentifier(cursor);
    cursor.expect('.');
    const property = parseProperty(cursor);
    return { kind: 'reference', identifier, property: property.text as PropertyName, range: cursor.since(token) };
  });

const callAt = (cursor: Cursor, depth: number): Call =>
  cursor.within('functionCall', () => {
    const name = cursor.take();
    if (depth >= deepestExpression) {
      throw cursor.report('nesting-too-deep', name.range, `functions nest deeper than ${deepestExpression} levels`);
    }
    cursor.expect('(');
    const values: Expression[] = [];
    if (!cursor.at(')')) {
      do values.push(expressionAt(cursor, depth + 1));
      while (cursor.accept(','));
    }
    if (!cursor.accept(')')) cursor.mismatch(oneOf([',', ')']));
    return { kind: 'call', name: wordOf(name), arguments: values, range: cursor.since(name) };
  });

/** A name that binds or takes claims. */
export function parseIdentifier(cursor: Cursor): Word {
  const { token } = cursor;
  if (token.kind !== 'word' || isReserved(token.text)) return cursor.mismatch('an identifier');
  return wordOf(cursor.take());
}

/** The name of a claim's property. */
export function parseProperty(cursor: Cursor): Word {
  const { token } = cursor;
  if (token.kind !== 'word') return cursor.mismatch(oneOf(propertyNames));
  if (!(propertyNames as readonly string[]).includes(token.text)) {
    throw cursor.report(
      'unknown-property',
      token.range,
      `unknown property '${token.text}' expecting ${oneOf(propertyNames)}`,
    );
  }
  return wordOf(cursor.take());
}

export const wordOf = ({ text, range }: Word): Word => ({ text, range });
