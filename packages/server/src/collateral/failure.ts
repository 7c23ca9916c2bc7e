/** Why a source did not give what it was asked for: a closed list, for logs, metrics and whoever decides when to ask again. */
import { AttestError, describe, Malformed, type Refusal } from '@assay/core';

/** Every reason, and what it says of the source: it is down, it has not got this, or its answer is not what it must be. */
const reasons = {
  unreachable: 'down',
  timeout: 'down',
  status: 'down',
  truncated: 'down',
  limited: 'busy',
  unknown: 'absent',
  redirect: 'wrong',
  encoding: 'wrong',
  'too-large': 'wrong',
  'no-issuers': 'wrong',
  malformed: 'wrong',
  issuers: 'wrong',
  signature: 'wrong',
  revoked: 'wrong',
  subject: 'wrong',
  evaluation: 'wrong',
  stale: 'wrong',
  'not-begun': 'wrong',
} as const;

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
    super(reasons[reason] === 'wrong' ? 'CollateralInvalid' : 'CollateralMissing', message, { cause });
    this.name = 'CollateralFailure';
    this.reason = reason;
    this.waitMilliseconds = waitMilliseconds;
  }
  get says(): (typeof reasons)[Reason] {
    return reasons[this.reason];
  }
}

/** The word of core on an answer, as a failure of its source. */
export function failureOf(refusal: Refusal): CollateralFailure {
  const { check, cause } = refusal;
  return new CollateralFailure(reasonOf(check.id, cause), describe(refusal.message, longestMessage), {
    cause: refusal,
  });
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
