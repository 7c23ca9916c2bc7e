/** What is wrong with a configuration, and the reason for it in words. */
import { AttestError, reasonOf } from '@assay/core';

/** @param cause its own words, or the system's, follow after the problem */
export const misconfigured = (problem: string, cause?: unknown): AttestError =>
  cause === undefined
    ? new AttestError('ConfigurationInvalid', problem)
    : new AttestError('ConfigurationInvalid', `${problem}: ${reasonOf(cause)}`, { cause });
