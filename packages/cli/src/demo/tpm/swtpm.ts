/** A machine whose TPM is swtpm: real in everything but that no chip protects it. */
import { createAttestationKey, createRequestKey, extendPcr, withTpm } from '@assay/client';
import { bootToOrder, manufactureTpm, type SoftwareTpm, startTpm } from '@assay/client/testing';
import { decode } from '@assay/core/bytes';
import { forgeLog, forgeTpm } from '@assay/core/testing';
import { Public, publicKeyOf } from '@assay/core/tpm';
import type { Machine, MachineOrder } from '../messages.ts';
import { banks, boot, unlogged } from './boot.ts';
import type { RunningMachine } from './running.ts';

/** @param ca of attestation keys */
export async function bootOnSwtpm(ca: Extract<MachineOrder, { kind: 'boot' }>): Promise<RunningMachine> {
  const made = await manufactureTpm('assay-demo');
  const tpm = await startTpm(made).finally(() => made.remove());
  try {
    const machine = await booted(tpm, ca);
    return {
      machine,
      stop: () => tpm.stop(),
      async extendUnlogged() {
        await withTpm(tpm.address, async (conversation) => {
          for (const { pcr, digests } of forgeLog([unlogged], banks).extensions)
            await extendPcr(conversation, pcr, digests);
        });
        return machine;
      },
    };
  } catch (error) {
    await tpm.stop();
    throw error;
  }
}

async function booted(tpm: SoftwareTpm, { seed, at }: { seed: string; at: Date }): Promise<Machine> {
  const told = forgeLog(boot, banks);
  await bootToOrder(tpm, told);
  // Elliptic curves: a TPM searches long for RSA's primes.
  const [attestationKey, requestKey] = await withTpm(
    tpm.address,
    async (conversation) =>
      [
        await createAttestationKey(conversation, { type: 'P-256' }),
        await createRequestKey(conversation, 'P-256'),
      ] as const,
  );
  const { spki } = publicKeyOf(decode(Public, attestationKey.public));
  const certificate = forgeTpm({ seed, at }).enrol(spki);
  const { address, pid } = tpm;
  return { log: told.log, tpm: { kind: 'swtpm', address, pid, attestationKey, requestKey, certificate } };
}
