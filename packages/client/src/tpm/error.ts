/** Whatever goes wrong with the TPM itself: refusals with their code, and devices that cannot be spoken to. */
import { AttestationError } from '../error.ts';
import { type Asked, type ResponseName, responseOf, sentenceFor } from './reasons.ts';

/**
 * Reasons that are no answer of a TPM. `Absent`: nothing there. `Denied`: no permission. `Busy`: somebody else has it.
 * `Lost`: the connection broke, or was given up. `TimedOut`: no answer. `Nonsense`: an answer that is none. `Unfit`: the
 * TPM works, and does not have or do what was asked for.
 */
export type DeviceReason = 'Absent' | 'Busy' | 'Denied' | 'Lost' | 'Nonsense' | 'TimedOut' | 'Unfit';

export interface TpmErrorDetails {
  /** Name of the command, without `TPM2_`. */
  readonly command?: string | undefined;
  /** The response code, without what a resource manager adds to it. */
  readonly rc?: number | undefined;
  readonly cause?: unknown;
}

/** An `AttestationError` whose code is `EvidenceUnavailable`. */
export class TpmError extends AttestationError {
  /** A TPM_RC without its prefix, such as `HANDLE`, or why the TPM could not be spoken to. */
  readonly reason: ResponseName | DeviceReason;
  readonly rc: number | undefined;
  readonly command: string | undefined;

  constructor(reason: ResponseName | DeviceReason, message: string, details: TpmErrorDetails = {}) {
    super('EvidenceUnavailable', message, { cause: details.cause });
    this.name = 'TpmError';
    this.reason = reason;
    this.rc = details.rc;
    this.command = details.command;
  }
}

/** The error for a response code. @param code as it came */
export function refusedBy(code: number, asked: Asked): TpmError {
  const response = responseOf(code);
  const { name, rc } = response;
  const number = `0x${rc.toString(16).padStart(3, '0')}`;
  const tail = name === 'UNKNOWN' ? number : `TPM_RC_${name}, ${number}`;
  return new TpmError(name, `TPM2_${asked.command}: ${sentenceFor(response, asked)} (${tail})`, {
    command: asked.command,
    rc,
  });
}
