import { expect, test } from 'vitest';
import { decode, encode, struct, u8 } from '../../bytes/index.ts';
import { b2, checked, counted, toEnd, when } from './fields.ts';

test('T36: a sized field has a greatest length, and is bounded by what is there', () => {
  expect(decode(b2(2), Uint8Array.of(0, 2, 7, 8))).toEqual(Uint8Array.of(7, 8));
  expect(() => decode(b2(1), Uint8Array.of(0, 2, 7, 8))).toThrow('is 2 bytes, at most 1');
  expect(() => decode(b2(0xffff), Uint8Array.of(0xff, 0xff, 7))).toThrow('need 65535 bytes, 1 left');
});

test('a rule names the byte where its field began', () => {
  const layout = struct({ a: u8, b: checked(u8, (value) => (value > 1 ? 'is too large' : undefined)) });
  expect(decode(layout, Uint8Array.of(9, 1))).toEqual({ a: 9, b: 1 });
  expect(() => decode(layout, Uint8Array.of(9, 2))).toThrow('b at byte 1: is too large');
});

test('fields that depend on others are read and written alike', () => {
  const layout = struct({
    n: u8,
    more: when((fields) => fields.n > 1, u8),
    data: counted((fields) => fields.n),
    tail: toEnd(struct({ x: u8, y: u8 })),
  });
  for (const input of [
    [1, 5],
    [2, 9, 5, 6],
    [0, 1, 2, 3, 4],
  ])
    expect(encode(layout, decode(layout, Uint8Array.from(input)))).toEqual(Uint8Array.from(input));
  expect(() => decode(layout, Uint8Array.of(0, 1, 2, 3))).toThrow('tail.1.y at byte 4: need 1 bytes, 0 left');
});
