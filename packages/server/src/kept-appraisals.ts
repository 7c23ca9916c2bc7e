/** The latest appraisals, to be fetched by id: bounded, oldest out first. The id is the permission to read. */
import { close, formatJson, type JsonObject, type Section } from '@assay/core';
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
  const kept = new LRUCache<string, string>({
    max: most,
    maxSize: mostBytes,
    sizeCalculation: (text) => 2 * text.length,
  });
  return {
    keep(id, { at, type, outcome, error }, appraisal) {
      const whole: JsonObject = {
        id,
        at: at.toISOString(),
        attestationType: type,
        outcome,
        ...(error && { error: { ...error } }),
        appraisal: close(appraisal),
      };
      kept.set(id, formatJson(whole));
    },
    // Reading must not make an entry younger: what is kept is a matter of age alone.
    find: (id) => kept.peek(id),
  };
}
