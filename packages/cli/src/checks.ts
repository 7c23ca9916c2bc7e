/** The checks of an appraisal as a list: one row each, with the branch it stands in. */
import type { Json, JsonObject } from '@assay/core';

export interface CheckRow {
  readonly id: string;
  readonly outcome: string;
  readonly title: string;
  readonly expected?: Json;
  readonly observed?: Json;
  readonly detail?: Json;
  readonly where?: Json;
  readonly section: string;
  readonly code?: Json;
  readonly remedy?: Json;
  readonly source?: Json;
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const always = ['expected', 'observed', 'where', 'source'] as const;
const ofFailures = ['expected', 'observed', 'detail', 'where', 'code', 'remedy', 'source'] as const;

/** @param appraisal the closed form */
export function checkRows(appraisal: JsonObject, section = ''): readonly CheckRow[] {
  const entries = Array.isArray(appraisal['entries']) ? (appraisal['entries'] as readonly Json[]) : [];
  return entries.filter(isObject).flatMap((entry): readonly CheckRow[] => {
    if ('entries' in entry)
      return checkRows(entry, section === '' ? String(entry['title']) : `${section} / ${String(entry['title'])}`);
    if (!('check' in entry)) return [];
    const names = entry['outcome'] === 'failed' ? ofFailures : always;
    const more = Object.fromEntries(
      names.filter((name) => entry[name] !== undefined).map((name) => [name, entry[name]]),
    );
    return [
      {
        id: String(entry['check']),
        outcome: String(entry['outcome']),
        title: String(entry['title']),
        ...more,
        section,
      },
    ];
  });
}
