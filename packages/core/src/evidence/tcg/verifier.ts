/** Requests of the TPM protocol, as a format of evidence. */
import type { Verifier } from '../../contract.ts';
import { tpmBaseline } from './baseline.ts';
import { check } from './checks.ts';
import { tpmClaims } from './claims.ts';
import type { TpmFacts } from './facts.ts';
import { type TpmSettings, tpmSettings } from './settings.ts';
import { type AnchoredTpm, anchorTpm, decodeTpm, type TpmEvidence, verifyTpm } from './verify.ts';

export const tpmRequest: Verifier<TpmEvidence, AnchoredTpm, TpmFacts, TpmSettings> = {
  checks: check,
  settings: tpmSettings,
  decode: decodeTpm,
  anchor: anchorTpm,
  verify: verifyTpm,
  baseline: tpmBaseline,
  claims: tpmClaims,
};
