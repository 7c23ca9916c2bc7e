/** The client's way with a machine: two rounds, the second of which answers the service's challenge by a quote. */
import { type AttestationClient, type Attested, type TpmCollector, tpmCollector } from '@assay/client';
import { fromBase64 } from '@assay/core/bytes';
import { forgeTpm } from '@assay/core/testing';
import type { Machine, MachineErrand } from '../messages.ts';
import type { Way } from '../way.ts';

/** The request that was made first: whoever keeps it can send it again. */
let kept: string | undefined;

export async function attestMachine(
  { machine, log, again }: MachineErrand,
  nonce: string,
  client: Pick<AttestationClient, 'attestTpm'>,
  { collected, sending }: Way,
): Promise<Attested> {
  const collector = collectorOf(machine, log, fromBase64(nonce, 'base64url'));
  return client.attestTpm({
    async collect(challenge) {
      const request = again && kept !== undefined ? kept : await collector.collect(challenge);
      kept ??= request;
      collected({ length: request.length });
      sending();
      return request;
    },
  });
}

function collectorOf({ tpm }: Machine, log: Uint8Array, relyingPartyData: Uint8Array): TpmCollector {
  if (tpm.kind === 'swtpm') {
    const { address, attestationKey, requestKey, certificate } = tpm;
    const logs = [{ kind: 'TCG' as const, content: log }];
    return tpmCollector({ tpm: address, attestationKey, requestKey, certificate, logs, relyingPartyData });
  }
  const { seed, at, pcrs } = tpm;
  const forged = forgeTpm({ seed, at });
  return {
    collect: async (challenge) =>
      forged.request({ ...challenge, boot: { log, pcrs }, bindBy: 'certify', relyingPartyData }),
  };
}
