/** Parses one rule: conditions, `=>`, action. */
import { type Cursor, oneOf } from './cursor.ts';
import { parseExpression, parseIdentifier, parseProperty, wordOf } from './expressions.ts';
import {
  type Action,
  type ClaimSpec,
  type Condition,
  type Expression,
  type Operator,
  operators,
  type PropertyName,
  type Rule,
  type Test,
  type Verb,
  verbs,
  type Word,
} from './syntax.ts';

/** Up to the action's closing parenthesis; the `;` is left to the section. @throws {AttestError} */
export const parseRule = (cursor: Cursor): Rule =>
  cursor.within('rule', () => {
    const first = cursor.token;
    const conditions: Condition[] = [];
    if (!cursor.at('=>')) {
      cursor.within('conditionList', () => {
        do conditions.push(parseCondition(cursor));
        while (cursor.accept('&&'));
      });
    }
    if (!cursor.accept('=>')) cursor.mismatch(oneOf(['&&', '=>']));
    const action = parseAction(cursor);
    return { conditions, action, range: cursor.since(first) };
  });

const parseCondition = (cursor: Cursor): Condition =>
  cursor.within('condition', () => {
    const first = cursor.token;
    const negation = cursor.accept('!');
    const identifier = cursor.at('[') ? undefined : identifierOf(cursor, negation !== undefined);
    cursor.expect('[');
    const tests: Test[] = [];
    if (!cursor.at(']')) {
      do tests.push(parseTest(cursor));
      while (cursor.accept(','));
    }
    if (!cursor.accept(']')) cursor.mismatch(oneOf([',', ']']));
    return {
      ...(negation && { negation: wordOf(negation) }),
      ...(identifier && { identifier }),
      tests,
      range: cursor.since(first),
    };
  });

function identifierOf(cursor: Cursor, negated: boolean): Word {
  if (cursor.token.kind !== 'word') cursor.mismatch(oneOf(negated ? ['['] : ['!', '[', '=>']));
  const identifier = parseIdentifier(cursor);
  cursor.expect(':');
  return identifier;
}

const parseTest = (cursor: Cursor): Test =>
  cursor.within('propCondition', () => {
    const word = parseProperty(cursor);
    const sign = cursor.token;
    if (sign.kind !== 'operator' || !(operators as readonly string[]).includes(sign.text))
      cursor.mismatch(oneOf(operators));
    cursor.take();
    const right = parseExpression(cursor);
    return {
      property: word.text as PropertyName,
      word,
      operator: sign.text as Operator,
      sign: wordOf(sign),
      right,
      range: { start: word.range.start, end: right.range.end },
    };
  });

const parseAction = (cursor: Cursor): Action =>
  cursor.within('action', () => {
    const word = cursor.token;
    if (word.kind !== 'word') cursor.mismatch(oneOf(verbs));
    if (!(verbs as readonly string[]).includes(word.text)) {
      throw cursor.report('unknown-action', word.range, `mismatched input '${word.text}' expecting ${oneOf(verbs)}`);
    }
    cursor.take();
    const verb = word.text as Verb;
    cursor.expect('(');
    const claim = verb === 'permit' || verb === 'deny' ? undefined : parseClaim(cursor);
    if (!cursor.accept(')')) cursor.mismatch(claim?.kind === 'made' ? oneOf([',', ')']) : `')'`);
    return { verb, word: wordOf(word), ...(claim && { claim }), range: cursor.since(word) };
  });

const argumentNames = ['type', 'value', 'valueType', 'issuer'] as const;
type ArgumentName = (typeof argumentNames)[number];

/** `claim=c`, or `type=…` and `value=…` in either order with whatever else is said. */
const parseClaim = (cursor: Cursor): ClaimSpec =>
  cursor.within('claimSpec', () => {
    if (cursor.accept('claim')) {
      cursor.expect('=');
      return { kind: 'taken', identifier: parseIdentifier(cursor) };
    }
    const given = new Map<ArgumentName, Expression>();
    let issuer: Word | undefined;
    do {
      const left = argumentNames.filter((name) => !given.has(name));
      const { token } = cursor;
      const name = token.kind === 'word' ? left.find((each) => each === token.text) : undefined;
      if (name === undefined) return cursor.mismatch(oneOf(given.size === 0 ? ['claim', 'type', 'value'] : left));
      cursor.take();
      if (name === 'issuer') issuer = wordOf(token);
      cursor.expect('=');
      given.set(name, parseExpression(cursor));
    } while (cursor.accept(','));
    const [type, value, valueType] = [given.get('type'), given.get('value'), given.get('valueType')];
    // The closing parenthesis is the offending token where an argument is missing.
    if (!type || !value) return cursor.mismatch(`','`);
    return { kind: 'made', type, value, ...(valueType && { valueType }), ...(issuer && { issuer }) };
  });
