/** A machine without a TPM: the answers of one are forged. */
import { forgeBoot } from '@assay/core/testing';
import type { Machine, MachineOrder } from '../messages.ts';
import { banks, boot, unlogged } from './boot.ts';
import type { RunningMachine } from './running.ts';

/** @param ca of attestation keys */
export function bootOnForge({ seed, at }: Extract<MachineOrder, { kind: 'boot' }>): RunningMachine {
  const { log, pcrs } = forgeBoot(boot, banks);
  const machine: Machine = { log, tpm: { kind: 'forged', seed, at, pcrs } };
  return {
    machine,
    extendUnlogged: async () => ({
      log,
      tpm: { kind: 'forged', seed, at, pcrs: forgeBoot([...boot, unlogged], banks).pcrs },
    }),
    stop: async () => {},
  };
}
