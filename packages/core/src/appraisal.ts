/**
 * Every verdict explains itself. Checks are declared once, in a table beside each verifier; a call site gives only the
 * outcome and what was seen. The appraisal is the record of them: a tree that the caller makes, hands in, and keeps
 * however the flow ends. Recording costs objects, not cryptography.
 */

import type { Json, JsonObject } from './claim.ts';
import { AttestError, type ErrorCode, printable, type Where } from './errors.ts';

export interface Check {
  /** Stable, dotted, starting with the family: `intel.pck.chain`. */
  readonly id: string;
  /** What a failure is; names who must act. */
  readonly code: ErrorCode;
  /** A statement that holds when the check passes. */
  readonly title: string;
  /** Specification and section. */
  readonly source?: string;
  /** What the one who must act should do. */
  readonly remedy?: string;
  /** The sentence that Azure Attestation answers in this case, where one was recorded. */
  readonly wire?: string;
}

export type CheckTable<Id extends string = string> = { readonly [id in Id]: Check };

/** Declares the checks of one family: id → error code, title, and where it comes from. */
export function checks<const Id extends string>(
  rows: Record<Id, readonly [code: ErrorCode, title: string, more?: Pick<Check, 'source' | 'remedy' | 'wire'>]>,
): CheckTable<Id> {
  const table = {} as Record<Id, Check>;
  for (const id in rows) {
    const [code, title, more] = rows[id];
    table[id] = { id, code, title, ...more };
  }
  return table;
}

/** What a check looked at. Values may be views on the evidence: they become text when the appraisal is closed. */
export interface Seen {
  readonly expected?: unknown;
  readonly observed?: unknown;
  readonly where?: Where;
  /** More about the outcome, in a sentence. */
  readonly detail?: string;
}

/** The answer to one demand of a baseline: made by the verifier, recorded and acted on by the flow. */
export interface Finding extends Seen {
  readonly check: Check;
  readonly ok: boolean;
}

export type Outcome = 'passed' | 'failed' | 'skipped';
export interface Entry extends Seen {
  readonly check: Check;
  readonly outcome: Outcome;
}
export interface Section {
  readonly title: string;
  readonly entries: (Entry | Section | Attachment)[];
  /** Shown by an earlier request for the very same bytes, anchors and settings, and taken over. */
  readonly remembered?: true;
  /** Its entries as JSON text, where they are settled: written once, however often they are taken over. */
  readonly written?: string;
}
/** Data of another engine that belongs to the record, such as the trace of a policy. */
export interface Attachment {
  readonly title: string;
  readonly data: Json;
}

/** A failed check: the error that `require` throws. */
export class Refusal extends AttestError {
  readonly check: Check;
  readonly seen: Seen;
  constructor(check: Check, seen: Seen = {}, cause?: unknown) {
    super(check.code, sentence(check, seen), { ...(seen.where && { where: seen.where }), cause });
    this.name = 'Refusal';
    this.check = check;
    this.seen = seen;
  }
}

/** «The title» does not hold: expected this, or this; found that; more (there). Remedy. */
function sentence(check: Check, seen: Seen): string {
  const parts = [
    ...(seen.expected === undefined ? [] : [`expected ${describe(seen.expected, 200)}`]),
    ...(seen.observed === undefined ? [] : [`found ${describe(seen.observed, 200)}`]),
    ...(seen.detail === undefined ? [] : [seen.detail]),
  ];
  const { where } = seen;
  const place = where ? ` (${where.path}${where.offset === undefined ? '' : ` at byte ${where.offset}`})` : '';
  const remedy = check.remedy ? `. ${check.remedy}` : '';
  return printable(
    `Check ${check.id} failed: «${check.title}» does not hold${parts.length > 0 ? `: ${parts.join('; ')}` : ''}${place}${remedy}`,
  );
}

export class Appraisal {
  readonly root: Section;
  constructor(root: Section = { title: 'appraisal', entries: [] }) {
    this.root = root;
  }

  /** A branch of the tree. */
  within(title: string): Appraisal {
    const section: Section = { title, entries: [] };
    this.root.entries.push(section);
    return new Appraisal(section);
  }

  /** Records an outcome and goes on. */
  note(check: Check, ok: boolean | 'skipped', seen: Seen = {}): void {
    this.root.entries.push({ check, outcome: ok === 'skipped' ? ok : ok ? 'passed' : 'failed', ...seen });
  }

  /**
   * Records an outcome; a failure ends the flow.
   * @throws {Refusal} when `ok` is false
   */
  require(check: Check, ok: boolean, seen: Seen = {}): asserts ok {
    if (!ok) this.refuse(check, seen);
    this.note(check, true, seen);
  }

  /**
   * Records a failure and ends the flow.
   * @throws {Refusal}
   */
  refuse(check: Check, seen: Seen = {}, cause?: unknown): never {
    this.note(check, false, seen);
    throw new Refusal(check, seen, cause);
  }

  /**
   * Records all findings, then refuses for the first that is not met.
   * @throws {Refusal} with the first unmet finding
   */
  demand(findings: readonly Finding[], title = 'baseline'): void {
    const branch = this.within(title);
    for (const { check, ok, ...seen } of findings) branch.note(check, ok, seen);
    const unmet = findings.find((finding) => !finding.ok);
    if (unmet) {
      const { check, ok: _, ...seen } = unmet;
      throw new Refusal(check, seen);
    }
  }

  /** Takes over a branch that was recorded elsewhere. */
  graft(section: Section, remembered: boolean): void {
    this.root.entries.push(remembered ? { ...section, remembered } : section);
  }

  attach(title: string, data: Json): void {
    this.root.entries.push({ title, data });
  }
}

/** Longest text kept of one value of an appraisal, in characters. */
const longestValue = 1024;

/**
 * The appraisal as plain JSON. Views on evidence become text here, cut at a stated length, so that keeping an
 * appraisal does not keep the request's body.
 */
export function close(section: Section): JsonObject {
  return {
    title: section.title,
    ...(section.remembered && { remembered: true }),
    entries: section.entries.map((entry): JsonObject => {
      if ('entries' in entry) return close(entry);
      return 'data' in entry ? { title: entry.title, data: entry.data } : closed(entry);
    }),
  };
}

function closed({ check, outcome, expected, observed, where, detail }: Entry): JsonObject {
  return {
    check: check.id,
    title: check.title,
    outcome,
    ...(expected !== undefined && { expected: describe(expected, longestValue) }),
    ...(observed !== undefined && { observed: describe(observed, longestValue) }),
    ...(detail !== undefined && { detail: describe(detail, longestValue) }),
    ...(where && { where: { ...where } }),
    ...(check.source !== undefined && { source: check.source }),
    ...(outcome === 'failed' && { code: check.code, ...(check.remedy !== undefined && { remedy: check.remedy }) }),
  };
}

/**
 * What `close` says as JSON text, without making it first: every request's appraisal is kept.
 * @param format writes the data of other engines
 */
export function writeAppraisal(section: Section, format: (data: Json) => string): string {
  const remembered = section.remembered ? ',"remembered":true' : '';
  return `{"title":${JSON.stringify(section.title)}${remembered},"entries":${entriesOf(section, format)}}`;
}

function entriesOf({ entries, written }: Section, format: (data: Json) => string): string {
  if (written !== undefined) return written;
  const texts = entries.map((entry) => {
    if ('entries' in entry) return writeAppraisal(entry, format);
    if ('data' in entry) return `{"title":${JSON.stringify(entry.title)},"data":${format(entry.data)}}`;
    return writeEntry(entry);
  });
  return `[${texts.join(',')}]`;
}

/** What `closed` says as JSON text. */
function writeEntry({ check, outcome, expected, observed, detail, where }: Entry): string {
  const { before, after } = frameOf(check, outcome);
  const seen = (name: string, value: unknown): string =>
    value === undefined ? '' : `,"${name}":${JSON.stringify(describe(value, longestValue))}`;
  const place = where ? `,"where":${JSON.stringify(where)}` : '';
  return `${before}${seen('expected', expected)}${seen('observed', observed)}${seen('detail', detail)}${place}${after}`;
}

interface Frame {
  readonly before: string;
  readonly after: string;
}
const frames = new WeakMap<Check, { [outcome in Outcome]?: Frame }>();

/** What is the same whenever a check ends like this: written once. */
function frameOf(check: Check, outcome: Outcome): Frame {
  const known = frames.get(check)?.[outcome];
  if (known) return known;
  const { source, code, remedy, ...before } = closed({ check, outcome });
  const after = JSON.stringify({ source, code, remedy });
  const made = { before: JSON.stringify(before).slice(0, -1), after: after === '{}' ? '}' : `,${after.slice(1)}` };
  frames.set(check, { ...frames.get(check), [outcome]: made });
  return made;
}

/**
 * The same branch with its values as text: to be kept longer than the request whose bytes they are views of.
 * @param format as for `writeAppraisal`
 */
export function settle(section: Section, format: (data: Json) => string): Section {
  return { ...settled(section), written: entriesOf(section, format) };
}

function settled(section: Section): Section {
  return {
    ...section,
    entries: section.entries.map((entry) => {
      if ('entries' in entry) return settled(entry);
      if ('data' in entry) return entry;
      const { expected, observed } = entry;
      return {
        ...entry,
        ...(expected !== undefined && { expected: describe(expected, longestValue) }),
        ...(observed !== undefined && { observed: describe(observed, longestValue) }),
      };
    }),
  };
}

/** A value for people: bytes as hexadecimal, dates in UTC to the second, lists with commas, all printable; cut at `longest` characters. */
export function describe(value: unknown, longest: number): string {
  const text = printable(plain(value));
  if (text.length <= longest) return text;
  const whole = value instanceof Uint8Array ? 2 * value.length : text.length;
  return `${text.slice(0, longest)}… (${whole} characters)`;
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return value.length === 0 ? 'nothing' : hexadecimal(value.subarray(0, 1024));
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? 'no date' : value.toISOString().replace(/\.\d{3}Z$/, 'Z');
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(plain).join(', ');
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${plain(inner)}`)
      .join(', ');
  return String(value);
}

const hexadecimal = ({ buffer, byteOffset, length }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, length).toString('hex');
