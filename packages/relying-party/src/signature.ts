/** Whether a token is signed by a published key. The cryptography is jose's; the choice of key and algorithm is not left to it. */
import { type CryptoKey, compactVerify } from 'jose';
import type { Algorithm } from './header.ts';
import type { PublishedKey } from './jwks.ts';
import { type ProblemCode, problem, TokenRefused } from './problem.ts';

/**
 * @param text the whole token
 * @param alg as its header says, and known to be allowed
 * @param keys all that the issuer publishes under the header's key id
 * @returns those that made the signature: one key may be published in several entries
 * @throws {TokenRefused} when none did
 */
export async function signersOf(
  text: string,
  alg: Algorithm,
  keys: readonly PublishedKey[],
): Promise<readonly PublishedKey[]> {
  if (keys.length === 0) throw refusal('header.key-id', 'the issuer publishes no key of this id', alg);
  let isAnyFit = false;
  const signers: PublishedKey[] = [];
  for (const published of keys) {
    const key = await published.for(alg);
    if (!key) continue;
    isAnyFit = true;
    if (await signed(text, alg, key)) signers.push(published);
  }
  if (!isAnyFit)
    throw refusal('header.key-id', `the issuer's key is not fit for ${alg}`, `${alg} (RSA: at least 2048 bits)`);
  if (signers.length > 0) return signers;
  throw refusal('signature', `the signature is not by the issuer's key`, alg);
}

const refusal = (code: ProblemCode, message: string, expected: string): TokenRefused =>
  new TokenRefused([problem(code, message, `a key of the issuer for ${expected}`, 'none that fits')]);

async function signed(text: string, alg: Algorithm, key: CryptoKey): Promise<boolean> {
  try {
    await compactVerify(text, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
