/** `assay tpm quote`: PCRs signed by the TPM, with everything that it takes to check them elsewhere. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type QuotedPcrs, quotePcrs, selectionsFor, type TpmKey } from '@assay/client';
import { toPem } from '@assay/core';
import { hex } from '@assay/core/bytes';
import { publicKeyOf } from '@assay/core/tpm';
import { CommandError, type Ending } from '../exit.ts';
import { jsonText } from '../json.ts';
import { writeFolder } from '../output.ts';
import { printTable } from '../table.ts';
import { namedKey, usableKey } from '../tpm/keys.ts';
import { withMachine } from '../tpm/machine.ts';
import { hexOption, type KeyKindName, longestExtraData, pcrChoices } from '../tpm/options.ts';
import { printJson, type Terminal } from '../ui.ts';

interface Options {
  readonly to: string;
  readonly tpm?: string;
  readonly extraData?: string;
  readonly nonce?: string;
  readonly pcrs?: string;
  readonly bank: string;
  readonly aik?: string;
  readonly kind: KeyKindName;
  readonly json?: true;
}

export async function quoteCommand(options: Options, terminal: Terminal): Promise<Ending> {
  const extraData = extraDataOf(options);
  const choices = pcrChoices(options.pcrs, options.bank);
  const named = options.aik === undefined ? undefined : await namedKey(options.aik, '--aik', terminal);
  const { key, quoted } = await withMachine(options.tpm, terminal, async (tpm) => {
    const selection = await selectionsFor(tpm, choices);
    const loaded = await usableKey(tpm, named, options.kind);
    return { key: loaded, quoted: await quotePcrs(tpm, loaded, selection, extraData) };
  });
  const files = filesOf(key, quoted);
  await writeFolder(options.to, files);
  const paths = Object.fromEntries([...files.keys()].map((name) => [name, join(options.to, name)]));
  if (options.json) printJson(terminal, { extraData: hex(extraData), files: paths });
  else print(paths, hex(extraData), terminal);
  return 'passed';
}

/** A quote that carries nothing of its reader's choice may be an old one: without a choice, chance makes it. */
function extraDataOf({ extraData, nonce }: Options): Uint8Array {
  if (extraData !== undefined && nonce !== undefined)
    throw new CommandError('usage', '--nonce and --extra-data are two names of one option');
  const [text, flag] = extraData === undefined ? [nonce, '--nonce'] : [extraData, '--extra-data'];
  if (text === '') throw new CommandError('usage', `${flag} is empty`);
  return text === undefined ? new Uint8Array(randomBytes(32)) : hexOption(text, flag, longestExtraData);
}

function filesOf(key: TpmKey, { attest, signature, pcrs }: QuotedPcrs): ReadonlyMap<string, Uint8Array | string> {
  const values = pcrs.map(({ bank, values: its }) => [
    bank,
    Object.fromEntries(its.map(({ index, digest }) => [String(index), hex(digest)])),
  ]);
  return new Map<string, Uint8Array | string>([
    ['attest.bin', attest],
    ['signature.bin', signature],
    ['key.pem', toPem('PUBLIC KEY', publicKeyOf(key.area).spki)],
    ['key.pub', key.public],
    ['pcrs.json', `${jsonText(Object.fromEntries(values))}\n`],
  ]);
}

const meanings: { readonly [file: string]: string } = {
  'attest.bin': 'the statement (TPMS_ATTEST)',
  'signature.bin': 'its signature (TPMT_SIGNATURE)',
  'key.pem': 'the attestation key',
  'key.pub': 'the same as the TPM names it (TPMT_PUBLIC)',
  'pcrs.json': 'the values that it covers',
};

function print(paths: { readonly [file: string]: string }, extraData: string, { out }: Terminal): void {
  printTable(
    out,
    Object.entries(paths).map(([name, path]) => [path, { text: meanings[name] ?? '', paint: out.paint.dim }]),
  );
  out.line();
  const files = ['attest.bin', 'signature.bin', 'key.pem', 'pcrs.json'].map((name) => paths[name]);
  const [attest, signature, key, pcrs] = files;
  out.line(
    out.paint.dim(
      `assay tpm check-quote --attest ${attest} --signature ${signature} --key ${key} --pcrs ${pcrs} --extra-data ${extraData}`,
    ),
  );
}
