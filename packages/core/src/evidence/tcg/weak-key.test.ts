import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isFromFaultyGenerator } from './weak-key.ts';

const primes = [
  ...[3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109],
  ...[113, 127, 131, 137, 139, 149, 151, 157, 163, 167],
];
const product = primes.reduce((all, prime) => all * BigInt(prime), 1n);
const bytesOf = (value: bigint): Uint8Array => {
  const digits = value.toString(16);
  return new Uint8Array(Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex'));
};

test('powers of the generator are found, whatever is added in multiples of the small primes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.bigInt({ min: 0n, max: 1n << 1800n }), (power, times) => {
      expect(isFromFaultyGenerator(bytesOf(times * product + (65537n ** BigInt(power) % product)))).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('other numbers are not', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 1n << 2047n, max: (1n << 2048n) - 1n }), (modulus) => {
      expect(isFromFaultyGenerator(bytesOf(modulus))).toBe(false);
    }),
    { numRuns: 200 },
  );
});
