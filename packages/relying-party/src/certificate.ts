/**
 * The certificates in a token's header (RFC 7515 §4.1.6, §4.1.7; TPM tokens carry them) against those that the issuer
 * publishes. They lend a token no trust: its key is found by its id, at the issuer. But whoever reads them elsewhere must
 * not read others than the issuer's.
 */
import { createHash } from 'node:crypto';
import { type JsonObject, member } from './json.ts';
import { type Problem, problem } from './problem.ts';

/** Certificates in standard base64, that of the key first. */
export type Chain = readonly string[];

/** Most certificates read of a header. Azure's have three. */
const most = 8;

/**
 * @param published what the issuer publishes for the key that made the signature: a chain for each entry of the key set
 * @returns what is wrong with `x5c` and `x5t`, where the header has them
 */
export function certificateProblems(header: JsonObject, published: readonly Chain[]): readonly Problem[] {
  const [x5c, x5t] = [member(header, 'x5c'), member(header, 'x5t')];
  const leaves = published.flatMap(([leaf]) => leaf ?? []);
  const problems: Problem[] = [];
  const refuse = (message: string, expected: unknown, found: unknown): void => {
    problems.push(problem('header.certificate', message, expected, found));
  };
  if (x5c !== undefined && !isChain(x5c)) refuse('«x5c» is no chain', `1 to ${most} certificates in base64`, x5c);
  else if (x5c !== undefined && !published.some((chain) => isWithin(x5c, chain)))
    refuse('the token brings certificates that its issuer does not publish for this key', leaves, x5c);
  const digests = leaves.map((leaf) => createHash('sha1').update(leaf, 'base64').digest('base64url'));
  if (x5t !== undefined && !digests.some((digest) => digest === x5t))
    refuse('the token names a certificate that its issuer does not publish for this key', digests, x5t);
  return problems;
}

const isChain = (value: unknown): value is Chain =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= most &&
  value.every((one) => typeof one === 'string' && Buffer.from(one, 'base64').toString('base64') === one);

/** The same key's certificate first, and above it none that the issuer does not publish; either may end sooner. */
const isWithin = (chain: Chain, published: Chain): boolean =>
  chain.length <= published.length && chain.every((certificate, i) => certificate === published[i]);
