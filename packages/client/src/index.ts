/** Collects evidence and speaks the attestation protocol. */
export { type AttestationClient, type Attested, attestationClient, type ClientOptions } from './client.ts';
export { type Collector, collectAndAttest, reportDataFor } from './collect/collector.ts';
export { gramineCollector } from './collect/gramine.ts';
export { AttestationError, type AttestationErrorDetails, type ClientCode } from './error.ts';
export { type ApiVersion, type AttestOptions, apiVersions, type BoundData } from './framing.ts';
export type { Fetch, Outgoing, Reply } from './http.ts';
export type { Retry } from './retry.ts';
export { fetchTrusting } from './tls.ts';
export * from './tpm/index.ts';
