/** A forged machine and its requests, judged: for tests of the TPM verifier. */
import { Appraisal, Refusal } from './appraisal.ts';
import { appraise } from './attest.ts';
import { type Bytes, utf8 } from './bytes/index.ts';
import type { Collateral } from './contract.ts';
import { aikFamily } from './evidence/tcg/anchors.ts';
import type { TpmFacts } from './evidence/tcg/facts.ts';
import { type TpmSettings, tpmSettings } from './evidence/tcg/settings.ts';
import { tpmRequest } from './evidence/tcg/verifier.ts';
import {
  type ForgedEvent,
  type ForgedTpm,
  forgeBoot,
  forgeTpm,
  linuxBoot,
  type TpmWorld,
  type WantedRequest,
} from './testing.ts';
import { forgetful } from './vouch.ts';

export const at = new Date('2026-05-01T12:00:00Z');
export const challenge: Bytes = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

export const machine: ForgedTpm = forgeTpm({ at });
export const linux = forgeBoot(linuxBoot());

export interface Case {
  readonly request?: Partial<WantedRequest>;
  readonly world?: Partial<TpmWorld>;
  readonly events?: readonly ForgedEvent[];
  readonly settings?: Partial<TpmSettings>;
  readonly collateral?: Collateral;
  /** The challenge of the service; undefined for a context that does not open. */
  readonly given?: Bytes | undefined;
  readonly at?: Date;
  readonly anchor?: Bytes;
  /** In place of the request. */
  readonly evidence?: string;
}

export interface Judged {
  readonly facts?: TpmFacts;
  readonly refused?: string;
  readonly message?: string;
  readonly appraisal: Appraisal;
}

/** What becomes of a request; the check that refused it, where one did. */
export async function judge(one: Case = {}): Promise<Judged> {
  const tpm = one.world ? forgeTpm({ at, ...one.world }) : machine;
  const boot = one.events ? forgeBoot(one.events) : linux;
  const evidence = one.evidence ?? tpm.request({ boot, challenge, serviceContext: 'AA', ...one.request });
  const appraisal = new Appraisal();
  const settings = { ...tpmSettings.defaults, ...one.settings };
  const anchors = { id: 'test', of: (family: string) => (family === aikFamily ? [one.anchor ?? tpm.anchor] : []) };
  const context = { at: one.at ?? at, settings, anchors, appraisal, memo: forgetful };
  const given = 'given' in one ? one.given : challenge;
  try {
    const { facts, demands } = await appraise(
      tpmRequest,
      { evidence: utf8(evidence), provider: 'https://assay.example', ...(given && { challenge: given }) },
      { collateral: async () => one.collateral ?? tpm.collateral },
      context,
    );
    appraisal.demand(demands);
    return { facts, appraisal };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { refused: error.check.id, message: error.message, appraisal };
  }
}

/** The claims of facts by name. */
export const claimsOf = ({ facts }: Judged): ReadonlyMap<string, unknown> =>
  new Map(
    facts
      ? tpmRequest
          .claims(facts, { at, settings: tpmSettings.defaults })
          .map(({ name, value }) => [name, value] as const)
      : [],
  );

/** Outcomes by check, the last one of each. */
export function outcomes({ root }: Appraisal): ReadonlyMap<string, string> {
  const out = new Map<string, string>();
  const walk = (entries: Appraisal['root']['entries']): void => {
    for (const entry of entries) {
      if ('entries' in entry) walk(entry.entries);
      else if ('check' in entry) out.set(entry.check.id, entry.outcome);
    }
  };
  walk(root.entries);
  return out;
}
