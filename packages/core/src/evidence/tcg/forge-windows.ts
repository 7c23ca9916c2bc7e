/**
 * Boots of Windows made to order: the firmware's part of a boot, and Windows' records after it (wbcl.h), all of them
 * measured and closed as Windows does.
 */
import { type Bytes, concat, encode, u16le, u32le, u64le, utf8 } from '../../bytes/index.ts';
import { eventType } from './event-types.ts';
import { type ForgedEvent, linuxBoot, type WantedBoot } from './forge-log.ts';
import { IdentityKey, recordId } from './wbcl-json.ts';

/** What Windows' part of the log says. Whatever is left out is that of a machine in good health. */
export interface WantedWindows extends WantedBoot {
  readonly bootCounter?: bigint;
  readonly counterId?: bigint;
  /** 1: a boot, 2: a resume from hibernation. */
  readonly transfer?: number;
  readonly bootDebugging?: boolean;
  readonly safeMode?: boolean;
  readonly winPe?: boolean;
  readonly testSigning?: boolean;
  readonly codeIntegrity?: boolean;
  readonly vbs?: boolean;
  readonly iommu?: boolean;
  /** Modulus and exponent of the key that signs reports of VBS enclaves. */
  readonly reportKey?: { readonly modulus: Bytes; readonly exponent: Bytes };
  /** More records in the trust boundary of PCR 12, or others of the same kind. */
  readonly more?: readonly Bytes[];
}

/** One record: a number, a length, and data, which may be records again. */
export const forgeRecord = (id: number, ...data: readonly Bytes[]): Bytes => {
  const body = concat(...data);
  return concat(encode(u32le, id), encode(u32le, body.length), body);
};

const flag = (id: number, value: boolean): Bytes => forgeRecord(id, Uint8Array.of(value ? 1 : 0));
const number = (id: number, value: bigint): Bytes => forgeRecord(id, encode(u64le, value));
const text = (id: number, value: string): Bytes =>
  forgeRecord(id, ...Array.from(`${value}\0`, (character) => encode(u16le, character.charCodeAt(0))));

const tagged = (pcr: number, ...records: readonly Bytes[]): ForgedEvent => ({
  pcr,
  type: eventType.eventTag,
  data: forgeRecord(recordId.trustBoundary, ...records),
});
const closing = (pcr: number): ForgedEvent => ({ pcr, type: eventType.separator, data: utf8('WBCL') });

/** The events of a Windows machine, from power on to the end of boot services. */
export function windowsBoot(wanted: WantedWindows = {}): readonly ForgedEvent[] {
  const firmware = linuxBoot(wanted).filter(({ pcr }) => pcr !== 8);
  const end = firmware.findIndex(({ data }) => new TextDecoder().decode(data) === 'Exit Boot Services Invocation');
  return [...firmware.slice(0, end), ...windowsEvents(wanted), ...firmware.slice(end)];
}

function windowsEvents({
  bootCounter = 168n,
  counterId = 0x1234n,
  transfer = 1,
  bootDebugging = false,
  safeMode = false,
  winPe = false,
  testSigning = false,
  codeIntegrity = true,
  vbs = true,
  iommu = true,
  reportKey,
  more = [],
}: WantedWindows): readonly ForgedEvent[] {
  const key = reportKey && [
    forgeRecord(
      recordId.idks,
      encode(IdentityKey, {
        algorithm: 1,
        bits: reportKey.modulus.length * 8,
        exponentBytes: reportKey.exponent.length,
        modulusBytes: reportKey.modulus.length,
        ...reportKey,
      }),
    ),
  ];
  return [
    { pcr: 11, type: eventType.compactHash, data: new Uint8Array(4) },
    tagged(
      12,
      number(recordId.bootCounter, bootCounter),
      number(recordId.counterId, counterId),
      number(recordId.transferControl, BigInt(transfer)),
      flag(0x0004_0001, bootDebugging),
      flag(0x0005_0001, false),
      flag(0x0005_0002, codeIntegrity),
      flag(0x0005_0003, testSigning),
      flag(0x0005_0005, safeMode),
      flag(0x0005_0006, winPe),
      flag(0x0005_0021, false),
      flag(0x000a_0001, vbs),
      flag(0x000a_0003, iommu),
      flag(0x000a_0006, vbs),
      ...(key ?? []),
      ...more,
    ),
    tagged(
      13,
      forgeRecord(
        0x4001_0003,
        text(0x0007_0001, '\\Windows\\system32\\ntoskrnl.exe'),
        number(0x0007_0002, 0x104_7000n),
        flag(0x0007_000a, true),
      ),
    ),
    tagged(14, forgeRecord(0x0006_0002, utf8('an authority of Windows'))),
    closing(12),
    closing(13),
    closing(14),
  ];
}
