/** A measurement list of the Linux kernel (IMA), for people and their tools: its entries, and what the PCRs come to. */
import { type Bytes, hex } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import type { Bank } from './algorithms.ts';
import { type ImaEntry, imaDigest, isTemplateHashRight, readIma } from './ima.ts';

export interface ExplainedIma {
  readonly format: 'ima';
  readonly events: readonly {
    readonly seq: number;
    readonly pcr: number;
    readonly template: string;
    /** SHA-1 over the template's data, hexadecimal. */
    readonly templateHash: string;
    /** Whether it is: a wrong one makes the whole list worthless. */
    readonly isHashRight: boolean;
    readonly fileName: string;
    readonly fileHash?: string;
    /** The file was open for writing while it was read: nothing is known of its contents. */
    readonly isViolation: boolean;
  }[];
  /**
   * Values that the list alone gives, hexadecimal, by bank and PCR. Firmware may have extended the PCR before; kernels
   * before 5.8 extend other banks than SHA-1 by SHA-1 and zeros, which is `sha256-padded`.
   */
  readonly pcrs: { readonly [bank: string]: { readonly [index: string]: string } };
  /** Why it could not be read to its end. */
  readonly problem?: string;
}

/** Templates that there are. */
const templates = /^(ima|evm)(-[a-z0-9]{1,16})?$/;

/** Explains a file as such a list, as far as it goes; undefined for anything else. */
export function explainIma(input: Bytes): ExplainedIma | undefined {
  if (!isList(input)) return undefined;
  const { entries, problem } = readIma(input);
  return {
    format: 'ima',
    events: entries.map((one) => ({
      seq: one.seq,
      pcr: one.pcr,
      template: one.template,
      templateHash: hex(one.templateHash),
      isHashRight: isTemplateHashRight(one),
      fileName: one.fileName,
      ...(one.fileHash && { fileHash: `${one.fileHash.algorithm}:${hex(one.fileHash.digest)}` }),
      isViolation: one.isViolation,
    })),
    pcrs: {
      sha1: valuesOf(entries, 'sha1', 'own'),
      sha256: valuesOf(entries, 'sha256', 'own'),
      'sha256-padded': valuesOf(entries, 'sha256', 'padded'),
    },
    ...(problem && { problem: problem.message }),
  };
}

/** Told by the first entry: a PCR of the running system, and the name of a template. */
function isList(input: Bytes): boolean {
  if (input.length < 32) return false;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const [pcr, length] = [view.getUint32(0, true), view.getUint32(24, true)];
  if (pcr < 8 || pcr > 16 || length > 32 || input.length < 28 + length) return false;
  return templates.test(String.fromCharCode(...input.subarray(28, 28 + length)));
}

function valuesOf(
  entries: readonly ImaEntry[],
  bank: Bank,
  how: Parameters<typeof imaDigest>[2],
): { readonly [index: string]: string } {
  const values = new Map<number, Bytes>();
  for (const one of entries) {
    const before = values.get(one.pcr) ?? new Uint8Array(digest(bank).length);
    values.set(one.pcr, digest(bank, before, imaDigest(one, bank, how)));
  }
  return Object.fromEntries([...values].sort(([a], [b]) => a - b).map(([pcr, value]) => [String(pcr), hex(value)]));
}
