/**
 * What PCRs must hold if a log tells the whole story, bank by bank (TCG PC Client Platform Firmware Profile §10; TPM 2.0
 * library, part 1 §17). A quote makes the digests and their order true as far as the values agree.
 */
import { type Bytes, equal, isZero } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithm, type Bank, hashes } from './algorithms.ts';
import { eventType } from './event-types.ts';
import { digestIn, type EventLog, isExtended, type LogEvent, startsWith } from './log.ts';

/** One extension of a PCR: by an event of a log, or by an entry of an IMA list. */
export interface Step {
  readonly digest: Bytes;
  readonly event?: LogEvent;
  /** Position of the event over all logs. Between PCRs it is only claimed. */
  readonly order?: number;
}

/** A PCR (or measurement register) as the log tells it. */
export interface Register {
  readonly index: number;
  readonly steps: readonly Step[];
  /** Before the first step, after each, and so, last, the value that the quote must show. One more than steps. */
  readonly values: readonly Bytes[];
}

export interface Replay {
  readonly bank: Bank;
  /** Only registers with events. */
  readonly registers: ReadonlyMap<number, Register>;
  /** The locality at which PCR 0 started, and how the log shows it. */
  readonly locality: { readonly value: number; readonly shownBy: 'none' | 'StartupLocality' | 'H-CRTM' };
}

/** TPM_ALG_ID of a bank. */
export const bankId = (bank: Bank): number => algorithm[bank];

/** The banks of a log that can be replayed, in the log's order. */
export const banksOf = (log: EventLog): readonly Bank[] => log.algorithms.flatMap((id) => hashes.get(id)?.bank ?? []);

/**
 * Replays one bank of logs that follow one another.
 * @throws {Malformed} for a second startup locality, or one that does not exist
 */
export function replay(bank: Bank, ...logs: readonly EventLog[]): Replay {
  const id = bankId(bank);
  const events = logs.flatMap((log) => log.events);
  const locality = localityOf(events);
  const registers = new Map<number, { index: number; steps: Step[]; values: Bytes[] }>();
  for (const [order, event] of events.entries()) {
    const value = isExtended(event) ? digestIn(event, id) : undefined;
    if (!value) continue;
    let register = registers.get(event.pcr);
    if (!register) {
      const start = startOf(bank, event.pcr === 0 ? locality.value : 0);
      register = { index: event.pcr, steps: [], values: [start] };
      registers.set(event.pcr, register);
    }
    register.steps.push({ digest: value, event, order });
    register.values.push(digest(bank, register.values[register.values.length - 1] as Bytes, value));
  }
  // Register 0 of a confidential guest is its MRTD, which is not built by extending.
  if (logs.some((log) => log.kind === 'ccel')) registers.delete(0);
  return { bank, registers, locality };
}

/**
 * A replay that goes on after its logs: with the entries of an IMA list.
 * @param steps by register
 */
export function extended({ bank, registers, locality }: Replay, steps: ReadonlyMap<number, readonly Step[]>): Replay {
  const out = new Map(registers);
  for (const [index, more] of steps) {
    const before = out.get(index) ?? { index, steps: [], values: [startOf(bank, 0)] };
    const values = [...before.values];
    for (const step of more) values.push(digest(bank, values[values.length - 1] as Bytes, step.digest));
    out.set(index, { index, steps: [...before.steps, ...more], values });
  }
  return { bank, registers: out, locality };
}

/** A DRTM launch, which events in PCR 17 to 22 imply, starts those at zero as well. */
function startOf(bank: Bank, locality: number): Bytes {
  const start = new Uint8Array(hashes.get(bankId(bank))?.size ?? 0);
  start[start.length - 1] = locality;
  return start;
}

const localityMark = Uint8Array.from('StartupLocality\0', (character) => character.charCodeAt(0));

/**
 * The locality stands in an event that is not measured. Nothing proves it but PCR 0 itself, whose start it is; without
 * it, an H-CRTM event as the first measurement of PCR 0 says 4.
 */
function localityOf(events: readonly LogEvent[]): Replay['locality'] {
  let found: number | undefined;
  let first: LogEvent | undefined;
  for (const event of events) {
    if (event.pcr !== 0) continue;
    if (isExtended(event)) first ??= event;
    else if (startsWith(event.claimedData, localityMark)) {
      const path = `event.${event.seq}.data`;
      const value = event.claimedData[localityMark.length];
      if (found !== undefined) throw new Malformed(path, event.offset, 'gives the startup locality a second time');
      if (value !== 0 && value !== 3 && value !== 4)
        throw new Malformed(path, event.offset, `gives the startup locality ${value}, expected 0, 3 or 4`);
      if (!first) found = value;
    }
  }
  if (found !== undefined) return { value: found, shownBy: 'StartupLocality' };
  if (first?.claimedType === eventType.efiHcrtm) return { value: 4, shownBy: 'H-CRTM' };
  return { value: 0, shownBy: 'none' };
}

/** How a quoted value relates to what the log tells of its PCR. */
export type Explanation =
  /** All events, in order, give the quoted value. */
  | { readonly is: 'explained' }
  /** There are no events, and the PCR is as it was after a reset. */
  | { readonly is: 'reset' }
  /** Without its last events the log gives the quoted value: they were appended, or measured after the quote. */
  | { readonly is: 'prefix'; readonly steps: number; readonly of: number }
  /** One extension by zeros beyond the log: how Windows closes a bank that it does not use (quirk F3). */
  | { readonly is: 'capped' }
  /** There are no events, and the PCR holds something. */
  | { readonly is: 'silent' }
  /** No order or number of the first events gives the quoted value: events are missing, changed or invented. */
  | { readonly is: 'unexplained' };

/** @param quoted the value of this PCR under the quote */
export function explain({ bank, registers, locality }: Replay, index: number, quoted: Bytes): Explanation {
  const values = registers.get(index)?.values;
  if (!values && isReset(index, quoted, locality.value)) return { is: 'reset' };
  const final = values?.at(-1) ?? startOf(bank, 0);
  if (values && equal(final, quoted)) return { is: 'explained' };
  if (equal(digest(bank, final, new Uint8Array(final.length)), quoted)) return { is: 'capped' };
  if (!values) return { is: 'silent' };
  const steps = values.findIndex((value) => equal(value, quoted));
  return steps >= 0 ? { is: 'prefix', steps, of: values.length - 1 } : { is: 'unexplained' };
}

/** PCRs of a DRTM launch that has not taken place. */
const isDrtm = (index: number): boolean => index >= 17 && index <= 22;

/** What a PCR holds after a reset at locality 0: PCR 17 to 22 all ones, all others zeros. @param size in bytes */
export const resetValue = (index: number, size: number): Bytes => new Uint8Array(size).fill(isDrtm(index) ? 0xff : 0);

/** Whether a PCR is as after a reset, PCR 0 perhaps with the locality at its end. */
export function isReset(index: number, value: Bytes, locality = 0): boolean {
  if (isDrtm(index)) return equal(value, resetValue(index, value.length));
  const last = value[value.length - 1];
  return isZero(value.subarray(0, -1)) && (last === 0 || (index === 0 && last === locality));
}
