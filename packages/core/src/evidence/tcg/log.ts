/**
 * Event logs of firmware and operating systems: TCG's legacy (SHA-1) and crypto-agile formats (TCG PC Client Platform
 * Firmware Profile §10), and the CCEL of confidential guests, which is the latter over measurement registers.
 * Little-endian. Only the order and the digests of extended events are ever protected; types and data are claims.
 */
import {
  type AnyLayout,
  type Bytes,
  bytes,
  Cursor,
  chosen,
  decode,
  type Field,
  type Layout,
  list,
  rest,
  sized,
  struct,
  u8,
  u16le,
  u32le,
} from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithm, algorithmName, hashes } from './algorithms.ts';
import { eventType } from './event-types.ts';
import { checked } from './fields.ts';

/** What a log may cost. The largest real ones have a few hundred events, with data of 57 KB at most. */
export const logLimits = { events: 20_000, data: 1_048_576, digests: 16 } as const;

/** A digest under its TPM_ALG_ID. */
export interface EventDigest {
  readonly algorithm: number;
  readonly digest: Bytes;
}

export interface LogEvent {
  /** Position in the log; the header of a crypto-agile log is 0. */
  readonly seq: number;
  /** PCR, or measurement register in a CCEL. */
  readonly pcr: number;
  readonly claimedType: number;
  readonly digests: readonly EventDigest[];
  readonly claimedData: Bytes;
  /** Bytes from the start of the log. */
  readonly offset: number;
  readonly length: number;
}

export interface EventLog {
  /** `ccel`: `pcr` counts measurement registers (1 to 4 are RTMR0 to RTMR3). */
  readonly kind: 'tcg' | 'ccel';
  readonly format: 'legacy' | 'agile';
  /** TPM_ALG_ID of each digest that records may carry, in the header's order. */
  readonly algorithms: readonly number[];
  readonly specification: Specification | undefined;
  /** The header included. */
  readonly events: readonly LogEvent[];
  /** Bytes of 00 or FF after the last record. */
  readonly padding: number;
}

/** What the header of a crypto-agile log says. */
interface Specification {
  readonly platformClass: number;
  readonly version: string;
  readonly vendorInfo: Bytes;
}

const data = checked(sized(u32le, rest), (value) =>
  value.length > logLimits.data ? `is ${value.length} bytes, at most ${logLimits.data}` : undefined,
);

/** TCG_PCR_EVENT: all records of a legacy log, and the header of a crypto-agile one. */
export const LegacyRecord = struct({ pcr: u32le, type: u32le, digest: bytes(20), data });
export interface AgileRecord {
  readonly pcr: number;
  readonly type: number;
  readonly digests: readonly EventDigest[];
  readonly data: Bytes;
}

/** `Spec ID Event03` and its closing zero. */
export const signature03 = Uint8Array.from('Spec ID Event03\0', (character) => character.charCodeAt(0));
/** TCG_EfiSpecIDEvent. */
export const SpecId = struct({
  signature: bytes(16),
  platformClass: u32le,
  minor: u8,
  major: u8,
  errata: u8,
  uintnSize: u8,
  algorithms: list(u32le, struct({ algorithm: u16le, size: u16le }), logLimits.digests),
  vendorInfo: sized(u8, rest),
});

/** TCG_PCR_EVENT2, whose digests have the sizes that the header gives. */
export function agileRecord(sizes: ReadonlyMap<number, number>): Layout<AgileRecord> {
  const cases: Record<number, AnyLayout> = Object.fromEntries([...sizes].map(([id, size]) => [id, bytes(size)]));
  const digest = struct({
    algorithm: u16le,
    digest: chosen('algorithm', (fields: { algorithm: number }) => fields.algorithm, cases),
  });
  const digests = checked(list(u32le, digest, logLimits.digests), (value) =>
    new Set(value.map((one) => one.algorithm)).size < value.length ? 'have one algorithm twice' : undefined,
  );
  return struct({ pcr: u32le, type: u32le, digests, data });
}

/**
 * Reads a log to its end. After the last record only padding may follow.
 * @param trace receives one row for each field
 * @throws {Malformed} naming the event and the byte
 */
export function parseLog(input: Bytes, kind: EventLog['kind'] = 'tcg', trace?: Field[]): EventLog {
  const from = new Cursor(input, 0, input.length, trace);
  const end = endOfMeaning(input);
  if (end === 0) throw new Malformed('log', 0, 'holds no event');
  const events: LogEvent[] = [];
  const add = (offset: number, { pcr, type, digests, data: claimedData }: AgileRecord): void => {
    if (type !== eventType.noAction && pcr > (kind === 'tcg' ? 23 : 4))
      throw new Malformed(`event.${events.length}.pcr`, offset, `is ${pcr}, which does not exist`);
    const length = from.at - offset;
    events.push({ seq: events.length, pcr, claimedType: type, digests, claimedData, offset, length });
  };
  const read = <T>(layout: Layout<T>): T => {
    if (events.length >= logLimits.events) from.fail(`more than ${logLimits.events} events`);
    from.path = ['event', String(events.length)];
    return layout.read(from);
  };

  const first = read(LegacyRecord);
  add(0, { ...first, digests: [{ algorithm: algorithm.sha1, digest: first.digest }] });
  const header =
    first.type === eventType.noAction && startsWith(first.data, signature03) ? specId(first.data) : undefined;
  const sizes = header ? digestSizes(header.algorithms) : new Map([[algorithm.sha1 as number, 20]]);
  const record = agileRecord(sizes);
  while (from.at < end) {
    const offset = from.at;
    if (header) add(offset, read(record));
    else {
      const { digest, ...others } = read(LegacyRecord);
      add(offset, { ...others, digests: [{ algorithm: algorithm.sha1, digest }] });
    }
  }
  return {
    kind,
    format: header ? 'agile' : 'legacy',
    algorithms: [...sizes.keys()],
    specification: header && {
      platformClass: header.platformClass,
      version: `${header.major}.${header.minor}.${header.errata}`,
      vendorInfo: header.vendorInfo,
    },
    events,
    padding: padding(input, from.at),
  };
}

/**
 * Where the last byte ends that is neither 00 nor FF: no record begins after it. Looked for once and from the end, so
 * that padding costs no more than its length, whatever stands behind it.
 */
function endOfMeaning(input: Bytes): number {
  let end = input.length;
  while (end > 0 && (input[end - 1] === 0 || input[end - 1] === 0xff)) end--;
  return end;
}

function padding(input: Bytes, at: number): number {
  const filler = input[at];
  const wrong = input.subarray(at).findIndex((byte) => byte !== filler);
  if (wrong >= 0) throw new Malformed('padding', at + wrong, 'is neither all 00 nor all FF');
  return input.length - at;
}

/** Positions in errors are those of the log: the header's data begin at byte 32. */
function specId(input: Bytes): typeof SpecId extends Layout<infer T> ? T : never {
  try {
    return decode(SpecId, input);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Malformed(`event.0.data.${error.path}`, 32 + (error.offset ?? 0), error.problem);
  }
}

function digestSizes(
  table: readonly { readonly algorithm: number; readonly size: number }[],
): ReadonlyMap<number, number> {
  const out = new Map<number, number>();
  for (const { algorithm: id, size } of table) {
    const known = hashes.get(id)?.size;
    if (out.has(id)) throw new Malformed('event.0.data.algorithms', 32, `name ${algorithmName(id)} twice`);
    if (size === 0 || size > 64 || (known !== undefined && known !== size))
      throw new Malformed('event.0.data.algorithms', 32, `give ${algorithmName(id)} ${size} bytes`);
    out.set(id, size);
  }
  return out;
}

/** Whether data begins with these bytes. */
export const startsWith = (input: Bytes, prefix: Bytes): boolean =>
  input.length >= prefix.length && prefix.every((byte, i) => input[i] === byte);

/** The digest of an event in one bank. */
export const digestIn = (event: LogEvent, id: number): Bytes | undefined =>
  event.digests.find((one) => one.algorithm === id)?.digest;

/** Whether an event changes a PCR. */
export const isExtended = (event: LogEvent): boolean => event.claimedType !== eventType.noAction;
