/** What the demo plays of enclaves: evidence, collateral to judge it by, and the settings that the service needs for that. */
import { join, resolve } from 'node:path';
import { hex, Malformed, toPem, utf8 } from '@assay/core';
import { decodeQuote } from '@assay/core/intel';
import { forgeIntel } from '@assay/core/testing';
import { collateralFiles } from '../../commands/forge.ts';
import { CommandError } from '../../exit.ts';
import { evidenceBytes, momentOf, momentText, readInput, requireFolder } from '../../input.ts';
import { writeFolder } from '../../output.ts';
import type { Terminal } from '../../ui.ts';
import type { Platform } from '../messages.ts';

export interface EnclavePiece {
  readonly platform: Platform;
  /** Who the relying party expects. */
  readonly enclave: { readonly mrenclave: string; readonly mrsigner: string; readonly debuggable: boolean };
  readonly about: string;
  /** Settings of the service, by flag. */
  readonly flags: Readonly<Record<string, string>>;
  /** A development root, a file; a recording needs none. */
  readonly anchor?: string;
  /** What its insecure settings mean here. */
  readonly warning: string;
}

export interface Recording {
  readonly quote?: string;
  readonly collateral?: string;
  readonly at?: string;
}

/** A platform of the demo's own, its collateral in the folder. Another one each time, so that no root is known before. */
export async function simulation(folder: string, at: Date): Promise<EnclavePiece> {
  const seed = `demo ${folder} ${at.getTime()}`;
  const world = forgeIntel({ seed, at });
  const root = utf8(toPem('CERTIFICATE', world.certificates.root));
  await writeFolder(folder, new Map([['development-root.pem', root], ...collateralFiles(world)]));
  return {
    platform: { kind: 'simulated', seed, at },
    enclave: enclaveOf(world.quote(), 'the simulated quote'),
    about: 'simulated by assay forge, under a development root',
    flags: { 'collateral-folder': join(folder, 'collateral') },
    anchor: join(folder, 'development-root.pem'),
    warning: 'the service believes development roots: its tokens prove nothing outside this demo',
  };
}

/** A recorded quote; undefined where the options name none. Intel's root stays the only anchor: only the time is set. */
export async function recording(given: Recording, terminal: Terminal): Promise<EnclavePiece | undefined> {
  const { quote: file, collateral, at } = given;
  if (file === undefined && collateral === undefined && at === undefined) return undefined;
  if (file === undefined || collateral === undefined || at === undefined)
    throw new CommandError('usage', 'a recording is played with --quote, --collateral and --at together', [
      'without any of them the demo makes its own evidence',
    ]);
  const time = momentOf(at, '--at');
  await requireFolder(collateral);
  const quote = evidenceBytes(await readInput(terminal, file), file);
  return {
    platform: { kind: 'recorded', quote },
    enclave: enclaveOf(quote, file),
    about: `recorded: ${file}, judged under Intel’s root as of ${momentText(time)}`,
    flags: { 'collateral-folder': resolve(collateral), 'insecure-appraisal-time': time.toISOString() },
    warning: `evidence and collateral are judged as of ${momentText(time)}, not now; the token’s own times are real`,
  };
}

function enclaveOf(quote: Uint8Array, name: string): EnclavePiece['enclave'] {
  try {
    const { body } = decodeQuote(quote);
    if (body.tee === 'sgx') {
      const { mrEnclave, mrSigner, attributes } = body.report;
      return { mrenclave: hex(mrEnclave), mrsigner: hex(mrSigner), debuggable: ((attributes[0] ?? 0) & 2) !== 0 };
    }
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError(
      'usage',
      `${name} is no SGX quote: ${cause.message}`,
      ['assay explain shows what it is'],
      cause,
    );
  }
  throw new CommandError('usage', `${name} is a quote of a TD: the demo plays quotes of SGX enclaves`);
}
