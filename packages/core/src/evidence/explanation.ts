/**
 * How evidence is described for people: fields with their places and meanings, and what a verifier will ask. Pure data;
 * nothing is verified, and what cannot be read whole is shown as far as it goes.
 */
import type { Check } from '../appraisal.ts';
import { type Field, hex } from '../bytes/index.ts';
import { sha256 } from '../crypto/index.ts';
import { Malformed } from '../errors.ts';
import { isoTime } from '../json/index.ts';
import { type Certificate, isSelfIssued, nameText } from '../pki/index.ts';

/** One field. Groups of fields have no value. Offsets are in bytes from the start of the file. */
export interface Row {
  readonly path: string;
  readonly offset?: number;
  readonly length?: number;
  readonly value?: string;
  readonly meaning?: string;
}
export interface Part {
  readonly title: string;
  readonly rows: readonly Row[];
}
export interface Explanation {
  /** What the file is: `SGX quote, version 3`. */
  readonly what: string;
  readonly length: number;
  readonly parts: readonly Part[];
  /** What a verifier asks of such a file, in its order. */
  readonly checks: readonly Check[];
  /** Why it could not be read to its end. */
  readonly problem?: string;
}

/** What was read of one structure. */
export interface Look<T> {
  readonly rows: readonly Row[];
  readonly value?: T;
  readonly problem?: string;
}

interface Words {
  /** What the paths begin with. */
  readonly under?: string;
  readonly meaningOf: (path: string, value: unknown) => string | undefined;
  /** Default `valueText`. */
  readonly plainValue?: (path: string, value: unknown) => string | undefined;
}

/**
 * Reads with a trace, and turns it into rows.
 * @param base where the structure begins in the file
 */
export function lookThrough<T>(read: (trace: Field[]) => T, base: number, words: Words): Look<T> {
  const trace: Field[] = [];
  try {
    const value = read(trace);
    return { rows: rowsOf(trace, base, words), value };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const where = error.offset === undefined ? '' : ` at byte ${base + error.offset}`;
    return {
      rows: rowsOf(trace, base, words),
      problem: `${words.under ?? ''}${error.path || 'the file'}${where}: ${error.problem}`,
    };
  }
}

/** Groups before what is in them (a trace has them after), fields in order. */
function rowsOf(
  trace: readonly Field[],
  base: number,
  { under = '', meaningOf, plainValue = (_path, value) => valueText(value) }: Words,
): readonly Row[] {
  const byPath = new Map(trace.map((field) => [field.path, field]));
  const emitted = new Set<string>();
  const out: Row[] = [];
  const emit = (path: string, first: Field): void => {
    if (path === '' || emitted.has(path)) return;
    emit(path.slice(0, Math.max(0, path.lastIndexOf('.'))), first);
    emitted.add(path);
    const field = byPath.get(path);
    const meaning = meaningOf(path, field?.value);
    const value = field && plainValue(path, field.value);
    // A group that was not read to its end has a beginning all the same.
    out.push({
      path: `${under}${path}`,
      offset: base + (field ?? first).offset,
      ...(field && { length: field.length }),
      ...(value !== undefined && { value }),
      ...(meaning !== undefined && { meaning }),
    });
  };
  for (const field of trace) emit(field.path, field);
  return out;
}

/** Bytes in hexadecimal, numbers as they are; nothing for groups. */
export function valueText(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return hex(value);
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

export const row = (path: string, value: string, meaning?: string): Row => ({
  path,
  value,
  ...(meaning !== undefined && { meaning }),
});

/** What every certificate says. @param known whose key it is, where that is known */
export const certificateRows = (one: Certificate, known: string | undefined): readonly Row[] => [
  row('subject', nameText(one.subject) || 'empty'),
  row('issuer', nameText(one.issuer), isSelfIssued(one) ? 'itself' : undefined),
  row('serial', one.serialHex),
  row('valid from', isoTime(one.notBefore)),
  row('valid until', isoTime(one.notAfter)),
  row('signature', one.signatureAlgorithm.scheme ?? one.signatureAlgorithm.oid),
  row('key', hex(sha256(one.spki)), `SHA-256 of the public key${known === undefined ? '' : `: ${known}`}`),
  ...(one.basicConstraints?.ca
    ? [
        row(
          'may issue',
          'certificates',
          one.basicConstraints.pathLength === undefined
            ? undefined
            : `with at most ${one.basicConstraints.pathLength} CAs below it`,
        ),
      ]
    : []),
];
