import { expect, test } from 'vitest';
import { Budget } from './budget.ts';
import { apply, functions } from './functions.ts';
import { Queries } from './queries.ts';
import { setOf } from './sets.ts';
import type { Value } from './values.ts';

const call = (name: string, ...args: readonly (readonly Value[])[]): readonly Value[] | string => {
  const called = functions.get(name);
  if (!called) throw new Error(name);
  const budget = new Budget();
  try {
    return apply(
      called,
      args.map((values) => setOf(values, false, budget)),
      new Queries(budget),
    ).values;
  } catch (error) {
    return (error as Error).message;
  }
};

test('there are six functions', () => {
  expect([...functions.keys()]).toEqual([
    'JmesPath',
    'JsonToClaimValue',
    'IsSubsetOf',
    'AppendString',
    'NegateBool',
    'ContainsOnlyValue',
  ]);
});

test.each([
  ['100', [100n]],
  ['-0', [0n]],
  ['9223372036854775807', [9223372036854775807n]],
  ['-9223372036854775808', [-9223372036854775808n]],
  ['true', [true]],
  ['"abc"', ['abc']],
  ['"1.5e3"', ['1.5e3']],
  ['"a\\"1.5"', ['a"1.5']],
  ['null', []],
  ['[]', []],
  [' [0, "abc", true, null, 0] ', [0n, 'abc', true]],
  ['["1.0", 2]', ['1.0', 2n]],
  ['["\\\\", 2, "\\"1.5"]', ['\\', 2n, '"1.5']],
] as [string, Value[]][])('JsonToClaimValue(%s)', (json, values) =>
  expect(call('JsonToClaimValue', [json])).toEqual(values),
);

test.each([
  ['9223372036854775808', 'the integer does not fit into 64 bits'],
  ['-9223372036854775809', 'the integer does not fit into 64 bits'],
  ['1.5', 'the number 1.5 is not written as an integer'],
  ['1.0', 'the number 1.0 is not written as an integer'],
  ['1e3', 'the number 1e3 is not written as an integer'],
  ['[1,\n"a\\\\",-2.0]', 'the number -2.0 is not written as an integer'],
  ['[1, 1E3]', 'the number 1E3 is not written as an integer'],
  ['1e20', 'the number 1e20 is not written as an integer'],
  ['{}', 'a JSON object is not a claim value'],
  ['[{}]', 'an array that holds an object is not a claim value'],
  ['[[1]]', 'an array that holds an array is not a claim value'],
  ['abc', 'not JSON'],
  ['', 'not JSON'],
  ['1 2', 'not JSON'],
  ['{"a":1,"a":2}', 'not JSON'],
  [`[${'1,'.repeat(10_000)}1]`, 'at most 10000 are taken'],
  ['['.repeat(200) + ']'.repeat(200), 'nests deeper than 100 levels'],
])('JsonToClaimValue(%s) fails: %s', (json, problem) => expect(call('JsonToClaimValue', [json])).toContain(problem));

test.each([
  ['{"foo": "bar"}', 'foo', '"bar"'],
  ['{}', 'foo', 'null'],
  ['{"b":[1, 2],"a":{"d":"é/","c":9223372036854775808}}', '@', '{"a":{"c":9223372036854775808,"d":"é/"},"b":[1,2]}'],
])('JmesPath(%s, %s) gives %s', (json, query, text) => expect(call('JmesPath', [json], [query])).toEqual([text]));

test.each([
  ['', 'a', 'json must be a single non-empty String, not empty'],
  ['{}', '', 'query must be a single non-empty String, not empty'],
  ['{', 'a', 'not JSON'],
  ['{}', 'a[', 'JMESPath syntax'],
  ['{}', 'length(a)', 'JMESPath invalid-type'],
])('JmesPath(%j, %j) fails: %s', (json, query, problem) =>
  expect(call('JmesPath', [json], [query])).toContain(problem),
);

test('a result is a set: 1, true and "1" are three values', () => {
  expect(call('IsSubsetOf', [1n], ['1', true])).toEqual([false]);
  expect(call('IsSubsetOf', [1n, 'x'], ['x', true, 1n])).toEqual([true]);
  expect(call('IsSubsetOf', [], [])).toEqual([true]);
  expect(call('ContainsOnlyValue', [1n, 1n], [1n])).toEqual([true]);
  expect(call('ContainsOnlyValue', [1n, 2n], [1n])).toEqual([false]);
  expect(call('ContainsOnlyValue', ['1'], [1n])).toEqual([false]);
  expect(call('ContainsOnlyValue', [], [1n])).toEqual([false]);
  expect(call('ContainsOnlyValue', [1n], [1n, 2n])).toBe('ContainsOnlyValue: v must be a single value, not a set of 2');
  expect(call('ContainsOnlyValue', [1n], [])).toBe('ContainsOnlyValue: v must be a single value, not empty');
});

test('strings append, also empty ones; booleans negate', () => {
  expect(call('AppendString', ['abc'], [''])).toEqual(['abc']);
  expect(call('AppendString', ['abc'], [1n])).toBe('AppendString: b must be a single String, not of kind Integer');
  expect(call('AppendString', ['abc'], ['x', 'y'])).toBe('AppendString: b must be a single String, not a set of 2');
  expect(call('NegateBool', [true])).toEqual([false]);
  expect(call('NegateBool', ['true'])).toBe('NegateBool: b must be a single Boolean, not of kind String');
});
