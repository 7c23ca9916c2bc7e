import { expect, test } from 'vitest';
import { customClaims, handleOf, hexOption, pcrChoices, plainValue } from './options.ts';

test.each([
  [undefined, 'sha256', [{ bank: 'sha256' }]],
  [
    '7, 0-2,1',
    'SHA-384,sha1',
    [
      { bank: 'sha384', indices: [0, 1, 2, 7] },
      { bank: 'sha1', indices: [0, 1, 2, 7] },
    ],
  ],
  ['23', 'sha512', [{ bank: 'sha512', indices: [23] }]],
])('PCRs %s of %s', (pcrs, banks, choices) => expect(pcrChoices(pcrs, banks)).toEqual(choices));

test.each([
  ['0-24', 'sha256'],
  ['', 'sha256'],
  ['3-1', 'sha256'],
  ['1;2', 'sha256'],
  ['0', 'sha3'],
  ['0', ''],
])('PCRs «%s» of «%s» are none', (pcrs, banks) => expect(() => pcrChoices(pcrs, banks)).toThrow(/--(pcrs|bank) takes/));

test('handles, and what is none', () => {
  expect(handleOf('0x81000003', '--aik')).toBe(0x8100_0003);
  expect(handleOf('aik.key', '--aik')).toBeUndefined();
  expect(() => handleOf('0x80000000', '--aik')).toThrow(/is no handle of a stored key/);
});

test('claims as the command line says them', () => {
  expect(customClaims(['build=7', 'canary=false', 'site=Zürich', 'id="7"', 'a=b=c', 'empty='])).toEqual([
    { name: 'build', value: 7 },
    { name: 'canary', value: false },
    { name: 'site', value: 'Zürich' },
    { name: 'id', value: '7' },
    { name: 'a', value: 'b=c' },
    { name: 'empty', value: '' },
  ]);
  for (const text of ['build', '=7', '']) expect(() => customClaims([text])).toThrow(/--claim takes NAME=VALUE/);
  expect(plainValue('-3')).toBe(-3);
});

test('hexadecimal of a bounded length', () => {
  expect(hexOption('00Ff', '--nonce', 2)).toEqual(Uint8Array.of(0, 255));
  expect(() => hexOption('0', '--nonce', 2)).toThrow(/must be hexadecimal/);
  expect(() => hexOption('000000', '--nonce', 2)).toThrow(/has 3 bytes, at most 2/);
});
