import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../bytes/index.ts';
import { algorithm } from './algorithms.ts';
import { indicesOf, Selection, Selections, selectionOf, selectionProblem } from './selection.ts';

test('indices there and back', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(23)), (indices) => {
      const selection = selectionOf(algorithm.sha256, indices);
      expect(indicesOf(selection)).toEqual([...indices].sort((a, b) => a - b));
      expect(decode(Selection, encode(Selection, selection))).toEqual(selection);
    }),
  );
});

test('bitmaps of one to four bytes, and none of PCRs that do not exist', () => {
  expect(indicesOf(decode(Selection, Uint8Array.of(0, 11, 1, 0x81)))).toEqual([0, 7]);
  expect(indicesOf(decode(Selection, Uint8Array.of(0, 11, 4, 0, 0, 0x80, 0)))).toEqual([23]);
  expect(() => decode(Selection, Uint8Array.of(0, 11, 4, 1, 0, 0, 1))).toThrow('selects a PCR above 23');
  expect(() => decode(Selection, Uint8Array.of(0, 11, 0))).toThrow('is a bitmap of 0 bytes');
  expect(() => decode(Selection, Uint8Array.of(0, 11, 5, 1, 1, 1, 0, 0))).toThrow('is a bitmap of 5 bytes');
});

test('T34: a selection has at most 16 banks, each once, and selects something', () => {
  const one = selectionOf(algorithm.sha256, [7]);
  expect(selectionProblem([one, selectionOf(algorithm.sha1, [])])).toBeUndefined();
  expect(selectionProblem([one, selectionOf(algorithm.sha256, [8])])).toBe('selects the bank sha256 twice');
  expect(selectionProblem([])).toBe('selects no PCR');
  expect(selectionProblem([selectionOf(algorithm.sha256, [])])).toBe('selects no PCR');
  const many = encode(
    Selections,
    Array.from({ length: 17 }, () => one),
  );
  expect(() => decode(Selections, many)).toThrow('17 items, at most 16');
});
