/**
 * The `events` and `pcrs` claims, in Azure Attestation's form: members in byte order, binary data in base64url. Events
 * get into them only out of PCRs that the quote covers and the logs explain.
 */
import { base64url } from '../../bytes/index.ts';
import { formatJson, type Json, type JsonObject } from '../../json/index.ts';
import type { Bank } from './algorithms.ts';
import { beliefOf } from './belief.ts';
import { eventType } from './event-types.ts';
import { digestIn, type EventLog, isExtended, type LogEvent } from './log.ts';
import type { PcrValues } from './pcrs.ts';
import { type Processed, processed } from './processed.ts';
import { bankId } from './replay.ts';
import { recordsIn } from './wbcl.ts';

export interface EventsView {
  /** The quoted bank that is relied on. */
  readonly bank: Bank;
  /** Quoted banks, all of whose digests are shown. */
  readonly shown: readonly Bank[];
  /** PCRs that are covered and explained. */
  readonly pcrs: ReadonlySet<number>;
  /** Of these what happened after firmware or Windows closed them, and what before, cannot be told apart: read strictly, their events mean nothing. */
  readonly doubted?: ReadonlySet<number>;
  /** `strict`: only decodings that the digest proves. `maa`: every decoding, as Azure Attestation gives them. */
  readonly mode: 'strict' | 'maa';
}

/**
 * The events of logs that follow one another, numbered through.
 * @throws {Malformed} for Windows' records that do not read, or nest without end
 */
export function eventsJson(logs: readonly EventLog[], view: EventsView): readonly JsonObject[] {
  let next = 0;
  return logs.flatMap((log) => {
    const first = next;
    next += log.events.length;
    return log.events.filter((event) => isShown(event, view)).map((event) => eventJson(event, first + event.seq, view));
  });
}

/** What the `events` claim is the text of. */
export const eventsDocument = (events: readonly JsonObject[]): JsonObject => ({ Events: events });

/** The text of the `events` claim. */
export const eventsClaim = (events: readonly JsonObject[]): string =>
  formatJson(eventsDocument(events), { sorted: true });

/** What is not extended in the bank that is relied on is covered by nothing. */
const isShown = (event: LogEvent, { bank, pcrs }: EventsView): boolean =>
  isExtended(event) && pcrs.has(event.pcr) && digestIn(event, bankId(bank)) !== undefined;

function eventJson(event: LogEvent, seq: number, view: EventsView): JsonObject {
  const digests = view.shown.flatMap((bank) => {
    const digest = digestIn(event, bankId(bank));
    return digest ? [[bank.toUpperCase(), base64url(digest)] as const] : [];
  });
  // Windows' records are read whatever is believed of them: what nests without end is refused, not passed over.
  if (event.claimedType === eventType.eventTag && isWindows(event.pcr)) recordsIn(event);
  const shown = meaning(event, view, digests);
  // In byte order already: texts are written many times as fast so.
  return {
    Digests: Object.fromEntries(digests),
    EventSeq: seq,
    EventType: event.claimedType,
    ...(shown && { EventTypeString: shown.EventTypeString }),
    PcrIndex: event.pcr,
    ...(shown && { ProcessedData: shown.ProcessedData }),
    RawData: base64url(event.claimedData),
  };
}

function meaning(
  event: LogEvent,
  { bank, mode, doubted }: EventsView,
  digests: readonly (readonly [string, string])[],
): Processed | undefined {
  if (mode === 'maa') return processed(event, undefined, digests);
  if (doubted?.has(event.pcr)) return undefined;
  const belief = beliefOf(event, bank);
  return belief.believed === 'data' || belief.believed === 'part' ? processed(event, belief, digests) : undefined;
}

/** PCRs that Windows measures its records into. */
const isWindows = (pcr: number): boolean => (pcr >= 11 && pcr <= 14) || (pcr >= 17 && pcr <= 22);

/** The text of the `pcrs` claim: the quoted values, by ascending index. */
export function pcrsClaim(values: PcrValues): string {
  const indices = [...new Set([...values.values()].flatMap((bank) => [...bank.keys()]))].sort((a, b) => a - b);
  const pcrs = indices.map((index): JsonObject => {
    const digests = [...values].flatMap(([bank, list]): [string, Json][] => {
      const value = list.get(index);
      return value ? [[bank.toUpperCase(), base64url(value)]] : [];
    });
    return { Digests: Object.fromEntries(digests), Index: index };
  });
  return formatJson({ PCRs: pcrs }, { sorted: true });
}
