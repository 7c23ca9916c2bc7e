/** What Windows puts around TPM statements: each length must be that of what is there. */
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, decode, encode, u32le, utf8 } from '../../bytes/index.ts';
import { generateKey } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import { forgeEnclaveReport } from '../../testing.ts';
import { claimedPcrs, PlatformClaim, readEnclaveReport } from './wrappers.ts';

const words = (...values: readonly number[]): Bytes => concat(...values.map((value) => encode(u32le, value)));
const set = (bytes: Bytes, at: number, value: number): Bytes =>
  concat(bytes.subarray(0, at), words(value), bytes.subarray(at + 4));
const problem = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
  return 'reads';
};

describe('a platform claim', () => {
  const values = Uint8Array.from({ length: 24 * 32 }, (_, i) => i >> 5);
  const claim = (bank = 11, pcrs = values): Bytes =>
    concat(utf8('TPLA'), words(0, bank, 3, 4, pcrs.length), utf8('sig'), utf8('quot'), pcrs);
  const read = (input: Bytes) => {
    const found = decode(PlatformClaim, input);
    return { found, pcrs: claimedPcrs(found, 'claim') };
  };

  test('has a signature, a quote, and 24 values', () => {
    const { found, pcrs } = read(claim());
    expect([found.signature, found.quote]).toEqual([utf8('sig'), utf8('quot')]);
    expect([pcrs.size, pcrs.get(0)?.[0], pcrs.get(23)?.[31]]).toEqual([24, 0, 23]);
    expect(read(claim(4, values.subarray(0, 480))).pcrs.get(1)).toHaveLength(20);
  });

  test.each([
    ['another mark', claim().with(0, 0x55), /magic/],
    ['another version', set(claim(), 4, 1), /version/],
    ['P22: a bank that is none', claim(5), /is hmac, which is no bank/],
    ['P22: 23 values', claim(11, values.subarray(32)), /736 bytes, expected 24 of 32/],
    ['P22: values of another bank', claim(4), /768 bytes, expected 24 of 20/],
    ['T36: P22: a signature longer than all', set(claim(), 12, 0xffff_ffff), /need 4294967295 bytes/],
    ['T36: P22: a quote longer than what is left', set(claim(), 16, 2000), /need 2000 bytes/],
    ['P22: bytes left over', set(claim(), 20, values.length - 32), /32 bytes left over/],
  ])('%s is refused', (_what, input, message) => expect(problem(() => read(input))).toMatch(message));

  test('T5: P23: every first part is refused', () => {
    const whole = claim();
    for (let length = 0; length < whole.length; length++)
      expect(problem(() => read(whole.subarray(0, length)))).not.toBe('reads');
  });
});

describe('the report of an enclave', () => {
  const key = generateKey('RSA-2048');
  const good = forgeEnclaveReport({ key }, utf8('text'));
  const block = (type: number, size: number, data: Bytes): Bytes => concat(words(type, size), data);
  const withBlocks = (blocks: Bytes): Bytes => forgeEnclaveReport({ key, statement: { blocks } }, utf8('text'));

  test('may have further pieces', () => {
    expect(problem(() => readEnclaveReport(good))).toBe('reads');
    const known = block(1, 8 + 104, new Uint8Array(104));
    expect(problem(() => readEnclaveReport(withBlocks(concat(known, block(9, 12, new Uint8Array(4))))))).toBe('reads');
  });

  test.each([
    ['P22: another length than its own', set(good, 0, good.length + 1), /packageBytes at byte 0/],
    ['another version', set(good, 4, 2), /version/],
    ['P22: a statement longer than the package', set(good, 12, 100_000), /need 100000 bytes/],
    ['P22: a statement of another length than it says', set(good, 24, 1000), /reportBytes.*says 1000/],
    ['P22: a piece of no size', withBlocks(block(1, 0, new Uint8Array(0))), /size is 0, at least 8|blocks.0.size/],
    ['P22: a piece longer than what is left', withBlocks(block(2, 64, new Uint8Array(8))), /need 56 bytes, 8 left/],
    ['P22: a module that is cut', withBlocks(block(1, 40, new Uint8Array(32))), /need 32 bytes, 0 left/],
  ])('%s is refused', (_what, input, message) => expect(problem(() => readEnclaveReport(input))).toMatch(message));

  test('T5: P23: every first part is refused', () => {
    for (let length = 0; length < good.length; length++)
      expect(problem(() => readEnclaveReport(good.subarray(0, length)))).not.toBe('reads');
  });
});
