/**
 * The demo's fourth process: a machine with a TPM. It boots, measuring what it starts, and has its attestation key
 * certified. It ends with its channel alone: a key pressed at the terminal reaches every process, and the TPM must be
 * switched off by somebody.
 */
import { isSwtpmInstalled } from '@assay/client/testing';
import { actor } from './actor.ts';
import type { MachineNews, MachineOrder } from './messages.ts';
import { bootOnForge } from './tpm/forged.ts';
import type { RunningMachine } from './tpm/running.ts';
import { bootOnSwtpm } from './tpm/swtpm.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

let running: Promise<RunningMachine> | undefined;
process.once(
  'disconnect',
  () =>
    void running?.then(
      (machine) => machine.stop(),
      () => {},
    ),
);

actor<MachineOrder, MachineNews>(async (order, tell) => {
  if (order.kind === 'boot') {
    running = isSwtpmInstalled() ? bootOnSwtpm(order) : Promise.resolve(bootOnForge(order));
    tell({ kind: 'running', machine: (await running).machine });
  } else if (running) tell({ kind: 'running', machine: await (await running).extendUnlogged() });
});
