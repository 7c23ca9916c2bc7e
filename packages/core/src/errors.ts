/**
 * Every way a request can end without a token, in one table: who must act, and what the wire says.
 * Codes are few, closed and stable; the many checks that lead to them are declared beside each verifier.
 */

/** Who must act on a failure: the client, nobody (do not trust this machine), whoever runs the service, or its developers. */
export type Actor = 'caller' | 'evidence' | 'operator' | 'us';

interface Row {
  readonly actor: Actor;
  /** `error.code` on the wire (Azure Attestation's where one is recorded). */
  readonly wire: string;
  readonly status: number;
}

const row = (actor: Actor, wire: string, status: number): Row => ({ actor, wire, status });

export const errorTable = {
  ApiVersionUnspecified: row('caller', 'ApiVersionUnspecified', 400),
  ApiVersionUnsupported: row('caller', 'UnsupportedApiVersion', 400),
  BaselineUnmet: row('evidence', 'InvalidParameter', 400),
  BodyTooLarge: row('caller', 'PayloadTooLarge', 413),
  CollateralExpired: row('operator', 'ServiceUnavailable', 503),
  CollateralInvalid: row('operator', 'ServiceUnavailable', 503),
  CollateralMissing: row('operator', 'ServiceUnavailable', 503),
  ConfigurationInvalid: row('operator', 'InternalServerError', 500),
  Defect: row('us', 'InternalServerError', 500),
  EvidenceMalformed: row('caller', 'InvalidParameter', 400),
  EvidenceRefused: row('evidence', 'InvalidParameter', 400),
  HeadersTooLarge: row('caller', 'RequestHeaderFieldsTooLarge', 431),
  MediaTypeUnsupported: row('caller', 'UnsupportedMediaType', 415),
  MethodNotAllowed: row('caller', 'MethodNotAllowed', 405),
  NotFound: row('caller', 'NotFound', 404),
  OperationInvalid: row('caller', 'InvalidOperation', 400),
  Overloaded: row('operator', 'ServiceUnavailable', 503),
  PolicyAbsent: row('operator', 'Bad request', 400),
  PolicyDenied: row('evidence', 'PolicyEvaluationError', 400),
  PolicyMalformed: row('caller', 'PolicyParsingError', 400),
  RequestMalformed: row('caller', 'InvalidParameter', 400),
  RequestTimeout: row('caller', 'RequestTimeout', 408),
  RuntimeDataMismatch: row('caller', 'InvalidParameter', 400),
  TooManyRequests: row('caller', 'TooManyRequests', 429),
  Unauthorized: row('caller', 'Unauthorized', 401),
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errorTable;

/** Where in the input something was wrong: a path of member or field names, and bytes from the start of that input. */
export interface Where {
  readonly path: string;
  readonly offset?: number;
  readonly length?: number;
}

/** The one error that steps throw on purpose. Anything else that is thrown is a defect. */
export class AttestError extends Error {
  readonly code: ErrorCode;
  readonly where: Where | undefined;
  constructor(code: ErrorCode, message: string, options: { readonly where?: Where; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AttestError';
    this.code = code;
    this.where = options.where;
  }
}

/** Text for messages and logs: characters that steer terminals or hide themselves are shown by their number. */
export const printable = (text: string): string =>
  // Nearly all text is plain ASCII, which is found out much faster.
  /^[\x20-\x7e]*$/.test(text)
    ? text
    : text.replace(
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
        (character) => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`,
      );

/**
 * Thrown by every decoder and parser of outside data (bytes, base64, JSON, DER, PEM). It says where and what, but not
 * whose fault it is: whoever asked for the decoding turns it into an `AttestError`.
 */
export class Malformed extends Error {
  readonly path: string;
  /** Byte (or for text, character) position from the start of the decoded input; undefined where only the path is known. */
  readonly offset: number | undefined;
  readonly problem: string;
  constructor(path: string, offset: number | undefined, problem: string) {
    super(printable(`${path || 'value'}${offset === undefined ? '' : ` at byte ${offset}`}: ${problem}`));
    this.name = 'Malformed';
    this.path = path;
    this.offset = offset;
    this.problem = problem;
  }
}

/** What the system calls a failure, in words. */
const reasons: { readonly [code: string]: string } = {
  EACCES: 'permission is denied',
  EADDRINUSE: 'another program listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  EEXIST: 'it exists already',
  EISDIR: 'it is a folder',
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of the path is not a folder',
  ENOTFOUND: 'there is no such host',
};

/** Why something failed, for messages: the system's reason in words where it is a common one, otherwise its own. */
export function reasonOf(cause: unknown): string {
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: string };
  const isCommon = typeof code === 'string' && Object.hasOwn(reasons, code);
  return (isCommon ? reasons[code] : undefined) ?? message ?? String(cause);
}
