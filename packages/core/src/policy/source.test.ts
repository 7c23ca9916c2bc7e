import { expect, test } from 'vitest';
import { cut, excerptAt, locator, type Range } from './source.ts';

const rangeOf = (text: string, part: string): Range => {
  const at = text.indexOf(part);
  const positionOf = locator(text, 0);
  return { start: positionOf(at), end: positionOf(at + part.length) };
};

test('an excerpt is the line and a caret under the range, tabs kept', () => {
  const text = 'first\n\t😀 wrong here\nlast';
  expect(excerptAt(text, rangeOf(text, 'wrong'))).toBe('\t😀 wrong here\n\t  ^^^^^');
});

test('an excerpt of an empty range at the end of the text', () => {
  const text = 'a\n';
  const end = locator(text, 0)(2);
  expect(excerptAt(text, { start: end, end })).toBe('\n^');
});

test('an excerpt of a long line is cut around the range', () => {
  const text = `${'x'.repeat(5000)}?${'y'.repeat(5000)}`;
  const [line = '', carets = ''] = excerptAt(text, rangeOf(text, '?')).split('\n');
  expect(line).toHaveLength(120);
  expect(line[carets.indexOf('^')]).toBe('?');
});

test('a range over several lines has carets to the end of its first', () => {
  const text = 'ab cd\nef';
  expect(excerptAt(text, rangeOf(text, 'cd\nef'))).toBe('ab cd\n   ^^');
});

test('a text is cut at code points', () => {
  expect(cut('abc', 3)).toBe('abc');
  expect(cut('abcd', 3)).toBe('abc…');
  expect(cut('😀😀😀😀', 3)).toBe('😀😀😀…');
  expect(cut('😀😀😀', 3)).toBe('😀😀😀');
});
