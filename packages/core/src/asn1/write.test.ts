import { expect, test } from 'vitest';
import { fromHex, hex } from '../bytes/index.ts';
import { readDer } from './read.ts';
import * as write from './write.ts';

test('lengths are minimal', () => {
  const header = (length: number): string => hex(write.octetString(new Uint8Array(length)).subarray(0, 5));
  expect([127, 128, 255, 256, 65536].map(header)).toEqual([
    '047f000000',
    '0481800000',
    '0481ff0000',
    '0482010000',
    '0483010000',
  ]);
  for (const length of [0, 127, 128, 255, 256, 65535, 65536]) {
    expect(readDer(write.octetString(new Uint8Array(length))).content.length).toBe(length);
  }
});

test('integers are minimal, from numbers and from magnitudes', () => {
  expect([0, 127, 128, -1, -129, 2n ** 64n].map((value) => hex(write.integer(value)))).toEqual([
    '020100',
    '02017f',
    '02020080',
    '0201ff',
    '0202ff7f',
    '0209010000000000000000',
  ]);
  expect(['', '00', '0001', '80', '0080'].map((magnitude) => hex(write.integer(fromHex(magnitude))))).toEqual([
    '020100',
    '020100',
    '020101',
    '02020080',
    '02020080',
  ]);
  expect(hex(write.enumerated(2))).toBe('0a0102');
});

test('sets are sorted by their encodings', () => {
  expect(hex(write.set(write.integer(2), write.nothing(), write.integer(1)))).toBe(
    '310802010102010205 00'.replace(' ', ''),
  );
});

test('context tags wrap or replace', () => {
  expect(hex(write.explicit(1, write.integer(5)))).toBe('a103020105');
  expect(hex(write.implicit(1, write.integer(5)))).toBe('810105');
  expect(hex(write.implicit(1, write.sequence(write.integer(5))))).toBe('a103020105');
});

test('named bits have no zeros at the end', () => {
  expect([[], [0], [5, 6], [8], [0, 8]].map((bits) => hex(write.namedBits(bits)))).toEqual([
    '030100',
    '03020780',
    '03020106',
    '0303070080',
    '0303078080',
  ]);
});

test('times are UTCTime while they can be (RFC 5280 §4.1.2.5)', () => {
  const kind = (year: number): number | undefined => write.time(Date.UTC(year, 0, 1))[0];
  expect([1949, 1950, 2049, 2050].map(kind)).toEqual([0x18, 0x17, 0x17, 0x18]);
});

test('what is no object identifier is refused', () => {
  for (const wrong of ['', '1', '3.1', '1.01', '1.-1', '1.2.x', '1..2'])
    expect(() => write.oid(wrong)).toThrow('is not an object identifier');
});
