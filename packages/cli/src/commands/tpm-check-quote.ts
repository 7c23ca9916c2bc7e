/** `assay tpm check-quote`: whether a quote holds, part by part. */
import { type Bytes, isObject, Malformed, parseCertificate, parseJson, pemBlocks } from '@assay/core';
import { decode, fromHex, hex } from '@assay/core/bytes';
import { importSpki, type PublicKey } from '@assay/core/crypto';
import { checkQuote, type PcrValues, Public, publicKeyOf, SizedPublic } from '@assay/core/tpm';
import { CommandError, type Ending } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { printTable } from '../table.ts';
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
  const key = keyIn(await readInput(terminal, options.key), options.key);
  const pcrs = options.pcrs === undefined ? undefined : pcrsIn(await readInput(terminal, options.pcrs), options.pcrs);
  const extraData = options.extraData === undefined ? undefined : hexOf(options.extraData);
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

/** A key in any of the forms that tools write it in. */
function keyIn(file: Bytes, name: string): PublicKey {
  try {
    const [spki] = pemBlocks(file, 'PUBLIC KEY', 1, name);
    if (spki) return importSpki(spki, name);
    const [certificate] = pemBlocks(file, 'CERTIFICATE', 8, name);
    if (certificate) return parseCertificate(certificate, name).key();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  const bytes = evidenceBytes(file, name);
  if (bytes[0] === 0x30) return parseCertificate(bytes, name).key();
  // A length in front is that of all the rest, and no type of key.
  const isSized = bytes.length > 2 && ((bytes[0] ?? 0) << 8) + (bytes[1] ?? 0) === bytes.length - 2;
  return publicKeyOf(isSized ? decode(SizedPublic, bytes) : decode(Public, bytes), name);
}

/** `{"sha256": {"0": "…"}}` */
function pcrsIn(file: Bytes, name: string): PcrValues {
  const json = parseJson(file, { path: name, maxDepth: 4 });
  const wrong = (what: string): CommandError =>
    new CommandError('usage', `${name}: ${what}`, ['expected JSON such as {"sha256": {"0": "hexadecimal"}}']);
  if (!isObject(json)) throw wrong('is no object of banks');
  return new Map(
    Object.entries(json).map(([bank, values]) => {
      if (!isObject(values)) throw wrong(`«${bank}» is no object of values`);
      const list = Object.entries(values).map(([index, value]): [number, Bytes] => {
        if (typeof value !== 'string' || !/^[0-9]{1,2}$/.test(index)) throw wrong(`«${bank}.${index}» is no value`);
        return [Number(index), fromHex(value, `${bank}.${index}`)];
      });
      return [bank, new Map(list)];
    }),
  );
}

function hexOf(text: string): Bytes {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new CommandError('usage', '--extra-data must be hexadecimal');
  return fromHex(text);
}
