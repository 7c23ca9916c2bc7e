import { describe, expect, test } from 'vitest';
import { hex, utf8 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { date, elements, hexBytes, integer, member, type Slot, text, word } from './fields.ts';
import { parseJson } from './parse.ts';
import type { Json } from './value.ts';

const slot = (value: Json | undefined, path = 'a.b'): Slot => ({ value, path });
function refusal(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
  return expect.fail('was read');
}

describe('members', () => {
  test('know their path, from the root and below', () => {
    const root = slot({ levels: [{ tcb: { svn: 5 } }] }, '');
    const [first] = elements(member(root, 'levels'), 9);
    expect(first?.path).toBe('levels.0');
    expect(member(member(first ?? root, 'tcb'), 'svn')).toEqual({ value: 5, path: 'levels.0.tcb.svn' });
  });

  test('that are missing have no value; whoever needs them says so', () => {
    expect(member(slot({}), 'x')).toEqual({ value: undefined, path: 'a.b.x' });
    expect(refusal(() => text(member(slot({}), 'x')))).toBe('a.b.x: is missing, must be a string');
  });

  test('are sought in objects alone, and never in a prototype', () => {
    expect(refusal(() => member(slot([]), 'length'))).toBe('a.b: is an array, must be an object');
    expect(refusal(() => member(slot('text'), 'length'))).toBe('a.b: is string text, must be an object');
    expect(refusal(() => member(slot(undefined), 'x'))).toBe('a.b: is missing, must be an object');
    expect(member(slot(parseJson(utf8('{}'))), 'constructor').value).toBeUndefined();
  });
});

describe('kinds', () => {
  const cases: [string, (given: Slot) => unknown, Json | undefined, string][] = [
    ['text', text, 1, 'is number 1, must be a string'],
    ['text', text, null, 'is null, must be a string'],
    ['text', text, {}, 'is an object, must be a string'],
    ['text', text, undefined, 'is missing, must be a string'],
    ['integer', (given) => integer(given, 0, 9), '5', 'is string 5, must be an integer from 0 to 9'],
    ['integer', (given) => integer(given, 0, 9), 1.5, 'is number 1.5, must be an integer from 0 to 9'],
    ['integer', (given) => integer(given, 0, 9), 10, 'is number 10, must be an integer from 0 to 9'],
    ['integer', (given) => integer(given, 0, 9), -1, 'is number -1, must be an integer from 0 to 9'],
    ['integer', (given) => integer(given, 0, 9), true, 'is boolean true, must be an integer from 0 to 9'],
    [
      'integer',
      (given) => integer(given, 0, 9),
      2n ** 60n,
      'is bigint 1152921504606846976, must be an integer from 0 to 9',
    ],
    ['hexBytes', (given) => hexBytes(given, 2), 'abc', 'is string abc, must be 4 hexadecimal digits'],
    ['hexBytes', (given) => hexBytes(given, 2), '0xabcd', 'is string 0xabcd, must be 4 hexadecimal digits'],
    ['hexBytes', (given) => hexBytes(given, 2), 'ab d', 'at byte 2: is not a hexadecimal digit'],
    ['hexBytes', (given) => hexBytes(given, 2), 43981, 'is number 43981, must be a string'],
    ['elements', (given) => elements(given, 2), {}, 'is an object, must be an array'],
    ['elements', (given) => elements(given, 2), [1, 2, 3], 'is an array, must be an array of at most 2 elements'],
    ['elements', (given) => elements(given, 2), undefined, 'is missing, must be an array'],
    ['word', (given) => word(given, ['SGX', 'TDX']), 'sgx', 'is string sgx, must be one of SGX, TDX'],
    ['word', (given) => word(given, ['SGX', 'TDX']), undefined, 'is missing, must be one of SGX, TDX'],
  ];
  test.each(cases)('%s of %j', (_name, read, value, problem) => {
    expect(refusal(() => read(slot(value))).replace(/^a\.b:? /, '')).toBe(problem);
  });

  test('are given back as they are', () => {
    expect([text(slot('')), integer(slot(0), 0, 9), integer(slot(9), 0, 9), word(slot('SGX'), ['SGX', 'TDX'])]).toEqual(
      ['', 0, 9, 'SGX'],
    );
    expect([hex(hexBytes(slot('aBcD'), 2)), elements(slot([]), 0)]).toEqual(['abcd', []]);
  });

  test('T36: what was found is cut before it is said', () => {
    expect(refusal(() => word(slot('x'.repeat(10_000)), ['SGX'])).length).toBeLessThan(100);
  });
});

describe('dates', () => {
  test.each([
    ['2026-03-01T12:00:00Z', Date.UTC(2026, 2, 1, 12)],
    ['2024-02-29T23:59:59Z', Date.UTC(2024, 1, 29, 23, 59, 59)],
    ['1970-01-01T00:00:00Z', 0],
    ['9999-12-31T23:59:59Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ])('%s', (written, time) => expect(date(slot(written))).toBe(time));

  test.each([
    '2024-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2024-04-31T00:00:00Z',
    '2024-13-01T00:00:00Z',
    '2024-00-01T00:00:00Z',
    '2024-01-00T00:00:00Z',
    '2024-2-3',
    '2024-02-03',
    '2024-02-03T00:00Z',
    '2024-02-03T00:00:00',
    '2024-02-03T00:00:00+05:00',
    '2024-02-03T00:00:00+00:00',
    '2024-02-03T00:00:00.000Z',
    '2024-02-03T24:00:00Z',
    '2024-02-03T23:60:00Z',
    '2024-02-03T23:59:60Z',
    '2024-02-03t00:00:00z',
    '2024-02-03 00:00:00Z',
    ' 2024-02-03T00:00:00Z',
    '2024-02-03T00:00:00Z\n',
    '+002024-02-03T00:00:00Z',
    '٢٠٢٤-02-03T00:00:00Z',
    'Sat, 03 Feb 2024 00:00:00 GMT',
    '1706918400',
    '',
  ])('%j is none', (written) => {
    expect(refusal(() => date(slot(written)))).toMatch(
      /^a\.b: is string .*, must be a time written YYYY-MM-DDTHH:MM:SSZ$/s,
    );
  });

  test('nor is a number', () => {
    expect(refusal(() => date(slot(1706918400)))).toBe('a.b: is number 1706918400, must be a string');
  });
});
