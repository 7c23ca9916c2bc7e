/** PCRs: read, eight at a time, and extended. */
import { type Bytes, equal } from '@assay/core/bytes';
import {
  algorithm,
  type Bank,
  bankOf,
  commands,
  indicesOf,
  pcrCount,
  type Selection,
  selectionOf,
} from '@assay/core/tcg';
import { TpmError } from './error.ts';
import { activeBanks } from './properties.ts';
import { hashed } from './templates.ts';
import type { Tpm } from './tpm.ts';

/** Some PCRs of one bank; all of them unless told. */
export interface PcrChoice {
  readonly bank: Bank;
  readonly indices?: readonly number[];
}

export interface BankValues {
  readonly bank: Bank;
  /** Ascending by index. */
  readonly values: readonly { readonly index: number; readonly digest: Bytes }[];
}

/** How often values are read anew because some were extended meanwhile. */
const tries = 5;

/** @throws {TpmError} `Unfit` when a bank is not switched on, or none or a PCR that does not exist is chosen */
export async function selectionsFor(tpm: Tpm, choices: readonly PcrChoice[]): Promise<readonly Selection[]> {
  const active = await activeBanks(tpm);
  for (const { bank, indices } of choices) {
    if (!active.includes(bank))
      throw new TpmError(
        'Unfit',
        `the PCR bank ${bank} is not switched on in this TPM, which has ${active.join(', ')}`,
      );
    if (indices?.some((index) => !Number.isInteger(index) || index < 0 || index >= pcrCount))
      throw new TpmError('Unfit', `PCRs are numbered from 0 to ${pcrCount - 1}, not ${indices.join(', ')}`);
  }
  const selections = choices.map(({ bank, indices = allPcrs }) => selectionOf(algorithm[bank], indices));
  if (selections.every((one) => indicesOf(one).length === 0)) throw new TpmError('Unfit', 'no PCR was chosen');
  if (new Set(choices.map((choice) => choice.bank)).size < choices.length)
    throw new TpmError('Unfit', 'a PCR bank was chosen twice');
  return selections;
}

const allPcrs = Array.from({ length: pcrCount }, (_, index) => index);

/**
 * Values of PCRs, all of one moment.
 * @throws {TpmError} `Unfit` when they change faster than they can be read, or a bank is not switched on
 */
export async function readPcrs(tpm: Tpm, selections: readonly Selection[]): Promise<readonly BankValues[]> {
  for (let tried = 0; tried < tries; tried++) {
    const values = await readOnce(tpm, selections);
    if (values) return values;
  }
  throw new TpmError('Unfit', `the PCRs changed while they were read, ${tries} times over`);
}

/** @returns undefined when a PCR was extended between the first answer and the last */
async function readOnce(tpm: Tpm, selections: readonly Selection[]): Promise<readonly BankValues[] | undefined> {
  const read = new Map<number, Map<number, Bytes>>();
  let left = selections;
  for (let counter: number | undefined; left.some((one) => indicesOf(one).length > 0); ) {
    const { value } = await tpm.call(commands.pcrRead, { selection: left });
    counter ??= value.updateCounter;
    if (value.updateCounter !== counter) return undefined;
    const names = value.selection.flatMap((one) => indicesOf(one).map((index) => ({ hash: one.hash, index })));
    const isNew = names.every(({ hash, index }) =>
      left.some((one) => one.hash === hash && indicesOf(one).includes(index)),
    );
    if (names.length === 0 || names.length !== value.digests.length || !isNew)
      throw new TpmError('Unfit', 'TPM2_PCR_Read: the TPM does not have the PCRs that were asked for', {
        command: commands.pcrRead.name,
      });
    for (const [i, { hash, index }] of names.entries()) {
      const bank = read.get(hash) ?? new Map<number, Bytes>();
      read.set(hash, bank.set(index, value.digests[i] as Bytes));
    }
    left = left.map((one) =>
      selectionOf(
        one.hash,
        indicesOf(one).filter((index) => !read.get(one.hash)?.has(index)),
      ),
    );
  }
  return selections.map(({ hash, select }) => ({
    bank: bankOf(hash) as Bank,
    values: indicesOf({ hash, select }).map((index) => ({ index, digest: read.get(hash)?.get(index) as Bytes })),
  }));
}

/** Whether these are the values that a quote covers. @param hash of the signing scheme */
export const areQuoted = (values: readonly BankValues[], pcrDigest: Bytes, hash: Bank): boolean =>
  equal(hashed(hash, ...values.flatMap((bank) => bank.values.map((value) => value.digest))), pcrDigest);

/**
 * Extends a PCR in several banks at once. Banks that are not switched on are ignored by the TPM.
 * @param digests what goes in, by TPM_ALG_ID of the bank
 * @throws {TpmError} `LOCALITY` for PCRs that software may not touch
 */
export async function extendPcr(
  tpm: Tpm,
  index: number,
  digests: readonly { readonly hash: number; readonly digest: Bytes }[],
): Promise<void> {
  await tpm.call(commands.pcrExtend, { digests }, [index]);
}
