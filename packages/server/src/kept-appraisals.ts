/** The latest appraisals, to be fetched by id: bounded, oldest out first. The id is the permission to read. */
import { formatJson, type Json, type Section, writeAppraisal } from '@assay/core';
import { LRUCache } from 'lru-cache';

/** How a request ended. */
export interface Ending {
  readonly at: Date;
  readonly type: string;
  readonly outcome: 'accepted' | 'refused' | 'failed';
  readonly error?: { readonly code: string; readonly message: string; readonly check?: string };
}

export interface KeptAppraisals {
  readonly keep: (id: string, ending: Ending, appraisal: Section) => void;
  /** JSON text. */
  readonly find: (id: string) => string | undefined;
}

export function keptAppraisals(most: number, mostBytes: number): KeptAppraisals {
  // As bytes: text would be kept as the many pieces that it was written in.
  const kept = new LRUCache<string, Buffer>({
    max: most,
    maxSize: mostBytes,
    sizeCalculation: (written) => written.length,
  });
  return {
    keep(id, { at, type, outcome, error }, appraisal) {
      const ending = JSON.stringify({
        id,
        at: at.toISOString(),
        attestationType: type,
        outcome,
        ...(error && { error }),
      });
      kept.set(id, Buffer.from(`${ending.slice(0, -1)},"appraisal":${writeAppraisal(appraisal, format)}}`));
    },
    // Reading must not make an entry younger: what is kept is a matter of age alone.
    find: (id) => kept.peek(id)?.toString(),
  };
}

/** The runtime's own writer is much faster, but does not write integers that a double cannot hold. */
function format(data: Json): string {
  try {
    return JSON.stringify(data);
  } catch {
    return formatJson(data);
  }
}
