import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8 } from '../bytes/index.ts';
import { formatJson } from './format.ts';
import { parseJson } from './parse.ts';
import type { Json } from './value.ts';

test('is compact and escapes no more than it must', () => {
  expect(formatJson({ b: [1, 18446744073709551615n, -0.5, null, true], a: 'é/"\\\u0001\n\u007f\u2028' })).toBe(
    '{"b":[1,18446744073709551615,-0.5,null,true],"a":"é/\\"\\\\\\u0001\\n\u007f\u2028"}',
  );
});

test('members can be sorted by the bytes of their UTF-8 names, at every level', () => {
  const value = { '\u{1f600}': 1, '\uffff': { z: 1, Z: 2, aa: 3, a: 4 }, é: 2, e: 3 };
  expect(formatJson(value, { sorted: true })).toBe('{"e":3,"é":2,"\uffff":{"Z":2,"a":4,"aa":3,"z":1},"\u{1f600}":1}');
});

test('sorting follows the bytes, for any names', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.string({ unit: 'binary' }).filter((name) => !/\p{Surrogate}/u.test(name)),
        { maxLength: 8 },
      ),
      (names) => {
        const object = Object.fromEntries(names.map((name) => [name, 1]));
        const sorted = [...names].sort((a, b) => Buffer.compare(utf8(a), utf8(b)));
        expect(formatJson(object, { sorted: true })).toBe(
          `{${sorted.map((name) => `${JSON.stringify(name)}:1`).join(',')}}`,
        );
      },
    ),
  );
});

test('refuses what JSON cannot say', () => {
  expect(() => formatJson({ a: [Number.NaN] })).toThrow('a.0 at byte 0: NaN is not a JSON number');
  expect(() => formatJson({ a: Number.POSITIVE_INFINITY })).toThrow('not a JSON number');
  expect(() => formatJson(['\ud800'])).toThrow('surrogate');
  expect(() => formatJson({ '\udc00': 1 })).toThrow('surrogate');
});

const big = fc.bigInt({ min: -(10n ** 399n - 1n), max: 10n ** 399n - 1n });
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    // Integral doubles beyond 2^53 come back as bigint: the one thing that text does not tell.
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
    big.filter((value) => !Number.isSafeInteger(Number(value))),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('tree'), { maxKeys: 5, noNullPrototype: false }),
  ),
}));

test('what is written is read back the same', () => {
  fc.assert(
    fc.property(tree, fc.boolean(), (value, sorted) => {
      expect(parseJson(utf8(formatJson(value, { sorted })))).toEqual(value);
    }),
  );
});
