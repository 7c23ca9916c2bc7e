/**
 * What Azure Attestation's earlier builds wrote otherwise than build 1.11.02134 (November 2022), whose tokens and
 * sentences ours equal to the byte. Whatever is not listed here must be the same.
 */

/** How a build wrote a token. */
export interface Differences {
  /** Members that it did not have yet, at top level. */
  readonly lacks: readonly string[];
  /** A space after each colon and comma of header and payload. */
  readonly isSpaced?: true;
}

const ofMay2022: Differences = { lacks: ['x-ms-sgx-tcbidentifier'] };
const ofJuly2021: Differences = { lacks: ['x-ms-policy', ...ofMay2022.lacks] };
const ofMay2021: Differences = { lacks: ['x-ms-sgx-report-data', ...ofJuly2021.lacks] };
const ofJanuary2021: Differences = { lacks: ['jti', ...ofMay2021.lacks], isSpaced: true };

/** The build that ours are equal to, as the header `x-ms-maa-service-version` says it. */
export const newest = '1.11.02134.501';

/** By build. */
export const builds: { readonly [build: string]: Differences } = {
  [newest]: { lacks: [] },
  '1.11.01956.113': ofMay2022,
  '1.10.01644.0004': ofJuly2021,
  '1.10.01581.0002': ofMay2021,
  '1.10.01483.0001': ofJanuary2021,
  '1.10.01469.0002': ofJanuary2021,
  '1.10.01439.0001': ofJanuary2021,
};

/** Recordings whose provider had a signed policy: policies are set by configuration here, and nobody signs that. */
export const signedPolicies: readonly string[] = ['attest-sgxenclave 18'];

/** By build: a sentence of a refusal as recorded, and as later builds and ours say it. */
export const sentences: { readonly [build: string]: readonly [recorded: string, ours: string] } = {
  '1.10.01643.0004': [
    'EnclaveSuppliedDataDigest does not match ReportData in quote',
    'SuppliedRuntimeDataDigest does not match RuntimeData Digest in quote',
  ],
};
