/** `assay tpm check-quote`: whether a quote holds, part by part. */
import { type Bytes, Malformed } from '@assay/core';
import { decode, hex, type Layout } from '@assay/core/bytes';
import { checkQuote, Quote, Signature } from '@assay/core/tpm';
import { CommandError, type Ending } from '../exit.ts';
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
  const [attest, signature] = [await binary(options.attest), await binary(options.signature)];
  requireForm(Quote, attest, options.attest, 'a statement on PCRs (TPMS_ATTEST)');
  requireForm(Signature, signature, options.signature, 'a signature (TPMT_SIGNATURE)');
  const checked = checkQuote(attest, signature, key, { pcrs, extraData });
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
  const isGood = checked.signature && checked.pcrDigest !== false && checked.extraData !== false;
  if (options.json) printJson(terminal, told);
  else print(told, isGood, terminal);
  return isGood ? 'passed' : 'refused';
}

/** @throws {CommandError} refused for a file that holds something else */
function requireForm<T>(layout: Layout<T>, file: Bytes, name: string, what: string): void {
  try {
    decode(layout, file);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('refused', `${name} does not hold ${what}: ${cause.message}`, [], cause);
  }
}

function print(told: object, isGood: boolean, { out }: Terminal): void {
  const { green, red, dim, bold } = out.paint;
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
  out.line();
  out.line(bold(isGood ? green(`${out.glyphs.passed} the quote holds`) : red(`${out.glyphs.failed} refused`)));
}
