/** Real machines of the vectors: a quote, its values and logs, as a request would bring them; and the verdict. */
import { Appraisal, Refusal } from '@assay/core';
import { type Bytes, decode, fromHex } from '@assay/core/bytes';
import { importSpki, type PublicKey } from '@assay/core/crypto';
import { pemBlocks } from '@assay/core/pki';
import { type ClaimedPlatform, type PlatformFacts, Quote, selectedPcrs, tpmSettings } from '@assay/core/tpm';
import { expect } from 'vitest';
import { verifyLogs, verifyQuote } from '../../packages/core/src/evidence/tcg/platform.ts';
import type { Folder } from '../setup/vectors.ts';

const settings = { ...tpmSettings.defaults, requiredPcrMask: 0, sha1Pcrs: true };

/** What a quote and logs come to: facts, or the sentence of the refusal. */
export function judge(platform: ClaimedPlatform, key: PublicKey): PlatformFacts | string {
  const appraisal = new Appraisal();
  try {
    const quote = verifyQuote(platform, key, undefined, appraisal);
    return verifyLogs(quote, platform, key, { settings, references: undefined }, appraisal);
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: entries of outside manifests
export type Entry = any;

export const nothing = { key: { jwk: {}, path: '' } };

export function platformOf(folder: Folder, entry: Entry, logs: readonly string[]): ClaimedPlatform {
  const attest = folder.bytes(entry.attest);
  const wanted = new Set(
    selectedPcrs(decode(Quote, attest).attested.selection).map(({ bank, index }) => `${bank}:${index}`),
  );
  const pcrs = new Map(
    Object.entries<Record<string, string>>(folder.json(entry.pcrs)).map(([bank, values]) => [
      bank,
      new Map(
        Object.entries(values).flatMap(([index, value]): [number, Bytes][] =>
          wanted.has(`${bank}:${index}`) ? [[Number(index), fromHex(value)]] : [],
        ),
      ),
    ]),
  );
  for (const [bank, values] of pcrs) if (values.size === 0) pcrs.delete(bank);
  return {
    attest,
    signature: folder.bytes(entry.signature),
    pcrs,
    logs: logs.map((id) => ({ kind: 'TCG', log: folder.bytes(`logs/${id}.bin`), path: id })),
    aik: nothing,
    path: entry.id,
  };
}

/** The key that made a quote. */
export const keyOf = (folder: Folder, entry: Entry): PublicKey =>
  importSpki(pemBlocks(folder.bytes(entry.akPem), 'PUBLIC KEY', 1)[0] ?? expect.fail(`${entry.id} has no key`));
