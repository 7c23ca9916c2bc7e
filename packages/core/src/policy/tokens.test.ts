import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tokenize } from './tokens.ts';

const kinds = (text: string) => tokenize(text).map(({ kind, text: raw }) => `${kind} ${raw}`.trim());

test('a rule falls into its tokens', () => {
  expect(kinds('c:[type=="x", value>=-5]=>issue(claim=c);// done')).toEqual([
    'word c',
    'operator :',
    'operator [',
    'word type',
    'operator ==',
    'string "x"',
    'operator ,',
    'word value',
    'operator >=',
    'integer -5',
    'operator ]',
    'operator =>',
    'word issue',
    'operator (',
    'word claim',
    'operator =',
    'word c',
    'operator )',
    'operator ;',
    'comment // done',
    'end',
  ]);
});

test('a version number is one token, and a second fraction is not part of it', () => {
  expect(kinds('1.2')).toEqual(['version 1.2', 'end']);
  expect(kinds('1.2.3')).toEqual(['version 1.2', 'operator .', 'integer 3', 'end']);
  expect(kinds('1 .2')).toEqual(['integer 1', 'operator .', 'integer 2', 'end']);
});

test.each([
  ['010', 10n],
  ['-0', 0n],
  ['0xFFFFFF', 0xffffffn],
  ['-0X10', -16n],
  ['9223372036854775807', 2n ** 63n - 1n],
  ['-9223372036854775808', -(2n ** 63n)],
  [`${'0'.repeat(50_000)}7`, 7n],
])('the integer %s', (text, value) => {
  expect(tokenize(text)[0]).toMatchObject({ kind: 'integer', value });
});

test.each(['9223372036854775808', '-9223372036854775809', '0x8000000000000000', '9'.repeat(100_000)])(
  '%s does not fit into 64 bits',
  (text) => {
    expect(tokenize(text)[0]).toMatchObject({ kind: 'invalid', code: 'integer-range' });
  },
);

test('a string keeps everything but its two escapes as it is', () => {
  expect(tokenize('"a\\"b\\\\c \t\'`{}//é\u2028"')[0]).toMatchObject({
    kind: 'string',
    value: 'a"b\\c \t\'`{}//é\u2028',
  });
});

test.each([
  ['"a\\nb" x', 'bad-escape', '"a\\nb"'],
  ['"a\nb"', 'unterminated-string', '"a'],
  ['"a\rb"', 'unterminated-string', '"a'],
  ['"a\\"', 'unterminated-string', '"a\\"'],
  ['“a”', 'bad-character', '“'],
  ['/* no */', 'bad-character', '/'],
  ['a & b', 'bad-character', '&'],
  ['10abc', 'bad-character', '10abc'],
  ['-', 'bad-character', '-'],
  ['\u00a0', 'bad-character', '\u00a0'],
  ['😀', 'bad-character', '😀'],
])('%j is refused as %s', (text, code, raw) => {
  const wrong = tokenize(text).find(({ kind }) => kind === 'invalid');
  expect(wrong).toMatchObject({ code, text: raw });
});

test('positions count code points, every line break once, and no byte-order mark', () => {
  const [a, b, c, d] = tokenize('\uFEFFa "😀" b\r\n\tc\r\rd');
  expect([a, b, c, d].map((token) => token?.range.start)).toMatchObject([
    { offset: 1, line: 1, column: 1 },
    { line: 1, column: 3 },
    { line: 1, column: 7 },
    { line: 2, column: 2 },
  ]);
  expect(tokenize('\uFEFFa "😀" b\r\n\tc\r\rd')[4]?.range.start).toMatchObject({ line: 4, column: 1 });
});

test('a comment ends at any line break', () => {
  expect(kinds('//a\rb')).toEqual(['comment //a', 'word b', 'end']);
});

test('nothing makes it throw, and the tokens cover all text but white space', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const tokens = tokenize(text);
      let at = 0;
      for (const { range, text: raw } of tokens) {
        expect(text.slice(at, range.start.offset)).toMatch(/^\uFEFF?[ \t\r\n]*$/);
        expect(text.slice(range.start.offset, range.end.offset)).toBe(raw);
        at = range.end.offset;
      }
      expect(at).toBe(text.length);
      expect(tokens.at(-1)?.kind).toBe('end');
    }),
  );
});
