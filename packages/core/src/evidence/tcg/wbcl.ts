/**
 * Windows' part of the log: tagged records in EV_EVENT_TAG (wbcl.h; PCR 11 to 14, after a DRTM launch 17 to 22).
 * Little-endian; containers hold records again.
 */
import { type Bytes, Cursor, rest, sized, struct, u32le } from '../../bytes/index.ts';
import { once } from '../../once.ts';
import type { LogEvent } from './log.ts';

/** One record. Containers have records instead of data. */
export interface WbclRecord {
  readonly id: number;
  readonly data: Bytes;
  readonly inside: readonly WbclRecord[] | undefined;
}

/** How deep records nest, counting from the event. Real ones go three levels. */
const maxDepth = 4;
/** Bit 30: holds records. Bit 31: not measured. */
const container = 0x4000_0000;

const Record = struct({ id: u32le, data: sized(u32le, rest) });

/**
 * Reads the records of one event.
 * @throws {Malformed} naming the byte of the data, also when records nest too deep
 */
export function parseRecords(input: Bytes, path = 'data'): readonly WbclRecord[] {
  return records(input, 0, input.length, 1, path);
}

/**
 * The records of an event of a log.
 * @throws {Malformed} as `parseRecords` does
 */
export const recordsIn = once(({ claimedData, seq }: LogEvent): readonly WbclRecord[] =>
  parseRecords(claimedData, `event.${seq}.data`),
);

function records(input: Bytes, start: number, end: number, depth: number, path: string): readonly WbclRecord[] {
  const from = new Cursor(input, start, end);
  from.path = [path];
  if (depth > maxDepth && end > start) from.fail(`nests deeper than ${maxDepth} levels`);
  const out: WbclRecord[] = [];
  while (from.left > 0) {
    const { id, data } = Record.read(from);
    const inside = (id & container) !== 0 ? records(input, from.at - data.length, from.at, depth + 1, path) : undefined;
    out.push({ id, data, inside });
  }
  return out;
}

/** All records of an id, at any depth, in order. */
export function recordsOf(list: readonly WbclRecord[], id: number): readonly WbclRecord[] {
  return list.flatMap((one) => [...(one.id === id ? [one] : []), ...(one.inside ? recordsOf(one.inside, id) : [])]);
}

/** A number of 1 to 8 bytes, as records have them. */
export function recordNumber(data: Bytes): bigint {
  return data.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
