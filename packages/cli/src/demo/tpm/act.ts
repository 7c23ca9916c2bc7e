/**
 * The second workflow: a machine that measured its boot into a TPM. Forged by another log, by a measurement that no log
 * tells of, and by an answer that is old.
 */
import { base64url } from '@assay/core';
import type { Act, Forgery } from '../act.ts';
import type { Collected, Machine, MachineErrand, MachineNews, MachineOrder } from '../messages.ts';
import type { Attempt } from '../scene.ts';
import type { Actor } from '../stage.ts';
import { boot, loaderDigest, rewrittenLog, unlogged } from './boot.ts';

/** @param actor the process that the machine is, for what is done to it */
export function machineAct(machine: Machine, bearer: string, actor: Actor<MachineOrder, MachineNews>): Act {
  const sent = (errand: Partial<MachineErrand>): Attempt => ({
    errand: { type: 'Tpm', machine, log: machine.log, bearer, ...errand },
    collected,
  });
  const forgeries: readonly Forgery[] = [
    {
      title: 'once more, one event of the log rewritten',
      attempt: async () => ({ ...sent({ log: rewrittenLog }), underWay: 'the log tells of another boot loader' }),
    },
    {
      title: 'once more, after a PCR was extended behind the log’s back',
      async attempt() {
        actor.order({ kind: 'extend' });
        const { machine: changed } = await actor.news();
        return { ...sent({ machine: changed }), underWay: `PCR ${unlogged.pcr} extended, the log as before` };
      },
    },
    {
      title: 'once more, with the answer to an earlier challenge',
      attempt: async () => ({
        ...sent({ again: true }),
        collected: () => 'nothing new: the request that was believed, kept from before the machine was changed',
        underWay: 'its nonces are old',
      }),
    },
  ];
  return {
    title: 'a machine with a TPM, as it should be',
    introduction: [
      ['machine', `has booted, ${boot.length} events in its log`],
      ['TPM', aboutTpm(machine)],
    ],
    honest: sent({}),
    expected: () => [
      {
        type: 'Tpm',
        secureBoot: true,
        validatedKey: true,
        requestKey: 'tpm',
        policy: { loader: base64url(loaderDigest) },
      },
      'Secure Boot, boot loader, keys and nonce',
    ],
    forgeries,
  };
}

const collected = ({ length }: Collected): string =>
  `quote of all PCRs over the service’s challenge, with the log of the boot, in a request of ${length} characters, signed by a key of the TPM`;

const aboutTpm = ({ tpm }: Machine): string =>
  tpm.kind === 'swtpm'
    ? `swtpm, process ${tpm.pid}; its attestation key is certified by a CA of the demo`
    : 'none: its answers are forged, under a CA of the demo. The packages swtpm and swtpm-tools make it real';
