/**
 * The one error of this package. Whatever goes wrong on the way to a token (the service refused, it is down, it talks
 * nonsense, the caller gave up) is an `AttestationError` that says who said what (the wire's error shape: REST API,
 * `error.code` and `error.message`, with the appraisal's id and the failing check where the service names them).
 */

/** Codes of this client itself; every other code is the service's own (`InvalidParameter`, `PolicyEvaluationError` …). */
export type ClientCode = 'Aborted' | 'AnswerInvalid' | 'EvidenceUnavailable' | 'TimedOut' | 'Unreachable';

export interface AttestationErrorDetails {
  /** HTTP status of the answer; absent when there was none. */
  readonly status?: number | undefined;
  /** Id of the kept appraisal, for `getAppraisal`. */
  readonly appraisalId?: string | undefined;
  /** Id of the check that failed, such as `intel.pck.chain`. */
  readonly check?: string | undefined;
  /** The service's name for this request, to look for in its log. */
  readonly requestId?: string | undefined;
  /** Seconds after which the service asks to be tried again. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

export class AttestationError extends Error {
  readonly code: ClientCode | (string & {});
  readonly status: number | undefined;
  readonly appraisalId: string | undefined;
  readonly check: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ClientCode | (string & {}), message: string, details: AttestationErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'AttestationError';
    this.code = code;
    this.status = details.status;
    this.appraisalId = details.appraisalId;
    this.check = details.check;
    this.requestId = details.requestId;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}
