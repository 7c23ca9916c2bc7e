/**
 * Whether whoever shows a token holds the key that it is for (`cnf`, RFC 7800). The token cannot say: a service in between
 * may have passed another's challenge on, and so have got a token for its client's key. So the holder is asked to sign
 * something fresh that names who asks. The key then speaks for the machine; that it speaks over this connection and no
 * other is for TLS.
 */
import { randomBytes } from 'node:crypto';
import { compactVerify, importJWK, type JWK } from 'jose';
import { parseCompact } from './compact.ts';
import { holderOf } from './expect/tpm.ts';
import { type JsonObject, member } from './json.ts';
import { type Problem, problem, TokenRefused } from './problem.ts';
import type { Verified } from './verifier.ts';

/** What is asked. Plain data: it can be kept in a session. Send `nonce` to the holder, and nothing else is needed. */
export interface HolderChallenge {
  /** 32 random bytes in base64url. */
  readonly nonce: string;
  /** Who asks. */
  readonly audience: string;
  /** When it is no longer answered, in milliseconds since 1970. */
  readonly until: number;
}

export interface ChallengeOptions {
  /** Who asks, by a name that holders know you by: your address, say. A proof for others is not taken. */
  readonly audience: string;
  /** How long the answer may take, in seconds. Default 60. */
  readonly lifetimeSeconds?: number;
  /** Default: now. */
  readonly now?: Date;
}

const nonceBytes = 32;

/**
 * @param verified a token that was verified
 * @throws {TokenRefused} for a token that is for no key
 * @throws {TypeError} for options that make no sense
 */
export function challengeHolder(verified: Verified, options: ChallengeOptions): HolderChallenge {
  const { audience, lifetimeSeconds = 60, now = new Date() } = options;
  if (audience === '') throw new TypeError('`audience` is empty: proofs for others would be taken');
  if (!(lifetimeSeconds > 0 && lifetimeSeconds <= 3600))
    throw new TypeError(`lifetimeSeconds must be above 0 and at most 3600, not ${lifetimeSeconds}`);
  if (Number.isNaN(now.getTime())) throw new TypeError('`now` is no date');
  keyOf(verified);
  return {
    nonce: randomBytes(nonceBytes).toString('base64url'),
    audience,
    until: now.getTime() + lifetimeSeconds * 1000,
  };
}

/** `typ` of a proof, so that it is taken for nothing else that the key signs. */
const proofType = 'holder+jwt';
/** Longest proof read, in characters. */
const longestProof = 16_384;

/**
 * Judges the answer to a challenge: a compact JWS of type `holder+jwt` by the token's key, whose payload has `nonce` and
 * `aud`. `holderProof` of the client makes it.
 * @param challenge as it was made for this token. It is good once: forget it before you call, whatever comes of it
 * @returns the token as it was verified, its holder proven
 * @throws {TokenRefused} with everything that is wrong
 * @throws {TypeError} for a time to judge at that is none
 */
export async function proveHolder(
  verified: Verified,
  challenge: HolderChallenge,
  proof: string,
  { now = new Date() }: { readonly now?: Date } = {},
): Promise<Verified> {
  if (Number.isNaN(now.getTime())) throw new TypeError('`now` is no date');
  const key = keyOf(verified);
  const algorithm = algorithmOf(key);
  if (typeof proof !== 'string' || proof.length > longestProof)
    throw refused('holder.proof', 'the proof is too long, or no text', `at most ${longestProof} characters`, undefined);
  const { header, claimed } = parseCompact(proof);
  const problems: Problem[] = [];
  const demand = (code: string, message: string, expected: unknown, found: unknown): void => {
    if (found !== expected) problems.push(problem(`holder.${code}`, message, expected, found));
  };
  demand('type', 'the proof is of another type', proofType, member(header, 'typ'));
  demand('algorithm', 'the proof is signed by another algorithm than the key’s', algorithm, member(header, 'alg'));
  for (const name of ['crit', 'b64'])
    demand('critical', `the proof’s header demands an extension («${name}»)`, undefined, member(header, name));
  demand('nonce', 'the proof answers another challenge', challenge.nonce, member(claimed, 'nonce'));
  demand('audience', 'the proof is for somebody else', challenge.audience, member(claimed, 'aud'));
  if (!(now.getTime() < challenge.until))
    problems.push(problem('holder.expired', 'the proof came too late', at(challenge.until), at(now.getTime())));
  if (problems.length > 0) throw new TokenRefused(problems);
  if (!(await isSigned(proof, key, algorithm)))
    throw refused('holder.signature', 'the proof is not signed by the key that the token is for', key, 'another key');
  return { ...verified, holder: 'proven' };
}

async function isSigned(proof: string, jwk: JsonObject, algorithm: string): Promise<boolean> {
  try {
    await compactVerify(proof, await importJWK(publicHalf(jwk), algorithm), { algorithms: [algorithm] });
    return true;
  } catch {
    return false;
  }
}

/** What a public key consists of, and nothing that would make it another kind of key. */
const publicHalf = (jwk: JsonObject): JWK =>
  Object.fromEntries(['kty', 'n', 'e', 'crv', 'x', 'y'].map((name) => [name, member(jwk, name)])) as JWK;

function keyOf({ claims }: Verified): JsonObject {
  const key = holderOf(claims);
  if (!key)
    throw refused('holder.key', 'the token is for no key: nobody can be asked for it', 'a key (cnf)', undefined);
  return key;
}

/** The one algorithm of a key: what a TPM's key signs with is fixed when it is made. */
function algorithmOf(key: JsonObject): string {
  const [kty, crv] = [member(key, 'kty'), member(key, 'crv')];
  const algorithm = kty === 'RSA' ? 'PS256' : kty === 'EC' ? curveAlgorithms.get(crv) : undefined;
  if (algorithm === undefined)
    throw refused('holder.key', 'the token is for a key of an unknown kind', 'RSA, P-256 or P-384', crv ?? kty);
  return algorithm;
}

const curveAlgorithms: ReadonlyMap<unknown, string> = new Map([
  ['P-256', 'ES256'],
  ['P-384', 'ES384'],
]);

const refused = (code: string, message: string, expected: unknown, found: unknown): TokenRefused =>
  new TokenRefused([problem(code, message, expected, found)]);

function at(milliseconds: number): string {
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? 'no time' : time.toISOString();
}
