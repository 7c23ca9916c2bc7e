/** What collects evidence, and how data is bound to it: the same for every source of SGX evidence. */
import { createHash } from 'node:crypto';
import { type Bytes, concat } from '@assay/core/bytes';
import type { AttestationClient, Attested } from '../client.ts';
import type { AttestOptions, BoundData } from '../framing.ts';

/** A place where an enclave gets evidence about itself. */
export interface Collector {
  /**
   * @param reportData 64 bytes for the quote to carry
   * @returns an SGX quote
   * @throws {AttestationError} `EvidenceUnavailable`
   */
  readonly collect: (reportData: Bytes) => Promise<Bytes>;
}

/** Report data that binds runtime data as the service checks it: SHA-256 in the first 32 bytes, then 32 zero bytes. */
export const reportDataFor = (runtimeData: Bytes): Bytes =>
  concat(new Uint8Array(createHash('sha256').update(runtimeData).digest()), new Uint8Array(32));

/**
 * Collects a quote that binds `runtimeData`, and attests it.
 * @throws {AttestationError} when no evidence can be had, or as `attestSgxEnclave` does
 */
export async function collectAndAttest(
  client: Pick<AttestationClient, 'attestSgxEnclave'>,
  collector: Collector,
  options: AttestOptions & { readonly runtimeData: BoundData },
): Promise<Attested> {
  const quote = await collector.collect(reportDataFor(options.runtimeData.data));
  return client.attestSgxEnclave(quote, options);
}
