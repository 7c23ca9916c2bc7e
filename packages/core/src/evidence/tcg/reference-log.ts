/**
 * Stored logs of boots that were as they should be, each under a label. They decide nothing: where a log does not explain
 * its quote, they show which event is not the one that such a machine had before.
 */
import {
  type Bytes,
  decode,
  encode,
  equal,
  fromUtf8,
  hex,
  list,
  rest,
  sized,
  struct,
  u8,
  u32le,
  utf8,
} from '../../bytes/index.ts';
import type { Need } from '../../contract.ts';
import { quietly } from '../quietly.ts';
import type { Bank } from './algorithms.ts';
import { eventMeaning, plainText } from './describe-event.ts';
import { eventTypeName } from './event-types.ts';
import { parseLog } from './log.ts';
import { type Register, type Replay, replay, type Step } from './replay.ts';

/** What may be stored: all of them are read for each log that does not replay. The largest real logs have 73 KB. */
export const referenceLimits = { logs: 16, bytes: 131_072 } as const;

export interface ReferenceLog {
  readonly label: string;
  /** As `parseLog` reads it. */
  readonly log: Bytes;
}

/** Every stored log, in one piece. Nothing asks the network for it. */
export const referenceLogs: Need = { name: 'tcg/reference-logs', proven: false };

const Stored = list(u8, struct({ label: sized(u8, rest), log: sized(u32le, rest) }), referenceLimits.logs);

/** The answer to that need. @param logs at most as many as `referenceLimits` says, in the order of their labels */
export const referenceBytes = (logs: readonly ReferenceLog[]): Bytes =>
  encode(
    Stored,
    logs.map(({ label, log }) => ({ label: utf8(label), log })),
  );

/** How a boot departs from the stored one that it is most like. Both sides are what the logs say, not what is proven. */
export interface Departure {
  readonly label: string;
  /** The first event that differs: the stored one, and the one in its place. Absent where no event of these PCRs does. */
  readonly first?: { readonly expected: string; readonly observed: string };
  /** Of the PCRs asked about, those whose quoted value the stored log gives. */
  readonly agreeing: readonly number[];
}

/**
 * Compares PCRs that a log does not explain with the stored log that has most leading events in common with it.
 * @param stored made by `referenceBytes`
 * @param told the replay of the log
 * @param open the PCRs, with their quoted values
 * @returns undefined where no stored log begins like this one in the quoted bank
 * @throws {Malformed} for bytes that `referenceBytes` did not make
 */
export function departure(stored: Bytes, told: Replay, open: ReadonlyMap<number, Bytes>): Departure | undefined {
  let nearest: { readonly label: string; readonly replay: Replay; readonly shared: number } | undefined;
  for (const { label, log } of decode(Stored, stored)) {
    const again = replayed(told.bank, log);
    const shared = again ? sharedSteps(again, told) : 0;
    if (again && shared > (nearest?.shared ?? 0)) nearest = { label: fromUtf8(label), replay: again, shared };
  }
  if (!nearest) return undefined;
  const { label, replay: reference } = nearest;
  const differences = [...open.keys()].flatMap((pcr) => differenceIn(pcr, reference, told) ?? []);
  const [first] = differences.sort((a, b) => orderOf(a) - orderOf(b));
  return {
    label,
    ...(first && {
      first: {
        expected: describe(first.expected, first.pcr, told.bank),
        observed: describe(first.observed, first.pcr, told.bank),
      },
    }),
    agreeing: [...open].flatMap(([pcr, quoted]) => {
      const given = reference.registers.get(pcr)?.values.at(-1);
      return given && equal(given, quoted) ? [pcr] : [];
    }),
  };
}

/** A stored log that does not read, or has not this bank, shows nothing. */
const replayed = (bank: Bank, log: Bytes): Replay | undefined => quietly(() => replay(bank, parseLog(log)));

/** The position of the first step that is not the same in both. */
function firstDifference(a: Register | undefined, b: Register | undefined): number {
  const [one, other] = [a?.steps ?? [], b?.steps ?? []];
  const at = one.findIndex(({ digest }, i) => !equal(digest, other[i]?.digest ?? new Uint8Array(0)));
  return at < 0 ? one.length : at;
}

const sharedSteps = (reference: Replay, told: Replay): number =>
  [...reference.registers].reduce((sum, [pcr, its]) => sum + firstDifference(its, told.registers.get(pcr)), 0);

interface Difference {
  readonly pcr: number;
  readonly expected: Step | undefined;
  readonly observed: Step | undefined;
}

function differenceIn(pcr: number, reference: Replay, told: Replay): Difference | undefined {
  const [theirs, ours] = [reference.registers.get(pcr), told.registers.get(pcr)];
  const at = firstDifference(theirs, ours);
  const [expected, observed] = [theirs?.steps[at], ours?.steps[at]];
  return expected || observed ? { pcr, expected, observed } : undefined;
}

const orderOf = ({ observed, expected }: Difference): number => observed?.order ?? expected?.order ?? 0;

/** Longest meaning shown, in characters. */
const longest = 60;
const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);

function describe(step: Step | undefined, pcr: number, bank: Bank): string {
  const { event, order } = step ?? {};
  if (!step || !event) return `no further event of PCR ${pcr}`;
  const meaning = eventMeaning(event) ?? plainText(event.claimedData);
  return [
    `event ${order}`,
    `PCR ${pcr}`,
    eventTypeName(event.claimedType),
    ...(meaning === undefined ? [] : [`«${cut(meaning)}»`]),
    `${bank} ${hex(step.digest)}`,
  ].join(', ');
}
