/** A log for people and their tools: what each event says, how much of it its digest proves, and what the PCRs come to. */
import { type Bytes, hex } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithm, type Bank } from './algorithms.ts';
import { type Belief, beliefOf } from './belief.ts';
import { eventMeaning, plainText, type ShownRecord, shownRecords } from './describe-event.ts';
import { eventTypeName } from './event-types.ts';
import { type EventLog, type LogEvent, parseLog, signature03, startsWith } from './log.ts';
import { bankId, banksOf, replay } from './replay.ts';
import { type SecureBoot, secureBootOf } from './secure-boot.ts';

export interface ExplainedEvent {
  readonly seq: number;
  /** PCR, or measurement register. */
  readonly pcr: number;
  readonly type: string;
  /** Hexadecimal, by bank. */
  readonly digests: { readonly [bank: string]: string };
  readonly believed: Belief['believed'];
  /** What the data say, where that is text. Nothing but `believed` tells whether it is so. */
  readonly text?: string;
  /** The same of data that are no text: in one line. */
  readonly meaning?: string;
  /** What Windows tagged. */
  readonly records?: readonly ShownRecord[];
  readonly bytes: number;
}

export interface ExplainedLog {
  readonly format: 'tcg-log' | 'ccel';
  readonly events: readonly ExplainedEvent[];
  /** Values that the log explains, hexadecimal: by bank, then by PCR or register. */
  readonly values: { readonly [bank: string]: { readonly [index: string]: string } };
  readonly secureBoot: Omit<SecureBoot, 'variables' | 'authorities'> & {
    readonly bank: Bank;
    /** Names of the variables that were measured. */
    readonly variables: readonly string[];
    readonly authorities: readonly { readonly name: string; readonly before: boolean; readonly isRevoked: boolean }[];
  };
}

/**
 * Reads a file as a log, of PCRs or of measurement registers; undefined for anything else.
 * @throws {Malformed} for what begins as a log and does not read to its end
 */
export function logIn(input: Bytes): EventLog | undefined {
  if (!isLog(input)) return undefined;
  const asPcrs = parseLog(input);
  return isOfGuest(asPcrs) ? parseLog(input, 'ccel') : asPcrs;
}

/** The bank that a log is explained by. @throws {Malformed} for logs without a bank that is computed here */
export function explainedBank(log: EventLog): Bank {
  const banks = banksOf(log);
  const bank = banks.includes('sha256') ? 'sha256' : banks.at(-1);
  if (!bank) throw new Malformed('log', 0, 'has no bank of SHA-1, SHA-256, SHA-384 or SHA-512');
  return bank;
}

/**
 * Explains a file as a log; undefined for anything else.
 * @throws {Malformed} for what begins as a log and does not read to its end
 */
export function explainLog(input: Bytes): ExplainedLog | undefined {
  const log = logIn(input);
  if (!log) return undefined;
  const [banks, bank] = [banksOf(log), explainedBank(log)];
  const { variables, authorities, ...found } = secureBootOf(replay(bank, log), true);
  return {
    format: log.kind === 'ccel' ? 'ccel' : 'tcg-log',
    events: log.events.map((event) => explained(event, banks, bank)),
    values: Object.fromEntries(banks.map((one) => [one, valuesOf(one, log)])),
    secureBoot: {
      bank,
      ...found,
      variables: [...variables.keys()].sort(),
      authorities: authorities.map(({ name, before, isRevoked }) => ({ name, before, isRevoked })),
    },
  };
}

/** Whether a file says of itself that it is a log. */
export const saysItIsLog = (input: Bytes): boolean => startsWith(input.subarray(32), signature03);

/** Whether the first record is one of a log: of a known type, with data that fit. */
function isLog(input: Bytes): boolean {
  if (input.length < 32) return false;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const [pcr, type, size] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(28, true)];
  return pcr <= 23 && size <= input.length - 32 && !eventTypeName(type).startsWith('0x');
}

/** Measurement registers of confidential guests: SHA-384 alone, and four of them. A PC's log goes beyond PCR 4 always. */
const isOfGuest = ({ algorithms, events }: EventLog): boolean =>
  algorithms.every((id) => id === algorithm.sha384) && events.every(({ pcr }) => pcr <= 4);

function explained(event: LogEvent, banks: readonly Bank[], bank: Bank): ExplainedEvent {
  const text = plainText(event.claimedData);
  const meaning = eventMeaning(event);
  const records = shownRecords(event);
  return {
    seq: event.seq,
    pcr: event.pcr,
    type: eventTypeName(event.claimedType),
    digests: Object.fromEntries(
      banks.flatMap((one) => {
        const found = event.digests.find(({ algorithm: id }) => id === bankId(one));
        return found ? [[one, hex(found.digest)]] : [];
      }),
    ),
    believed: beliefOf(event, bank).believed,
    ...(text !== undefined && { text }),
    ...(meaning !== undefined && { meaning }),
    ...(records && { records }),
    bytes: event.claimedData.length,
  };
}

const valuesOf = (bank: Bank, log: EventLog): { readonly [index: string]: string } =>
  Object.fromEntries(
    [...replay(bank, log).registers.values()]
      .sort((a, b) => a.index - b.index)
      .map(({ index, values }) => [String(index), hex(values.at(-1) ?? new Uint8Array(0))]),
  );
