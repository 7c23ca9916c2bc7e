/** Values of PCRs, and whether they are the ones that a quote covers (TPM 2.0 library, part 1 §17; part 3 §18.4). */
import { type Bytes, concat, equal, hex } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { algorithmName, type Bank, hashes } from './algorithms.ts';
import type { Quote } from './attest.ts';
import { indicesOf, type Selection } from './selection.ts';

/** Values by bank (`sha1`, `sha256`, …) and index. */
export type PcrValues = ReadonlyMap<string, ReadonlyMap<number, Bytes>>;

/** One PCR of one bank. */
export interface PcrName {
  readonly bank: string;
  readonly index: number;
}

/** What a selection names: banks in its order, PCRs ascending. This is the order in which they are hashed. */
export const selectedPcrs = (selections: readonly Selection[]): readonly PcrName[] =>
  selections.flatMap((one) => indicesOf(one).map((index) => ({ bank: algorithmName(one.hash), index })));

/**
 * The digest that a quote holds.
 * @param hash of the signing scheme, not of the bank
 * @returns undefined when a selected value is missing
 */
export function pcrDigest(selections: readonly Selection[], values: PcrValues, hash: Bank): Bytes | undefined {
  const parts = selectedPcrs(selections).map(({ bank, index }) => values.get(bank)?.get(index));
  return parts.every((part) => part !== undefined) ? digest(hash, concat(...parts)) : undefined;
}

/**
 * How values differ from what a quote covers: exactly the selected ones must be there, no more and no fewer.
 * @param hash of the signing scheme
 */
export function pcrsProblem({ attested }: Quote, values: PcrValues, hash: Bank): string | undefined {
  const selected = selectedPcrs(attested.selection);
  const wanted = new Set(selected.map(({ bank, index }) => `${bank}:${index}`));
  for (const [bank, pcrs] of values) {
    const size = [...hashes.values()].find(({ name }) => name === bank)?.size;
    for (const [index, value] of pcrs) {
      if (!wanted.has(`${bank}:${index}`))
        return `hold PCR ${index} of the bank ${bank}, which the quote does not cover`;
      if (value.length !== size)
        return `hold ${value.length} bytes for PCR ${index} of the bank ${bank}, expected ${size}`;
    }
  }
  const missing = selected.find(({ bank, index }) => !values.get(bank)?.has(index));
  if (missing) return `lack PCR ${missing.index} of the bank ${missing.bank}, which the quote covers`;
  const found = pcrDigest(attested.selection, values, hash);
  if (found && equal(found, attested.pcrDigest)) return undefined;
  return `hash to ${found && hex(found)}, and the quote holds ${hex(attested.pcrDigest)}`;
}
