/**
 * The one place where failures become answers: status, the wire's code, and a message. Azure Attestation's recorded
 * sentences are kept to the letter, since clients look for them; what we know beyond that follows after them.
 */
import { AttestError, type ErrorCode, errorTable, Refusal } from '@assay/core';

export interface WireError {
  readonly status: number;
  /** Ours; `wire` is what the answer says. */
  readonly code: ErrorCode;
  readonly wire: string;
  readonly message: string;
  /** The check that failed, where one did. */
  readonly check?: string;
  readonly retryAfterSeconds?: number;
}

/** Failures that pass, and when it is worth asking again. */
const retryAfterSeconds: Partial<Record<ErrorCode, number>> = {
  CollateralExpired: 30,
  CollateralInvalid: 30,
  CollateralMissing: 30,
  Overloaded: 1,
  TooManyRequests: 1,
};

/**
 * @param failure anything that was thrown
 * @param explain whether the answer may say which check failed and why
 */
export function wireErrorOf(failure: unknown, explain: boolean): WireError {
  const error = known(failure);
  const { status, wire } = errorTable[error.code];
  const retry = retryAfterSeconds[error.code];
  return {
    status,
    code: error.code,
    wire,
    message: messageOf(error, explain),
    ...(error instanceof Refusal && explain && { check: error.check.id }),
    ...(retry !== undefined && { retryAfterSeconds: retry }),
  };
}

/** The answer's body. `innererror` repeats code and message, as the original's builds from 1.10.018 do. */
export function wireBody({ wire: code, message, check }: WireError, appraisal: string | undefined): string {
  return JSON.stringify({
    error: {
      code,
      message,
      innererror: { code, message },
      ...(appraisal !== undefined && { 'x-assay-appraisal': appraisal }),
      ...(check !== undefined && { 'x-assay-check': check }),
    },
  });
}

/** Every failure as one of ours. What nobody threw on purpose is a defect, and says nothing of itself to strangers. */
function known(failure: unknown): AttestError {
  if (failure instanceof AttestError) return ownMatters.get(failure.code) ?? failure;
  const { code, statusCode } = (typeof failure === 'object' && failure !== null ? failure : {}) as {
    readonly code?: unknown;
    readonly statusCode?: unknown;
  };
  if (typeof code === 'string' && Object.hasOwn(framework, code)) return framework[code as keyof typeof framework];
  if (code === 'ECONNRESET') return new AttestError('RequestMalformed', 'The request ended before it was whole.');
  if (typeof code === 'string' && code.startsWith('FST_') && typeof statusCode === 'number' && statusCode < 500)
    return new AttestError('RequestMalformed', 'The request is not one that this service understands.');
  return defect;
}

const defect = new AttestError(
  'Defect',
  'The service failed to handle the request. This is a defect of the service, not of the request.',
);
/** What is wrong with the service itself, and may name its files: clients learn whose matter it is, the log says the rest. */
const ownMatters: ReadonlyMap<ErrorCode, AttestError> = new Map([
  ['Defect', defect],
  [
    'ConfigurationInvalid',
    new AttestError(
      'ConfigurationInvalid',
      'The service is not set up as it must be. This is for whoever runs it to mend, not for the client.',
    ),
  ],
]);

/** What Fastify itself refuses. */
const framework = {
  FST_ERR_BAD_URL: new AttestError(
    'RequestMalformed',
    'The URL is not a valid one: percent signs begin two hexadecimal digits.',
  ),
  FST_ERR_CTP_BODY_TOO_LARGE: new AttestError('BodyTooLarge', 'The request body is longer than this service accepts.'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: new AttestError(
    'RequestMalformed',
    'The request body is not as long as Content-Length says.',
  ),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: new AttestError('MediaTypeUnsupported', 'The request body must be application/json.'),
} as const;

function messageOf(error: AttestError, explain: boolean): string {
  if (error.code === 'PolicyMalformed')
    return enclaveFailure('65526', '83FFFFF6', 'Invalid policy was specified', error.message);
  if (error.code === 'OperationInvalid') return nativeFailure('74', '83FF004A', 'Bad message', error.message);
  if (!(error instanceof Refusal)) return error.message;
  if (error.code === 'PolicyDenied')
    return enclaveFailure(
      '65518',
      '83FFFFEE',
      'Policy Evaluation Error has occurred',
      `Policy Engine Exception: ${error.seen.detail}`,
    );
  const { wire } = error.check;
  const explanation = explain ? error.message : 'The evidence was refused.';
  if (wire === undefined) return explanation;
  const title = 'The specified quote was invalid due to an error in the quote collateral.';
  return `${nativeFailure('65534', '83FFFFFE', title, wire)}${explanation}`;
}

const nativeFailure = (decimal: string, hexadecimal: string, title: string, sentence: string): string =>
  `Native operation failed with ${decimal}: Exception(0) ${hexadecimal} ${title}    Msg:[${sentence}] \n\r\n`;

/** As recorded, to the letter. */
const enclaveFailure = (decimal: string, hexadecimal: string, title: string, sentence: string): string =>
  `Attestation Enclave operation failed with ${decimal}: Exception(0) ${hexadecimal} ${title}    Msg:[${sentence}] \n\r\nUnhandled Enclave Exception: "${title}"\r\n`;
