/** What can be wrong with a token, told all at once, and the errors that say so. */
import { shownJson } from './json.ts';

/** Codes are closed and stable; those of expectations begin with their kind (`sgx.mrenclave`). */
export type ProblemCode =
  | 'malformed'
  | 'header.algorithm'
  | 'header.certificate'
  | 'header.critical'
  | 'header.key-id'
  | 'header.type'
  | 'signature'
  | 'claims.issuer'
  | 'claims.expired'
  | 'claims.not-yet-valid'
  | 'claims.too-old'
  | 'claims.nonce'
  | 'claims.insecure'
  | `holder.${string}`
  | `sgx.${string}`
  | `tpm.${string}`
  | (string & {});

export interface Problem {
  readonly code: ProblemCode;
  /** A sentence for people. */
  readonly message: string;
  readonly expected: unknown;
  /** What the token says; `undefined` when it says nothing. Cut where it is long; JSON, so `bigint` is text. */
  readonly found: unknown;
}

/** The token is not to be believed, or not what was expected. */
export class TokenRefused extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[], cause?: unknown) {
    super(`token refused: ${problems.map(sentence).join('; ')}`, cause === undefined ? {} : { cause });
    this.name = 'TokenRefused';
    this.problems = problems;
  }
}

/**
 * Nothing is known about the token, because the issuer's keys could not be had. Asking again later may help, another
 * token will not.
 */
export class KeysUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'KeysUnavailable';
  }
}

export const problem = (code: ProblemCode, message: string, expected: unknown, found: unknown): Problem => ({
  code,
  message,
  expected,
  found: typeof found === 'string' && found.length > longest ? `${found.slice(0, longest)}…` : writable(found),
});

/** Problems end in answers, as JSON. */
const writable = (found: unknown): unknown =>
  typeof found === 'bigint' || typeof found === 'object' ? (JSON.parse(shownJson(found)) as unknown) : found;

/** Longest text taken over from a token into a problem, in characters. */
const longest = 256;

const sentence = ({ message, expected, found }: Problem): string =>
  `${message} (expected ${shown(expected)}, found ${shown(found)})`;

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? value : shownJson(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
