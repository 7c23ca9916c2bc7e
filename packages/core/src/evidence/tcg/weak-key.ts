/**
 * RSA keys of a faulty generator (Infineon, ROCA, CVE-2017-15361): their primes are made of powers of 65537, so that
 * every modulus leaves such a power as remainder, whatever small prime it is divided by. Chance does so once in 2^27.
 */
import type { Bytes } from '../../bytes/index.ts';

const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** Powers of the generator modulo each prime. */
const remainders: readonly (readonly [prime: number, powers: ReadonlySet<number>])[] = smallPrimes.map((prime) => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65537) % prime) powers.add(power);
  return [prime, powers];
});

/** @param modulus big-endian */
export const isFromFaultyGenerator = (modulus: Bytes): boolean =>
  remainders.every(([prime, powers]) => powers.has(modulus.reduce((rest, byte) => (rest * 256 + byte) % prime, 0)));
