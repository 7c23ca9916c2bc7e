/**
 * Boots, real and forged, as the service would see them: a forged TPM quotes what the log tells, so that everything but
 * the log is known to be good.
 */
import { Appraisal, appraise, type Claim, forgetful } from '@assay/core';
import { type Bytes, utf8 } from '@assay/core/bytes';
import { compile, type Program, type Ruling } from '@assay/core/policy';
import {
  type ForgedBoot,
  forgeBoot,
  forgeTpm,
  linuxBoot,
  type WantedRequest,
  type WantedWindows,
  windowsBoot,
} from '@assay/core/testing';
import {
  aikFamily,
  type Bank,
  banksOf,
  eventType,
  parseLog,
  replay,
  type TpmFacts,
  type TpmSettings,
  tpmRequest,
  tpmSettings,
} from '@assay/core/tpm';
import type { Folder } from '../setup/vectors.ts';
import type { LogEntry } from './tcg-judge.ts';

const at = new Date('2026-05-01T12:00:00Z');
const tpm = forgeTpm({ at });
const challenge = new Uint8Array(16).fill(7);

export interface Boot {
  readonly name: string;
  readonly boot: ForgedBoot;
  readonly isReal: boolean;
  /** Windows measured something. */
  readonly isWindows: boolean;
}

const sizes: Readonly<Record<Bank, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** What a TPM holds after the boot that a log tells of. */
export function quotedBy(log: Bytes): ForgedBoot {
  const parsed = parseLog(log);
  const pcrs = banksOf(parsed).map((bank) => {
    const { registers } = replay(bank, parsed);
    const reset = (index: number): Bytes => new Uint8Array(sizes[bank]).fill(index >= 17 && index <= 22 ? 0xff : 0);
    const values = Array.from(
      { length: 24 },
      (_, index) => [index, registers.get(index)?.values.at(-1) ?? reset(index)] as const,
    );
    return [bank, new Map(values)] as const;
  });
  return { log, pcrs: new Map(pcrs) };
}

const isWindows = (log: Bytes): boolean =>
  parseLog(log).events.some(({ claimedType, pcr }) => claimedType === eventType.eventTag && pcr >= 12 && pcr <= 14);

/** Machines of Windows by what is wrong with them. */
const states: { readonly [name: string]: WantedWindows } = {
  Windows: {},
  'Windows without Secure Boot': { secureBoot: false },
  'Windows without code integrity': { codeIntegrity: false },
  'Windows with boot debugging': { bootDebugging: true },
  'Windows with test signing': { testSigning: true },
  'Windows in safe mode': { safeMode: true },
  'Windows PE': { winPe: true },
  'Windows without VBS': { vbs: false },
  'Windows without an IOMMU': { iommu: false },
};

export const forgedBoots: readonly Boot[] = [
  { name: 'forged: Linux', boot: forgeBoot(linuxBoot()), isReal: false, isWindows: false },
  ...Object.entries(states).map(([name, wanted]) => ({
    name: `forged: ${name}`,
    boot: forgeBoot(windowsBoot(wanted)),
    isReal: false,
    isWindows: true,
  })),
];

/** All logs of firmware among the vectors. */
export const realBoots = (folder: Folder): readonly Boot[] =>
  (folder.json('manifest.json').logs as readonly LogEntry[])
    .filter(({ kind }) => kind === 'tcg')
    .map(({ id, file }) => {
      const log = folder.bytes(file);
      return { name: id, boot: quotedBy(log), isReal: true, isWindows: isWindows(log) };
    });

export interface Seen {
  readonly facts: TpmFacts;
  readonly claims: readonly Claim[];
}

/** What the service finds out about a boot. SHA-1 PCRs will do where a log has no others. */
export async function seen(
  boot: ForgedBoot,
  settings: Partial<TpmSettings> = {},
  request: Partial<WantedRequest> = {},
): Promise<Seen> {
  const bank: Bank = boot.pcrs.has('sha256') ? 'sha256' : 'sha1';
  const evidence = utf8(tpm.request({ boot, challenge, serviceContext: 'AA', select: [{ bank }], ...request }));
  const context = {
    at,
    settings: { ...tpmSettings.defaults, sha1Pcrs: true, ...settings },
    anchors: { id: 'forged', of: (family: string) => (family === aikFamily ? [tpm.anchor] : []) },
    appraisal: new Appraisal(),
    memo: forgetful,
  };
  const submission = { evidence, challenge, provider: 'https://assay.example' };
  const { facts } = await appraise(tpmRequest, submission, { collateral: async () => tpm.collateral }, context);
  return { facts, claims: tpmRequest.claims(facts, context) };
}

export const policyFor = (text: string): Program => compile(text, { type: 'Tpm' });

export const issuedBy = ({ issued }: Ruling): Readonly<Record<string, unknown>> =>
  Object.fromEntries(issued.map(({ name, value }) => [name, value]));
