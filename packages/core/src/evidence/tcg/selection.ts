/** Which PCRs of which banks: TPML_PCR_SELECTION (TPM 2.0 library, part 2 §10.6 and §10.9). */
import { list, type Of, rest, sized, struct, u8, u16be, u32be } from '../../bytes/index.ts';
import { algorithmName } from './algorithms.ts';
import { checked } from './fields.ts';

/** PCRs that a PC's TPM has. */
export const pcrCount = 24;

/** Bit k of byte i is PCR 8i + k; no bit beyond the PCRs that exist. */
const bitmap = checked(sized(u8, rest), (value) => {
  if (value.length < 1 || value.length > 4) return `is a bitmap of ${value.length} bytes, expected 1 to 4`;
  return (value[3] ?? 0) !== 0 ? 'selects a PCR above 23' : undefined;
});

/** TPMS_PCR_SELECTION: some PCRs of one bank. */
export const Selection = struct({ hash: u16be, select: bitmap });
export type Selection = Of<typeof Selection>;

/** TPML_PCR_SELECTION. */
export const Selections = list(u32be, Selection, 16);

/** The selected PCRs, ascending. */
export function indicesOf({ select }: Selection): readonly number[] {
  const out: number[] = [];
  for (let index = 0; index < select.length * 8; index++) {
    if (((select[index >> 3] as number) >> (index & 7)) & 1) out.push(index);
  }
  return out;
}

/** A selection of three bytes, as TPMs on PCs want it. @param hash TPM_ALG_ID of the bank */
export function selectionOf(hash: number, indices: Iterable<number>): Selection {
  const select = new Uint8Array(pcrCount / 8);
  for (const index of indices) select[index >> 3] = (select[index >> 3] ?? 0) | (1 << (index & 7));
  return { hash, select };
}

/** What makes a selection worthless in a quote; undefined where nothing does. */
export function selectionProblem(selections: readonly Selection[]): string | undefined {
  const seen = new Set<number>();
  for (const { hash } of selections) {
    if (seen.has(hash)) return `selects the bank ${algorithmName(hash)} twice`;
    seen.add(hash);
  }
  return selections.every((one) => indicesOf(one).length === 0) ? 'selects no PCR' : undefined;
}
