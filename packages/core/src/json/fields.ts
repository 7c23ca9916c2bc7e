/** Typed reading of JSON members, each failure naming the path: `tcbInfo.tcbLevels.3.tcb.pcesvn`. */
import { type Bytes, fromHex } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { isObject, type Json } from './value.ts';

/** A value and where it stands. A missing member is a slot whose value is undefined. */
export interface Slot {
  readonly value: Json | undefined;
  readonly path: string;
}

const wrong = (slot: Slot, wanted: string): never => {
  const found = slot.value === undefined ? 'is missing' : `is ${kind(slot.value)}`;
  throw new Malformed(slot.path, undefined, `${found}, must be ${wanted}`);
};

function kind(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  const text = String(value);
  return `${typeof value} ${text.length > 40 ? `${text.slice(0, 40)}…` : text}`;
}

/** The member of an object. @throws {Malformed} when the slot is no object */
export function member(slot: Slot, name: string): Slot {
  if (!isObject(slot.value)) return wrong(slot, 'an object');
  return { value: slot.value[name], path: slot.path ? `${slot.path}.${name}` : name };
}

export function text(slot: Slot): string {
  return typeof slot.value === 'string' ? slot.value : wrong(slot, 'a string');
}

export function integer(slot: Slot, least: number, most: number): number {
  const { value } = slot;
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
    ? value
    : wrong(slot, `an integer from ${least} to ${most}`);
}

/** Hexadecimal text of exactly so many bytes, of either case. */
export function hexBytes(slot: Slot, length: number): Bytes {
  const digits = text(slot);
  if (digits.length !== 2 * length) return wrong(slot, `${2 * length} hexadecimal digits`);
  return fromHex(digits, slot.path);
}

/** The elements of an array of at most `most`. */
export function elements(slot: Slot, most: number): readonly Slot[] {
  if (!Array.isArray(slot.value)) return wrong(slot, 'an array');
  if (slot.value.length > most) return wrong(slot, `an array of at most ${most} elements`);
  return slot.value.map((value, index) => ({ value, path: `${slot.path}.${index}` }));
}

/** One of the given words. */
export function word<const W extends string>(slot: Slot, words: readonly W[]): W {
  return words.find((one) => one === slot.value) ?? wrong(slot, `one of ${words.join(', ')}`);
}

/** A time as `date` reads it; «no end» for one that never comes. @param time milliseconds since 1970 */
export const isoTime = (time: number): string =>
  Number.isFinite(time) ? new Date(time).toISOString().replace('.000Z', 'Z') : 'no end';

/** `YYYY-MM-DDTHH:MM:SSZ` and nothing else, as milliseconds since 1970. */
export function date(slot: Slot): number {
  const written = text(slot);
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(written) ? Date.parse(written) : Number.NaN;
  // Date.parse rolls 30 February over to March: what comes back must be what was written.
  if (Number.isNaN(time) || new Date(time).toISOString() !== written.replace('Z', '.000Z'))
    return wrong(slot, 'a time written YYYY-MM-DDTHH:MM:SSZ');
  return time;
}
