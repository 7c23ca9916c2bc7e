/**
 * The demo's second process: code beside whatever is attested. It collects evidence and sends it to the provider with the
 * client's own kit.
 */
import { type AttestationClient, AttestationError, attestationClient } from '@assay/client';
import { fetchAppraisal } from '../sending.ts';
import { actor } from './actor.ts';
import type { ClientNews, ClientOrder } from './messages.ts';
import { attestEnclave } from './sgx/attest.ts';
import { attestMachine } from './tpm/attest.ts';
import type { Way } from './way.ts';

actor<ClientOrder, ClientNews>(async ({ endpoint, ca, nonce, errand }, tell) => {
  const client = attestationClient({
    endpoint,
    ca,
    retry: { retries: 0 },
    ...(errand.type === 'Tpm' && { token: errand.bearer }),
  });
  let begun = 0;
  const way: Way = {
    collected: (what) => tell({ kind: 'collected', ...what }),
    sending() {
      tell({ kind: 'sending', uri: `${endpoint}/attest/${errand.type}` });
      begun = performance.now();
    },
  };
  try {
    const { token, appraisalId } = await (errand.type === 'Tpm'
      ? attestMachine(errand, nonce, client, way)
      : attestEnclave(errand, nonce, client, way));
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
