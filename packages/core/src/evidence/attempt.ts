/** Where decoding of outside data meets the record: a `Malformed` becomes the refusal of the check that asked. */
import type { Appraisal, Check } from '../appraisal.ts';
import { Malformed } from '../errors.ts';

/**
 * Runs a decoder. Success is not recorded (the check may ask for more than shape); a failure is, with path and byte.
 * @throws {Refusal} by the check given
 */
export function attempt<T>(appraisal: Appraisal, check: Check, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const { path, offset, problem } = error;
    const seen = { detail: problem, where: { path, ...(offset !== undefined && { offset }) } };
    return appraisal.refuse(check, seen, error);
  }
}
