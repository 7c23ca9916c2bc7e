/** Why a source did not give what it was asked for: a closed list, for logs, metrics and whoever decides when to ask again. */
import { AttestError, describe, Malformed, type Refusal } from '@assay/core';

/**
 * Every reason: what it says of the source (it is down, it asks to wait, it has not got this, its answer is not what it
 * must be), and in words.
 */
export const reasons = {
  unreachable: ['down', 'No connection, or TLS that is not trusted'],
  timeout: ['down', 'No whole answer in time'],
  status: ['down', 'A status that no such source should answer'],
  truncated: ['down', 'The connection ended in the middle of the answer'],
  limited: ['busy', 'Too many questions (429, or 503 with Retry-After)'],
  unknown: ['absent', 'The source does not know the platform, or the evaluation (404, 410, 461, 462)'],
  redirect: ['wrong', 'A redirect to another host, or one after the other'],
  encoding: ['wrong', 'The answer is compressed, though nobody asked for that'],
  'too-large': ['wrong', 'The answer is longer than allowed'],
  'no-issuers': ['wrong', 'The header with the issuer chain is absent, and no chain at hand fits'],
  malformed: ['wrong', 'The answer is no such document or list, or not a whole one'],
  issuers: ['wrong', 'The issuer chain does not end at Intel’s root key'],
  signature: ['wrong', 'The signature does not hold, byte for byte'],
  revoked: ['wrong', 'A certificate of the issuer chain is revoked'],
  subject: ['wrong', 'Genuine, but about something else than was asked for'],
  evaluation: ['wrong', 'Genuine, but of another TCB evaluation than was asked for'],
  stale: ['wrong', 'Genuine, but past its own end'],
  'not-begun': ['wrong', 'Genuine, but its time has not come yet'],
} as const satisfies { readonly [reason: string]: readonly ['down' | 'busy' | 'absent' | 'wrong', string] };

export type Reason = keyof typeof reasons;

/** One answer, or its absence, that does not do. Its message never quotes evidence: none is known here. */
export class CollateralFailure extends AttestError {
  readonly reason: Reason;
  /** For how long the source asked to be left alone, in milliseconds. */
  readonly waitMilliseconds: number | undefined;
  constructor(
    reason: Reason,
    message: string,
    { waitMilliseconds, cause }: { readonly waitMilliseconds?: number; readonly cause?: unknown } = {},
  ) {
    super(reasons[reason][0] === 'wrong' ? 'CollateralInvalid' : 'CollateralMissing', message, { cause });
    this.name = 'CollateralFailure';
    this.reason = reason;
    this.waitMilliseconds = waitMilliseconds;
  }
  get says(): (typeof reasons)[Reason][0] {
    return reasons[this.reason][0];
  }
}

/** The word of core on an answer, as a failure of its source. */
export function failureOf(refusal: Refusal): CollateralFailure {
  const { check, cause } = refusal;
  const message = refusal.message.replace(`. ${check.remedy}`, '');
  return new CollateralFailure(reasonOf(check.id, cause), describe(message, longestMessage), { cause: refusal });
}

function reasonOf(check: string, cause: unknown): Reason {
  if (check === 'intel.signing.path') return 'issuers';
  if (cause instanceof Malformed) return 'malformed';
  if (check.endsWith('.content')) return 'malformed';
  if (check.endsWith('.subject')) return 'subject';
  if (check.endsWith('.standing')) return 'revoked';
  return 'signature';
}

/** Characters of a message: it may quote a piece of an answer. */
const longestMessage = 400;
