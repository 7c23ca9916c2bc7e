/**
 * The demo's second process: code beside an enclave. It has evidence collected that binds a fresh public key, and sends
 * it to the provider with the client's own kit.
 */
import { webcrypto } from 'node:crypto';
import { type AttestationClient, AttestationError, attestationClient, reportDataFor } from '@assay/client';
import { utf8 } from '@assay/core';
import { forgeIntel } from '@assay/core/testing';
import { fetchAppraisal } from '../sending.ts';
import { actor } from './actor.ts';
import type { ClientNews, ClientOrder, Platform } from './messages.ts';

actor<ClientOrder, ClientNews>(async ({ endpoint, ca, platform, nonce, flip }, tell) => {
  const client = attestationClient({ endpoint, ca, retry: { retries: 0 } });
  const { quote, runtimeData } = await collect(platform);
  tell({ kind: 'collected', length: quote.length, ...(runtimeData && { runtimeData }) });
  const sent = Uint8Array.from(quote);
  if (flip) sent[flip.byte] = (sent[flip.byte] ?? 0) ^ (1 << flip.bit);
  tell({ kind: 'sending', uri: `${endpoint}/attest/SgxEnclave` });
  const begun = performance.now();
  try {
    const { token, appraisalId } = await client.attestSgxEnclave(sent, {
      nonce,
      ...(runtimeData && { runtimeData: { data: runtimeData, kind: 'JSON' as const } }),
    });
    const milliseconds = performance.now() - begun;
    const appraisal = await fetchAppraisal(client, appraisalId);
    tell({ kind: 'issued', token, milliseconds, ...(appraisal && { appraisal }) });
  } catch (error) {
    if (!(error instanceof AttestationError) || error.status === undefined) throw error;
    tell(await refusal(error, client));
  }
});

async function refusal(
  { code, message, status, check, appraisalId }: AttestationError,
  client: AttestationClient,
): Promise<ClientNews> {
  const appraisal = await fetchAppraisal(client, appraisalId);
  return {
    kind: 'refused',
    code,
    message,
    ...(status !== undefined && { status }),
    ...(check !== undefined && { check }),
    ...(appraisal && { appraisal }),
  };
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
