/** `assay tpm attest`: this machine's boot, quoted by its TPM, to a service, and the token back: both rounds. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  type AttestationError,
  type KeyBlob,
  type LogSource,
  logPaths,
  type TpmCollector,
  tpmCollector,
} from '@assay/client';
import type { Bytes } from '@assay/core';
import { CommandError, type Ending } from '../exit.ts';
import { readInput } from '../input.ts';
import { requireWritable, writeOutput } from '../output.ts';
import { type SendOptions, tokenFor } from '../sending.ts';
import { type ContentsOptions, contentsOf } from '../tpm/contents.ts';
import { certificateIn, namedKey, requestKeyIn } from '../tpm/keys.ts';
import { addressOf } from '../tpm/machine.ts';
import { pcrChoices } from '../tpm/options.ts';
import { printWarning, type Terminal } from '../ui.ts';

interface Options extends SendOptions, ContentsOptions {
  readonly tpm?: string;
  readonly tcgLog?: string;
  readonly imaLog?: string | true;
  readonly aik?: string;
  readonly aikCertificate?: string;
  readonly requestKey?: string;
  readonly pcrs?: string;
  readonly bank: string;
  readonly keepRequest?: string;
}

export async function attestMachineCommand(options: Options, terminal: Terminal): Promise<Ending> {
  if (options.keepRequest !== undefined) await requireWritable(options.keepRequest);
  const collector = keeping(
    options.keepRequest,
    collectorFor({
      tpm: addressOf(options.tpm),
      pcrs: pcrChoices(options.pcrs, options.bank),
      logs: await logsOf(options, terminal),
      certificate:
        options.aikCertificate === undefined ? undefined : await certificateIn(options.aikCertificate, terminal),
      ...(options.aik !== undefined && { attestationKey: await namedKey(options.aik, '--aik', terminal) }),
      ...contentsOf(options),
      requestKey: await requestKeyOf(options, terminal),
    }),
  );
  try {
    return await tokenFor(
      options,
      terminal,
      (client) => client.attestTpm(collector),
      (error) => adviceOn(error, options),
    );
  } catch (error) {
    const flag =
      error instanceof CommandError && Object.entries(remedies).find(([part]) => error.message.includes(part));
    if (!flag) throw error;
    throw new CommandError(error.ending, error.message, [...error.hints, flag[1]], error.cause);
  }
}

/** The same, and the request stays behind: what was sent can be judged again. */
const keeping = (path: string | undefined, collector: TpmCollector): TpmCollector =>
  path === undefined
    ? collector
    : {
        async collect(challenge) {
          const request = await collector.collect(challenge);
          await writeOutput(path, `${request}\n`);
          return request;
        },
      };

/** What this command line could name, by what the client says of its absence. */
const remedies: { readonly [part: string]: string } = {
  [logPaths.TCG]: '--tcg-log names a copy of it',
  'has not stored the key': '--aik names it: a file of assay tpm key, or its handle',
};

/** @throws {CommandError} usage for what the protocol has no place for */
function collectorFor(options: Parameters<typeof tpmCollector>[0]): TpmCollector {
  try {
    return tpmCollector(options);
  } catch (cause) {
    if (cause instanceof TypeError || (cause instanceof Error && cause.name === 'TpmError'))
      throw new CommandError('usage', cause.message, [], cause);
    throw cause;
  }
}

/** The log of the boot, and after it, where asked for, what the running system measured. */
async function logsOf({ tcgLog, imaLog }: Options, terminal: Terminal): Promise<readonly LogSource[]> {
  const held = async (name: string): Promise<Bytes> => readInput(terminal, name);
  return [
    // The kernel's own logs are read after quoting: IMA's grows.
    tcgLog === undefined ? { kind: 'TCG' } : { kind: 'TCG', content: await held(tcgLog) },
    ...(imaLog === undefined
      ? []
      : [imaLog === true ? ({ kind: 'IMA' } as const) : ({ kind: 'IMA', content: await held(imaLog) } as const)]),
  ];
}

async function requestKeyOf({ requestKey }: Options, terminal: Terminal): Promise<KeyObject | KeyBlob> {
  if (requestKey !== undefined) return requestKeyIn(requestKey, terminal);
  printWarning(
    terminal,
    'the token is for a key that nobody keeps: it proves no more than that this boot was seen (--request-key names a key)',
  );
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

/** What this command line could do about a refusal. */
export function adviceOn(
  { check }: Pick<AttestationError, 'check'>,
  { aikCertificate }: { readonly aikCertificate?: string },
): readonly string[] {
  if (check === 'tpm.aik.chain' && aikCertificate === undefined)
    return ['--aik-certificate names the certificate of the attestation key; assay tpm certify has one made'];
  return [];
}
