/**
 * The demo's life: a folder of its own, processes on the stage, the performance, and nothing left behind, however
 * it ends.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ending } from '../exit.ts';
import { printJson, type Screen, type Terminal } from '../ui.ts';
import type { MachineNews, MachineOrder } from './messages.ts';
import { type Programme, perform } from './performance.ts';
import type { Cast } from './scene.ts';
import { type Recording, recording, simulation } from './sgx/piece.ts';
import { enter } from './stage.ts';
import { laboratory } from './tpm/piece.ts';

export interface DemoOptions extends Recording {
  readonly json?: true;
}

/** Whoever watches goes away: by a key, with the terminal, or because the pipe that is read has ended. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;

export async function play(options: DemoOptions, terminal: Terminal): Promise<Ending> {
  const recorded = await recording(options, terminal);
  const folder = mkdtempSync(join(tmpdir(), 'assay-demo-'));
  const cast: Cast = {
    service: enter('./service.js', folder),
    client: enter('./client.js', folder),
    relyingParty: enter('./relying-party.js', folder),
  };
  const machine = recorded ? undefined : enter<MachineOrder, MachineNews>('./machine.js', folder);
  let struck: Promise<void> | undefined;
  const strike = (): Promise<void> =>
    (struck ??= Promise.all([...Object.values(cast), ...(machine ? [machine] : [])].map((one) => one.leave())).then(
      () => rmSync(folder, { recursive: true, force: true }),
    ));
  // However often it is pressed: the stage is cleared once, and then the process ends.
  let interruption: Promise<never> | undefined;
  const interrupted = (signal: NodeJS.Signals): void => {
    interruption ??= strike().then(() => process.exit(128 + constants.signals[signal]));
  };
  for (const signal of signals) process.on(signal, interrupted);
  try {
    const at = terminal.now();
    const programme: Programme = {
      enclave: recorded ?? (await simulation(folder, at)),
      ...(machine && { machine: { piece: await laboratory(folder, at), actor: machine } }),
    };
    const screen: Screen = options.json ? { ...terminal.out, line: () => {} } : terminal.out;
    const told = await perform(programme, cast, folder, screen, terminal);
    if (options.json) printJson(terminal, told);
    return told.outcome === 'accepted' ? 'passed' : 'refused';
  } finally {
    // An actor that an interruption took away is no failure to report.
    await interruption;
    await strike();
    for (const signal of signals) process.off(signal, interrupted);
  }
}
