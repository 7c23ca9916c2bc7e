/**
 * `assay forge boot`: a boot that never was, measured into a software TPM, with the log that tells it: a machine to attest
 * where there is none. What it quotes afterwards is genuine, as far as a TPM in software can be.
 */
import { join } from 'node:path';
import { activeBanks, extendPcr, openTpm, readPcrs, selectionsFor, type Tpm, withTpm } from '@assay/client';
import { isZero } from '@assay/core/bytes';
import { type ForgedEvent, forgeLog, linuxBoot, windowsBoot } from '@assay/core/testing';
import { CommandError, type Ending } from '../exit.ts';
import { writeFolder } from '../output.ts';
import { addressOf, addressText, inWords } from '../tpm/machine.ts';
import { printJson, printWarning, type Terminal, waitingFor } from '../ui.ts';

interface Options {
  readonly to: string;
  readonly tpm?: string;
  readonly platform: 'linux' | 'windows';
  readonly secureBoot: boolean;
  readonly json?: true;
}

const logName = 'binary_bios_measurements';

export async function forgeBootCommand(options: Options, terminal: Terminal): Promise<Ending> {
  if (options.tpm === undefined)
    throw new CommandError('usage', '--tpm names the software TPM that the boot is measured into');
  const { secureBoot, platform } = options;
  const events = (platform === 'windows' ? windowsBoot : linuxBoot)({ secureBoot });
  const log = await inWords(waitingFor(terminal, `the TPM at ${options.tpm}`, measure(options.tpm, events)));
  await writeFolder(options.to, new Map([[logName, log]]));
  const path = join(options.to, logName);
  printWarning(terminal, 'this boot is simulated: the software TPM says that it was, and nothing else does');
  if (options.json) printJson(terminal, { simulated: true, kind: 'boot', tpm: options.tpm, log: path });
  else terminal.out.line(path);
  return 'passed';
}

/** @returns the log */
async function measure(named: string, events: readonly ForgedEvent[]): Promise<Uint8Array> {
  const address = addressOf(named);
  const device = await openTpm(address);
  // A machine's own TPM says what the machine did: nothing is ever measured into it here.
  if (!device.alone) {
    await device.close();
    throw new CommandError('usage', `${addressText(address)} is a device: boots are made up for software TPMs alone`, [
      '--tpm names a socket of swtpm',
    ]);
  }
  return withTpm(device, async (tpm) => {
    await requireFresh(tpm);
    const { log, extensions } = forgeLog(events, await activeBanks(tpm));
    for (const { pcr, digests } of extensions) await extendPcr(tpm, pcr, digests);
    return log;
  });
}

/** The log would tell half of the story. */
async function requireFresh(tpm: Tpm): Promise<void> {
  const [bank] = await activeBanks(tpm);
  if (!bank) throw new CommandError('usage', 'this TPM has no PCR bank that is known here');
  const indices = Array.from({ length: 16 }, (_, index) => index);
  const [values] = await readPcrs(tpm, await selectionsFor(tpm, [{ bank, indices }]));
  const used = values?.values.find(({ digest }) => !isZero(digest));
  if (used)
    throw new CommandError('usage', `this TPM has measured something already, into PCR ${used.index}`, [
      'restart it, since a boot begins with PCRs that are zero: swtpm_ioctl -i with --unix or --tcp and its control channel',
    ]);
}
