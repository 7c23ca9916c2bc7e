/** `assay tpm check-quote`: whether a quote holds, part by part. */
import type { Bytes } from '@assay/core';
import { hex } from '@assay/core/bytes';
import { checkQuote } from '@assay/core/tpm';
import type { Ending } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { printTable } from '../table.ts';
import { pcrsIn, publicKeyIn } from '../tpm/keys.ts';
import { hexOption, longestExtraData } from '../tpm/options.ts';
import { printJson, type Terminal } from '../ui.ts';

interface Options {
  readonly attest: string;
  readonly signature: string;
  readonly key: string;
  readonly pcrs?: string;
  readonly extraData?: string;
  readonly json?: true;
}

export async function checkQuoteCommand(options: Options, terminal: Terminal): Promise<Ending> {
  const binary = async (name: string): Promise<Bytes> => evidenceBytes(await readInput(terminal, name), name);
  const key = publicKeyIn(await readInput(terminal, options.key), options.key);
  const pcrs = options.pcrs === undefined ? undefined : pcrsIn(await readInput(terminal, options.pcrs), options.pcrs);
  const extraData =
    options.extraData === undefined ? undefined : hexOption(options.extraData, '--extra-data', longestExtraData);
  const checked = checkQuote(await binary(options.attest), await binary(options.signature), key, { pcrs, extraData });
  const { quote, ignored, problem } = checked;
  const { clock, resetCount, restartCount, safe } = quote.clockInfo;
  const told = {
    signature: checked.signature,
    ...(problem !== undefined && { problem }),
    pcrDigest: checked.pcrDigest,
    extraData: checked.extraData,
    selection: checked.selection,
    scheme: checked.scheme,
    quotedExtraData: hex(quote.extraData),
    quotedPcrDigest: hex(quote.attested.pcrDigest),
    qualifiedSigner: hex(quote.qualifiedSigner),
    clock: { clock: String(clock), resetCount, restartCount, safe: safe === 1 },
    firmwareVersion: quote.firmwareVersion.toString(16).padStart(16, '0'),
    ...(ignored.length > 0 && { ignored }),
  };
  if (options.json) printJson(terminal, told);
  else print(told, terminal);
  const isGood = checked.signature && checked.pcrDigest !== false && checked.extraData !== false;
  return isGood ? 'passed' : 'refused';
}

function print(told: object, { out }: Terminal): void {
  const { green, red, dim } = out.paint;
  const text = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  printTable(
    out,
    Object.entries(told).map(([name, value]) => [
      { text: name, paint: dim },
      value === true
        ? { text: 'holds', paint: green }
        : value === false
          ? { text: 'does not hold', paint: red }
          : value === null
            ? { text: 'not asked', paint: dim }
            : text(value),
    ]),
  );
}
