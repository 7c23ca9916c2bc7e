/**
 * What Windows' records say of a boot. A record counts if the digest of its event proves it, and if the quote covers its
 * PCR; what is not measured at all counts only in a PCR that Windows has closed, since anyone can leave events out.
 */
import { type Bytes, equal } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { beliefOf, windowsSeparator } from './belief.ts';
import { eventType } from './event-types.ts';
import type { EventsView } from './events-claim.ts';
import type { LogEvent } from './log.ts';
import type { Replay } from './replay.ts';
import { recordNumber, recordsIn, type WbclRecord } from './wbcl.ts';
import { recordId } from './wbcl-json.ts';

export interface Windows {
  /** A DMA remapper is required, wherever it is mentioned. */
  readonly iommuEnabled: boolean;
  /** No boot application may be debugged. */
  readonly bootDebuggingDisabled: boolean;
  readonly notSafeMode: boolean;
  readonly notWinPE: boolean;
  /** The hypervisor's secure mode is required, and enforced. */
  readonly vbsEnabled: boolean;
  /** Counts boots, resumes from hibernation included; undefined where records disagree or are missing. */
  readonly bootCounter: bigint | undefined;
  readonly counterId: bigint | undefined;
  /** Where boot managers handed over to: 1 boot, 2 resume, 5 hypervisor. */
  readonly transfers: readonly bigint[];
  /** The key that signs reports of VBS enclaves (VSM_IDKS_INFO); undefined where there is not exactly one. */
  readonly reportKey: Bytes | undefined;
}

/** Records of the operating system, and those of a DRTM launch. */
const systemPcrs = [12, 13, 19, 20];
const vbsPcrs = [12, 19];

/**
 * @param pcrs covered by the quote and explained by the logs
 * @param mode `maa`: records are taken as they are, and a log without any is a good one
 * @throws {Malformed} for records that do not read
 */
export function windowsOf(replay: Replay, { pcrs, mode }: Pick<EventsView, 'pcrs' | 'mode'>): Windows {
  // Which of two stories is Windows' own cannot be told: neither counts, nor what other PCRs say.
  const isReopened = mode === 'strict' && systemPcrs.some((pcr) => isWindowsReopened(replay, pcr));
  const inPcrs = (wanted: readonly number[]): readonly WbclRecord[] =>
    isReopened ? [] : wanted.filter((pcr) => pcrs.has(pcr)).flatMap((pcr) => boundaryRecords(replay, pcr, mode));
  const [system, vbs] = [inPcrs(systemPcrs), inPcrs(vbsPcrs)];
  const flags = (records: readonly WbclRecord[], id: number): readonly boolean[] =>
    records.filter((one) => one.id === id).map(({ data }) => data.some((byte) => byte !== 0));
  const all = (values: readonly boolean[], wanted: boolean): boolean =>
    values.length > 0 && values.every((value) => value === wanted);
  const only = (id: number): Bytes | undefined => {
    const [first, ...others] = new Map(
      system.filter((one) => one.id === id).map(({ data }) => [String(data), data]),
    ).values();
    return others.length === 0 ? first : undefined;
  };
  const counted = (id: number): bigint | undefined => {
    const data = only(id);
    return data && recordNumber(data);
  };
  const isClosed = mode === 'maa' || [12, 13].every((pcr) => pcrs.has(pcr) && isWindowsClosed(replay, pcr));
  const none = (id: number): boolean => isClosed && !flags(system, id).includes(true);
  return {
    iommuEnabled: all(flags(system, 0x000a_0003), true),
    bootDebuggingDisabled: all(flags(system, 0x0004_0001), false),
    notSafeMode: none(0x0005_0005),
    notWinPE: none(0x0005_0006),
    vbsEnabled: all(flags(vbs, 0x000a_0001), true) && all(flags(vbs, 0x000a_0006), true),
    bootCounter: counted(recordId.bootCounter),
    counterId: counted(recordId.counterId),
    transfers: system.filter((one) => one.id === recordId.transferControl).map(({ data }) => recordNumber(data)),
    reportKey: only(recordId.idks),
  };
}

const eventsIn = ({ registers }: Replay, pcr: number): readonly LogEvent[] =>
  (registers.get(pcr)?.steps ?? []).flatMap(({ event }) => event ?? []);

/** What stands directly in trust boundaries: where policies look as well. */
function boundaryRecords(replay: Replay, pcr: number, mode: EventsView['mode']): readonly WbclRecord[] {
  return eventsIn(replay, pcr)
    .filter(({ claimedType }) => claimedType === eventType.eventTag)
    .filter((event) => mode === 'maa' || beliefOf(event, replay.bank).believed === 'data')
    .flatMap(recordsIn)
    .flatMap(({ id, inside }) => (id === recordId.trustBoundary ? (inside ?? []) : []));
}

/** PCRs that Windows closes by its separator when it takes over from firmware. */
const closedPcrs: ReadonlySet<number> = new Set([12, 13, 14]);

/**
 * Where the separator stands among the steps of a PCR. It is known by its digest: calling it something else hides nothing.
 * @returns -1 where there is none
 */
function separatorAt({ bank, registers }: Replay, pcr: number): number {
  const wanted = digest(bank, windowsSeparator);
  return registers.get(pcr)?.steps.findIndex((step) => equal(step.digest, wanted)) ?? -1;
}

/** Whether something was measured behind Windows' separator, where Windows measures nothing: whatever runs later may. */
export function isWindowsReopened(replay: Replay, pcr: number): boolean {
  if (!closedPcrs.has(pcr)) return false;
  const at = separatorAt(replay, pcr);
  return at >= 0 && at + 1 < (replay.registers.get(pcr)?.steps.length ?? 0);
}

/** Whether a PCR holds a trust boundary and ends in Windows' one separator, all of it proven. */
export const isWindowsClosed = (replay: Replay, pcr: number): boolean =>
  separatorAt(replay, pcr) >= 0 && !isWindowsReopened(replay, pcr) && boundaryRecords(replay, pcr, 'strict').length > 0;
