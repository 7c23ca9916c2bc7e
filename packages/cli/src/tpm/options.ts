/** What command lines say of PCRs, keys and claims, read. */
import type { CustomClaim, KeyKind, PcrChoice } from '@assay/client';
import { fromHex } from '@assay/core/bytes';
import type { Bank } from '@assay/core/tcg';
import { CommandError } from '../exit.ts';

const banks: readonly Bank[] = ['sha1', 'sha256', 'sha384', 'sha512'];
const lastPcr = 23;

/**
 * PCRs of one bank or several: `0-7,14` and `sha256,sha384`.
 * @throws {CommandError} usage
 */
export function pcrChoices(pcrs: string | undefined, bankList: string): readonly PcrChoice[] {
  const indices = pcrs === undefined ? undefined : indicesIn(pcrs);
  return bankList.split(',').map((text) => {
    const bank = banks.find((one) => one === text.trim().toLowerCase().replace('-', ''));
    if (!bank) throw new CommandError('usage', `--bank takes ${banks.join(', ')}, not «${text}»`);
    return { bank, ...(indices && { indices }) };
  });
}

function indicesIn(text: string): readonly number[] {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [, first, last = first] = /^\s*(\d{1,2})(?:-(\d{1,2}))?\s*$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to > lastPcr || from > to)
      throw new CommandError('usage', `--pcrs takes numbers from 0 to ${lastPcr} such as 0-7,14, not «${text}»`);
    for (let index = from; index <= to; index++) found.add(index);
  }
  return [...found].sort((a, b) => a - b);
}

/** Kinds of attestation keys by their names on the command line. */
export const keyKinds = {
  rsa: { type: 'RSA' },
  'rsa-pss': { type: 'RSA', padding: 'PSS' },
  p256: { type: 'P-256' },
  p384: { type: 'P-384' },
} as const satisfies { readonly [name: string]: KeyKind };
export type KeyKindName = keyof typeof keyKinds;

/** Handles of keys that stay in a TPM. */
const [firstHandle, lastHandle] = [0x8100_0000, 0x81ff_ffff];

/** @returns undefined for text that is no handle, such as a file's name @throws {CommandError} usage */
export function handleOf(text: string, flag: string): number | undefined {
  if (!/^0x[0-9a-fA-F]{8}$/.test(text)) return undefined;
  const handle = Number(text);
  if (handle < firstHandle || handle > lastHandle)
    throw new CommandError('usage', `${flag}: ${text} is no handle of a stored key, expected 0x81000000 to 0x81ffffff`);
  return handle;
}

export const handleText = (handle: number): string => `0x${handle.toString(16).padStart(8, '0')}`;

/** What a TPM signs along with a quote, in bytes: as long as its longest hash. */
export const longestExtraData = 64;

/** @throws {CommandError} usage */
export function hexOption(text: string, flag: string, longest: number): Uint8Array {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new CommandError('usage', `${flag} must be hexadecimal`);
  if (text.length > 2 * longest)
    throw new CommandError('usage', `${flag} has ${text.length / 2} bytes, at most ${longest}`);
  return fromHex(text);
}

/**
 * Custom claims: `build=7`, `canary=true`, `site=Zürich`; text that looks like a number stands in quotes, `build="7"`.
 * @throws {CommandError} usage
 */
export const customClaims = (given: readonly string[]): readonly CustomClaim[] =>
  given.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new CommandError('usage', `--claim takes NAME=VALUE, not «${text}»`);
    return { name: text.slice(0, at), value: plainValue(text.slice(at + 1)) };
  });

/** A value as the command line says it: true, false, a whole number, or text, which may stand in quotes. */
export function plainValue(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}
