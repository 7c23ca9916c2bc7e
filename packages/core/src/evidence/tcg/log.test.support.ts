/** Logs for tests: events are listed, digests follow from their data, and the bytes go through the real parser. */
import { type Bytes, concat, encode, utf8 } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { algorithm, type Bank } from './algorithms.ts';
import { EfiVariable } from './efi.ts';
import { eventType } from './event-types.ts';
import { agileRecord, type EventLog, LegacyRecord, parseLog, SpecId, signature03 } from './log.ts';

export interface TestEvent {
  readonly pcr: number;
  readonly type: number;
  readonly data: Bytes;
  /** What was measured, where it is not the data. */
  readonly measured?: Bytes;
}

export const event = (
  pcr: number,
  type: number,
  data: Bytes | string = new Uint8Array(0),
  measured?: Bytes | string,
): TestEvent => ({
  pcr,
  type,
  data: bytesOf(data),
  ...(measured !== undefined && { measured: bytesOf(measured) }),
});
const bytesOf = (data: Bytes | string): Bytes => (typeof data === 'string' ? utf8(data) : data);

const sizes = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 } as const;

/** The bytes of a crypto-agile log. */
export function logBytes(events: readonly TestEvent[], banks: readonly Bank[] = ['sha256']): Bytes {
  const header = encode(SpecId, {
    signature: signature03,
    platformClass: 0,
    minor: 0,
    major: 2,
    errata: 0,
    uintnSize: 2,
    algorithms: banks.map((bank) => ({ algorithm: algorithm[bank], size: sizes[bank] })),
    vendorInfo: new Uint8Array(0),
  });
  const record = agileRecord(new Map(banks.map((bank) => [algorithm[bank] as number, sizes[bank]])));
  const noAction = { pcr: 0, type: eventType.noAction, digest: new Uint8Array(20), data: header };
  return concat(
    encode(LegacyRecord, noAction),
    ...events.map(({ pcr, type, data, measured }) => {
      const digests = banks.map((bank) => ({
        algorithm: algorithm[bank],
        digest: type === eventType.noAction ? new Uint8Array(sizes[bank]) : digest(bank, measured ?? data),
      }));
      return encode(record, { pcr, type, digests, data });
    }),
  );
}

export const logOf = (events: readonly TestEvent[], banks?: readonly Bank[]): EventLog =>
  parseLog(logBytes(events, banks));

export const none = new Uint8Array(0);
export const separator = (pcr: number, data: Bytes | string = new Uint8Array(4)): TestEvent =>
  event(pcr, eventType.separator, data);

/** UEFI_VARIABLE_DATA. */
export const variable = (guid: string, name: string, data: Bytes, tail: Bytes = none): Bytes =>
  encode(EfiVariable, { guid, name, data, tail });

/** UTF-16LE. */
export const wide = (text: string): Bytes =>
  Uint8Array.from(
    Array.from(text).flatMap((character) => [character.charCodeAt(0) & 0xff, character.charCodeAt(0) >> 8]),
  );
