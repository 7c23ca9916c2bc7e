/**
 * What changed between two boots: the events of each PCR aligned by their digests (a longest common subsequence), since
 * digests and their order within a PCR are all that a quote protects. Order between PCRs means nothing.
 */
import { type Bytes, decode, equal, hex } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { formatJson } from '../../json/index.ts';
import type { Bank } from './algorithms.ts';
import { type Belief, beliefOf } from './belief.ts';
import { eventMeaning, plainText, type ShownRecord, shownRecords } from './describe-event.ts';
import { EfiVariable } from './efi.ts';
import { eventTypeName } from './event-types.ts';
import type { EventLog, LogEvent } from './log.ts';
import { banksOf, type Register, replay, type Step } from './replay.ts';

/** One event of one of the logs. */
export interface ShownEvent {
  readonly seq: number;
  readonly type: string;
  /** Hexadecimal, in the bank compared. */
  readonly digest: string;
  readonly believed: Belief['believed'];
  readonly says?: string;
}

/** `changed`: the same thing with other contents, as far as the events' own names tell. */
export type EventChange =
  | { readonly is: 'removed'; readonly before: ShownEvent }
  | { readonly is: 'added'; readonly after: ShownEvent }
  | {
      readonly is: 'changed';
      readonly before: ShownEvent;
      readonly after: ShownEvent;
      /** Where Windows tagged both: the records that only one of them has. */
      readonly records?: RecordChanges;
    };

/** Records as `BOOTCOUNTER = 168`. */
export interface RecordChanges {
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

export interface ComparedRegister {
  /** PCR, or measurement register. */
  readonly index: number;
  readonly same: number;
  readonly changes: readonly EventChange[];
  /** Final values, hexadecimal; absent from a log without events of this PCR. */
  readonly before?: string;
  readonly after?: string;
  /** Too many events differ to align them: all that differ are given as removed and added. */
  readonly isUnaligned?: true;
}

export interface ComparedLogs {
  readonly bank: Bank;
  readonly isEqual: boolean;
  /** Ascending; every PCR that one of the logs has events of. */
  readonly registers: readonly ComparedRegister[];
}

/**
 * Compares two logs in the strongest bank that both have.
 * @throws {Malformed} when they have none in common, or are of different kinds
 */
export function compareLogs(before: EventLog, after: EventLog): ComparedLogs {
  if (before.kind !== after.kind)
    throw new Malformed('log', undefined, 'is one of PCRs, and the other is one of measurement registers');
  const bank = strength.find((one) => banksOf(before).includes(one) && banksOf(after).includes(one));
  if (!bank) throw new Malformed('log', undefined, 'has no bank in common with the other one');
  const [a, b] = [replay(bank, before).registers, replay(bank, after).registers];
  const indices = [...new Set([...a.keys(), ...b.keys()])].sort((x, y) => x - y);
  const registers = indices.map((index) => compareRegisters(index, a.get(index), b.get(index), bank));
  return {
    bank,
    // Start values differ where the locality does.
    isEqual: registers.every((one) => one.changes.length === 0 && one.before === one.after),
    registers,
  };
}

/** Strongest first. */
const strength: readonly Bank[] = ['sha512', 'sha384', 'sha256', 'sha1'];

function compareRegisters(
  index: number,
  before: Register | undefined,
  after: Register | undefined,
  bank: Bank,
): ComparedRegister {
  const [a, b] = [before?.steps ?? [], after?.steps ?? []];
  const { kept, isUnaligned } = align(a, b);
  const final = (register: Register | undefined): string | undefined => {
    const value = register?.values.at(-1);
    return value && hex(value);
  };
  const [was, is] = [final(before), final(after)];
  return {
    index,
    same: kept.length,
    changes: changesBetween(a, b, kept, bank),
    ...(was !== undefined && { before: was }),
    ...(is !== undefined && { after: is }),
    ...(isUnaligned && { isUnaligned }),
  };
}

/** Positions of a step that both have. */
type Pair = readonly [before: number, after: number];

/** What the table of one PCR may cost, in cells: logs of thousands of events that differ everywhere are not aligned. */
const mostCells = 4_000_000;

/** Equal beginnings and ends cost nothing; the table is for what is between. */
function align(
  a: readonly Step[],
  b: readonly Step[],
): { readonly kept: readonly Pair[]; readonly isUnaligned?: true } {
  const same = (x: Step | undefined, y: Step | undefined): boolean =>
    x !== undefined && y !== undefined && equal(x.digest, y.digest);
  let start = 0;
  while (same(a[start], b[start])) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && same(a[a.length - 1 - end], b[b.length - 1 - end])) end++;
  const head = Array.from({ length: start }, (_, i): Pair => [i, i]);
  const tail = Array.from({ length: end }, (_, i): Pair => [a.length - end + i, b.length - end + i]);
  const [rows, columns] = [a.length - end - start, b.length - end - start];
  if (rows * columns > mostCells) return { kept: [...head, ...tail], isUnaligned: true };
  const ids = new Map<string, number>();
  const idsOf = (steps: readonly Step[], count: number): readonly number[] =>
    steps.slice(start, start + count).map(({ digest }) => {
      const key = hex(digest);
      const id = ids.get(key) ?? ids.size;
      ids.set(key, id);
      return id;
    });
  const between = longestCommon(idsOf(a, rows), idsOf(b, columns));
  return { kept: [...head, ...between.map(([x, y]): Pair => [start + x, start + y]), ...tail] };
}

/** Positions of a longest common subsequence, in order. */
function longestCommon(a: readonly number[], b: readonly number[]): readonly Pair[] {
  const width = b.length + 1;
  // Cell (i, j): length of the longest one of a from i on and b from j on: at most the square root of all cells.
  const lengths = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] as number;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

/** Between two kept steps each log may have others: what has the same label in both was changed. */
function changesBetween(
  a: readonly Step[],
  b: readonly Step[],
  kept: readonly Pair[],
  bank: Bank,
): readonly EventChange[] {
  const out: EventChange[] = [];
  let [fromA, fromB] = [0, 0];
  for (const [toA, toB] of [...kept, [a.length, b.length] as const]) {
    out.push(...changesIn(a.slice(fromA, toA), b.slice(fromB, toB), bank));
    [fromA, fromB] = [toA + 1, toB + 1];
  }
  return out;
}

function changesIn(removed: readonly Step[], added: readonly Step[], bank: Bank): readonly EventChange[] {
  const partners = new Map<string, Step[]>();
  for (const step of added) {
    const label = labelOf(step.event);
    const list = partners.get(label);
    if (list) list.push(step);
    else partners.set(label, [step]);
  }
  const taken = new Set<Step>();
  const gone = removed.map((step): EventChange => {
    const before = shown(step, bank);
    const partner = partners.get(labelOf(step.event))?.shift();
    if (!partner) return { is: 'removed', before };
    taken.add(partner);
    const records = recordChanges(step.event, partner.event);
    return { is: 'changed', before, after: shown(partner, bank), ...(records && { records }) };
  });
  const come = added.filter((step) => !taken.has(step));
  return [...gone, ...come.map((step): EventChange => ({ is: 'added', after: shown(step, bank) }))];
}

function recordChanges(before: LogEvent | undefined, after: LogEvent | undefined): RecordChanges | undefined {
  const [was, is] = [before && shownRecords(before), after && shownRecords(after)];
  if (!was || !is) return undefined;
  const [old, now] = [leavesOf(was), leavesOf(is)];
  return { removed: without(old, now), added: without(now, old) };
}

const leavesOf = (records: readonly ShownRecord[]): readonly string[] =>
  records.flatMap(({ id, name = id, value, records: inside }) =>
    inside ? leavesOf(inside) : [`${name} = ${typeof value === 'string' ? value : formatJson(value ?? null)}`],
  );

/** What one list has and the other has not, each as often as it is more. */
function without(list: readonly string[], other: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const one of other) left.set(one, (left.get(one) ?? 0) + 1);
  return list.filter((one) => {
    const count = left.get(one) ?? 0;
    if (count > 0) left.set(one, count - 1);
    return count === 0;
  });
}

/** What an event is of: its type, and the variable's name where there is one. */
function labelOf(event: LogEvent | undefined): string {
  if (!event) return '';
  return `${event.claimedType} ${variableName(event.claimedData) ?? ''}`;
}

function variableName(data: Bytes): string | undefined {
  try {
    const { name } = decode(EfiVariable, data);
    return /^[\x21-\x7e]{1,64}$/.test(name) ? name : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function shown({ event, digest }: Step, bank: Bank): ShownEvent {
  if (!event) return { seq: -1, type: '', digest: hex(digest), believed: 'none' };
  const says = eventMeaning(event) ?? plainText(event.claimedData);
  return {
    seq: event.seq,
    type: eventTypeName(event.claimedType),
    digest: hex(digest),
    believed: beliefOf(event, bank).believed,
    ...(says !== undefined && { says }),
  };
}
