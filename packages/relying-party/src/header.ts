/**
 * Whether a token's header may be worked with at all. What it carries of keys and addresses (`jwk`, `jku`, `x5u`) is not
 * looked at, since keys come from the issuer alone; certificates are compared with the issuer's (`certificate.ts`).
 */
import { type JsonObject, member } from './json.ts';
import { type Problem, problem } from './problem.ts';

/** Signatures that can be accepted at all: public keys only, so that a public key is never taken for a shared secret. */
export const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const;
export type Algorithm = (typeof algorithms)[number];

/** Longest key id read, in characters. */
const longestKeyId = 512;

/** @returns everything that is wrong with the header */
export function headerProblems(header: JsonObject, allowed: readonly Algorithm[]): readonly Problem[] {
  const problems: Problem[] = [];
  const alg = member(header, 'alg');
  if (alg === 'none') {
    const message = 'the token is not signed (as those of draft policies are not)';
    problems.push(problem('header.algorithm', message, allowed, alg));
  } else if (!allowed.some((name) => name === alg))
    problems.push(problem('header.algorithm', 'the algorithm is not allowed', allowed, alg));
  const typ = member(header, 'typ');
  if (typ !== undefined && (typeof typ !== 'string' || typ.toLowerCase() !== 'jwt'))
    problems.push(problem('header.type', 'the type is not JWT', 'JWT', typ));
  for (const name of ['crit', 'b64'])
    if (Object.hasOwn(header, name))
      problems.push(problem('header.critical', `the header demands an extension («${name}»)`, undefined, header[name]));
  const kid = member(header, 'kid');
  if (typeof kid !== 'string' || kid === '' || kid.length > longestKeyId)
    problems.push(problem('header.key-id', 'the header names no key', 'a key id', kid));
  return problems;
}
