import { expect, test } from 'vitest';
import { utf8 } from '../bytes/index.ts';
import { readBound } from './bound-data.ts';

const read = (text: string, kind: 'JSON' | 'Binary' = 'JSON') => readBound({ bytes: utf8(text), kind }, 'data');
const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

test('JSON is read as an object, trailing NUL bytes aside; binary data is not read at all', () => {
  expect(read('{"a":1}\0\0')).toEqual({ bytes: utf8('{"a":1}\0\0'), json: { a: 1 } });
  expect(read('[', 'Binary')).toEqual({ bytes: utf8('[') });
  for (const odd of ['', '[]', '1', '{"a":1}\0 ', '\ufeff{}']) expect(() => read(odd)).toThrow(/^data/);
});

test('T35: it nests no deeper than readers of tokens follow', () => {
  expect(read(nested(32)).json).toBeDefined();
  expect(() => read(nested(33))).toThrow('nests deeper than 32 levels');
});
