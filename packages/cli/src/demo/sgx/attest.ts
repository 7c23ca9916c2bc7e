/** The client's way with an enclave: evidence that binds a fresh public key, in one request. */
import { webcrypto } from 'node:crypto';
import { type AttestationClient, type Attested, reportDataFor } from '@assay/client';
import { utf8 } from '@assay/core';
import { forgeIntel } from '@assay/core/testing';
import type { EnclaveErrand, Platform } from '../messages.ts';
import type { Way } from '../way.ts';

export async function attestEnclave(
  { platform, flip }: EnclaveErrand,
  nonce: string,
  client: Pick<AttestationClient, 'attestSgxEnclave'>,
  { collected, sending }: Way,
): Promise<Attested> {
  const { quote, runtimeData } = await collect(platform);
  collected({ length: quote.length, ...(runtimeData && { runtimeData }) });
  const sent = Uint8Array.from(quote);
  if (flip) sent[flip.byte] = (sent[flip.byte] ?? 0) ^ (1 << flip.bit);
  sending();
  return client.attestSgxEnclave(sent, {
    nonce,
    ...(runtimeData && { runtimeData: { data: runtimeData, kind: 'JSON' as const } }),
  });
}

/** A recording binds what it bound then; the simulated enclave binds a key that it has just made. */
async function collect(platform: Platform): Promise<{ readonly quote: Uint8Array; readonly runtimeData?: Uint8Array }> {
  if (platform.kind === 'recorded') return { quote: platform.quote };
  const pair = await webcrypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  const { kty, crv, x, y } = await webcrypto.subtle.exportKey('jwk', pair.publicKey);
  const runtimeData = utf8(JSON.stringify({ 'enclave-key': { kty, crv, x, y } }));
  const { seed, at } = platform;
  return { quote: forgeIntel({ seed, at }).quote({ report: { reportData: reportDataFor(runtimeData) } }), runtimeData };
}
