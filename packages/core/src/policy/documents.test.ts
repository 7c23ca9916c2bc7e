/** Documents read by the engine are the very ones that the strict parser reads, digit for digit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Malformed } from '../errors.ts';
import { formatJson, type Json, parseJsonText } from '../json/index.ts';
import { readDocument } from './documents.ts';
import { textOf } from './jmespath-values.ts';
import { deepestQuery } from './limits.ts';

const strictly = (text: string): Json | undefined => attempt(() => parseJsonText(text, { maxDepth: deepestQuery }));
function attempt(read: () => Json): Json | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
/** Text tells 9007199254740993 from its neighbours, and -0 from 0. */
const told = (json: Json | undefined): string | undefined => (json === undefined ? undefined : formatJson(json));

test.each([
  '9223372036854775808',
  '[9007199254740993,"9007199254740992",9007199254740993]',
  '{"a":"9223372036854776000","b":9223372036854775808,"c":[9223372036854775807]}',
  '{"a":-9223372036854775809,"b":123456789012345678901}',
  '{"a":1234567890123456789012,"b":1}',
  '{"a":133467960460000000}',
  '{"a":1.0,"b":1e3,"c":0.1,"d":-0,"e":1E400}',
  '{"a":1e400}',
  '{"a":1,"a":2}',
  '{"a":1, "b":2}',
  '{"a":9007199254740993,"a":9007199254740993}',
  '{"__proto__":9007199254740993}',
  '{"__proto__":{"a":1},"b":1}',
  '{"2":1,"1":2}',
  '"\\ud800"',
  '"\\u0041\\/"',
  '"\\\\ud800"',
  '[1,]',
  '',
  'nul',
  `${'['.repeat(deepestQuery)}${']'.repeat(deepestQuery)}`,
  `${'['.repeat(deepestQuery + 1)}${']'.repeat(deepestQuery + 1)}`,
  `${'['.repeat(100_000)}`,
])('%.60j is read as the strict parser reads it', (text) => {
  expect(told(attempt(() => readDocument(text, { taken: 0 })))).toBe(told(strictly(text)));
});

const digits = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.constantFrom(
    '9223372036854776000',
    '9223372036854775808',
    '9007199254740992',
    '9007199254740993',
    '1e3',
    '0.5',
    '-0',
    '7',
  ),
);
const { text: anyJson } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4 },
    digits,
    digits.map((number) => `"${number}"`),
    fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => JSON.stringify(text)),
    fc.constantFrom('true', 'null', '"a:1234567890123456789,"', ' 1'),
    fc.array(tie('text'), { maxLength: 5 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', '10', '9', '__proto__', 'é'), tie('text')), { maxLength: 5 })
      .map((members) => `{${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`),
  ),
}));

test('the same for random texts, also of names given twice', () => {
  fc.assert(
    fc.property(anyJson, (text) => {
      expect(told(attempt(() => readDocument(text, { taken: 0 })))).toBe(told(strictly(text)));
    }),
    { numRuns: 2_000 },
  );
});

describe('written', () => {
  test('as the sorted writer writes it, for random values', () => {
    fc.assert(
      fc.property(anyJson, (text) => {
        const value = attempt(() => readDocument(text, { taken: 0 }));
        if (value !== undefined) expect(textOf(value, { taken: 0 }).text).toBe(formatJson(value, { sorted: true }));
      }),
      { numRuns: 2_000 },
    );
  });

  test('its depth is told', () => {
    const depthOf = (text: string): number => textOf(readDocument(text, { taken: 0 }), { taken: 0 }).depth;
    expect(['1', '[]', '[[]]', '{"a":[{}]}'].map(depthOf)).toEqual([0, 0, 1, 2]);
  });

  test('lone surrogates and numbers that JSON has not are refused', () => {
    for (const value of ['\ud800', ['\udfff'], { '\ud801': 1 }, [Number.NaN], Number.POSITIVE_INFINITY])
      expect(() => textOf(value as Json, { taken: 0 })).toThrow('invalid-value');
    expect(textOf('\\ud800', { taken: 0 }).text).toBe('"\\\\ud800"');
  });
});
