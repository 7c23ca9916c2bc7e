/** What an event says, in one line for people, and Windows' records as a tree. Nothing here says that it is so. */
import { type Bytes, decode, fromUtf8, hex, struct, u64le } from '../../bytes/index.ts';
import type { Json } from '../../json/index.ts';
import { commonName, nameText, parseCertificate } from '../../pki/index.ts';
import { quietly } from '../quietly.ts';
import { isBare, readAuthority } from './authority.ts';
import { EfiVariable, utf16Trimmed } from './efi.ts';
import { eventType } from './event-types.ts';
import { PartitionTable } from './gpt.ts';
import { claimedPath } from './image.ts';
import { type LogEvent, SpecId, signature03, startsWith } from './log.ts';
import { SignatureLists } from './signature-lists.ts';
import { parseRecords, type WbclRecord } from './wbcl.ts';
import { recordName, recordsJson } from './wbcl-json.ts';

/** One of Windows' records: its name in wbcl.h, and what it holds, or the records inside. */
export interface ShownRecord {
  /** Hexadecimal. */
  readonly id: string;
  readonly name?: string;
  readonly value?: Json;
  readonly records?: readonly ShownRecord[];
}

/** One line; undefined where nothing is known of such an event, or its data do not read. */
export const eventMeaning = (event: LogEvent): string | undefined =>
  quietly(() => meanings.get(event.claimedType)?.(event.claimedData));

/** The records of an event that Windows tagged; undefined for all others. */
export function shownRecords({ claimedType, claimedData, pcr }: LogEvent): readonly ShownRecord[] | undefined {
  const isTagged = claimedType === eventType.eventTag || (claimedType === eventType.noAction && pcr === 0xffff_ffff);
  const records = isTagged ? quietly(() => parseRecords(claimedData)) : undefined;
  return records?.some(isKnown) ? records.map(shown) : undefined;
}

const isKnown = ({ id, inside }: WbclRecord): boolean => recordName(id) !== undefined || inside !== undefined;

function shown(record: WbclRecord): ShownRecord {
  const { id, data, inside } = record;
  const name = recordName(id);
  const value = inside ? undefined : (quietly(() => Object.values(recordsJson([record]))[0]) ?? hex(data));
  return {
    id: `0x${id.toString(16).padStart(8, '0')}`,
    ...(name !== undefined && { name }),
    ...(inside ? { records: inside.map(shown) } : { value: value as Json }),
  };
}

type Meaning = (data: Bytes) => string | undefined;

const localityMark = Uint8Array.from('StartupLocality\0', (character) => character.charCodeAt(0));

function unmeasured(data: Bytes): string | undefined {
  if (startsWith(data, signature03)) {
    const { major, minor, errata } = decode(SpecId, data);
    return `this log is crypto-agile, of version ${major}.${minor}.${errata} of its format`;
  }
  if (startsWith(data, localityMark)) return `the TPM was started at locality ${data[localityMark.length]}`;
  return undefined;
}

function separator(data: Bytes): string | undefined {
  const value = hex(data);
  if (value === '00000000' || value === 'ffffffff') return 'here firmware’s part ends';
  if (value === '01000000') return 'firmware says that measuring failed';
  return value === '5742434c' ? 'here Windows’ part ends' : undefined;
}

const signatureVariables = new Set(['PK', 'KEK', 'db', 'dbx', 'dbt', 'dbr']);

function variable(data: Bytes): string {
  const { name, data: held } = decode(EfiVariable, data);
  if (signatureVariables.has(name)) {
    const lists = decode(SignatureLists, held);
    const entries = lists.reduce((sum, { signatures }) => sum + signatures.length, 0);
    return `${name}: ${entries === 0 ? 'empty' : counted(entries, 'entry', 'entries')}`;
  }
  return `${name} = ${held.length === 0 ? 'nothing' : shortHex(held)}`;
}

function bootVariable(data: Bytes): string | undefined {
  const read = quietly(() => decode(EfiVariable, data));
  if (!read) return undefined;
  const { name, data: held } = read;
  if (!/^Boot[0-9A-F]{4}$/.test(name)) return `${name} = ${shortHex(held)}`;
  // EFI_LOAD_OPTION: attributes, length of the path, then the description.
  const end = held.findIndex((byte, at) => at >= 6 && at % 2 === 0 && byte === 0 && held[at + 1] === 0);
  return `${name}: ${utf16Trimmed(held.subarray(6, end < 0 ? held.length : end))}`;
}

function authority(data: Bytes): string {
  const { name, data: held } = readAuthority(data, isBare(data));
  const subject = quietly(() => {
    const { subject: of } = parseCertificate(held);
    return commonName(of) ?? nameText(of);
  });
  return subject === undefined ? `from ${name}: ${plainText(held) ?? shortHex(held)}` : `from ${name}: ${subject}`;
}

function partitions(data: Bytes): string {
  const { diskGuid, partitions: list } = decode(PartitionTable, data);
  return `disk ${diskGuid}, ${counted(list.length, 'partition', 'partitions')}`;
}

const Blob = struct({ base: u64le, length: u64le });
function firmware(data: Bytes): string {
  const { base, length } = decode(Blob, data);
  return `${length} bytes at 0x${base.toString(16)}`;
}

/** A name behind its length of one byte, then where it is. */
function namedFirmware(data: Bytes): string {
  const size = data[0] ?? 0;
  return `${plainText(data.subarray(1, 1 + size)) ?? 'firmware'}, ${firmware(data.subarray(1 + size))}`;
}

/** Tags of Linux' own loader. */
const linuxTags: ReadonlyMap<number, string> = new Map([
  [0x8f3b_22ed, 'the options that the kernel was started with, by their hash'],
  [0x8f3b_22ec, 'the initial file system, by its hash'],
]);

function tagged(data: Bytes): string | undefined {
  if (data.length < 8) return undefined;
  const id = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const linux = linuxTags.get(id);
  if (linux !== undefined) return linux;
  const records = parseRecords(data);
  const names = records.map((one) => `${recordName(one.id) ?? `0x${one.id.toString(16)}`}${countOf(one)}`);
  return names.join(', ');
}

const countOf = ({ inside }: WbclRecord): string =>
  inside ? ` of ${counted(inside.length, 'record', 'records')}` : '';

const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

const meanings: ReadonlyMap<number, Meaning> = new Map<number, Meaning>([
  [eventType.noAction, unmeasured],
  [eventType.separator, separator],
  [eventType.eventTag, tagged],
  [eventType.crtmVersion, (data) => plainText(data)],
  [eventType.action, (data) => plainText(data)],
  [eventType.efiAction, (data) => plainText(data)],
  [eventType.ipl, (data) => plainText(data)],
  [eventType.efiVariableDriverConfig, variable],
  [eventType.efiVariableBoot, bootVariable],
  [eventType.efiVariableBoot2, bootVariable],
  [eventType.efiVariableAuthority, authority],
  [eventType.efiGptEvent, partitions],
  [eventType.efiGptEvent2, partitions],
  [eventType.efiBootServicesApplication, (data) => claimedPath(data)],
  [eventType.efiBootServicesDriver, (data) => claimedPath(data)],
  [eventType.efiRuntimeServicesDriver, (data) => claimedPath(data)],
  [eventType.efiPlatformFirmwareBlob, firmware],
  [eventType.efiPlatformFirmwareBlob2, namedFirmware],
]);

/** Most bytes that a line shows. */
const longestHex = 32;
const shortHex = (data: Bytes): string =>
  data.length <= longestHex ? hex(data) : `${hex(data.subarray(0, longestHex))}… (${data.length} bytes)`;

/** Data that are text of one or two bytes a character, and nothing else. */
export function plainText(data: Bytes): string | undefined {
  for (const read of [(): string => fromUtf8(data).replace(/\0+$/, ''), (): string => utf16Trimmed(data)]) {
    const text = quietly(read);
    if (text !== undefined && text.length >= 4 && /^[\x20-\x7e\n\t]+$/.test(text)) return text;
  }
  return undefined;
}
