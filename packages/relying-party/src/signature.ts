/** Whether a token is signed by a published key. The cryptography is jose's; the choice of key and algorithm is not left to it. */
import { type CryptoKey, compactVerify } from 'jose';
import type { Algorithm } from './header.ts';
import type { PublishedKey } from './jwks.ts';
import { type ProblemCode, problem, TokenRefused } from './problem.ts';

/**
 * @param text the whole token
 * @param alg as its header says, and known to be allowed
 * @param keys all that the issuer publishes under the header's key id
 * @throws {TokenRefused} unless one of the keys made the signature
 */
export async function refuseForged(text: string, alg: Algorithm, keys: readonly PublishedKey[]): Promise<void> {
  if (keys.length === 0) throw refusal('header.key-id', 'the issuer publishes no key of this id', alg);
  const fit = (await Promise.all(keys.map((key) => key.for(alg)))).filter((key) => key !== undefined);
  if (fit.length === 0)
    throw refusal('header.key-id', `the issuer's key is not fit for ${alg}`, `${alg} (RSA: at least 2048 bits)`);
  for (const key of fit) if (await signed(text, alg, key)) return;
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
