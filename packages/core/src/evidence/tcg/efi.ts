/** UEFI variables as events hold them (UEFI 2.10; TCG PC Client Platform Firmware Profile §10.2.6). Little-endian. */
import { type Bytes, type Cursor, decode, type Layout, rest, u16le, u64le } from '../../bytes/index.ts';
import { once } from '../../once.ts';
import type { LogEvent } from './log.ts';

/** GUIDs of vendors of variables. */
export const guids = {
  efiGlobal: '8BE4DF61-93CA-11D2-AA0D-00E098032B8C',
  imageSecurity: 'D719B2CB-3D3A-4596-A3BC-DAD00E67656F',
  shim: '605DAB50-E046-4300-ABB6-3DD810DD8B23',
} as const;

/** Where the bytes of a GUID's text stand: its first three parts are little-endian. */
const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
/** Bytes with a hyphen before them. */
const isPartStart = order.map((_, i) => [4, 6, 8, 10].includes(i));
/** Digits by byte: there are hundreds of GUIDs in a dbx. */
const digitsOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'));

/** Sixteen bytes, as upper-case text with hyphens. */
export const guid: Layout<string> = {
  read(from) {
    const start = from.take(16);
    let text = '';
    for (let i = 0; i < 16; i++)
      text += (isPartStart[i] ? '-' : '') + digitsOf[from.bytes[start + (order[i] as number)] as number];
    return text;
  },
  write(text, to) {
    const digits = text.replaceAll('-', '');
    to.put(Uint8Array.from(order, (at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16)));
  },
};

const decoder = new TextDecoder('utf-16le', { ignoreBOM: true });
/** UTF-16LE. Half characters become U+FFFD, so that the text can stand in JSON. */
export const utf16 = (input: Bytes): string => decoder.decode(input);

/** UTF-16LE without the zeros at its end. */
export const utf16Trimmed = (input: Bytes): string => utf16(input).replace(/\0+$/, '');

/** A length in 64 bits that must fit into what is left. @param unit bytes that each one stands for */
export function longLength(from: Cursor, unit: number): number {
  const at = from.at;
  const value = u64le.read(from);
  if (value * BigInt(unit) > BigInt(from.left)) from.fail(`is ${value}, more than what is left`, at);
  return Number(value) * unit;
}

/** UEFI_VARIABLE_DATA. */
export interface EfiVariable {
  readonly guid: string;
  readonly name: string;
  readonly data: Bytes;
  /** Bytes beyond the end that the lengths give: see quirk F1. */
  readonly tail: Bytes;
}

export const EfiVariable: Layout<EfiVariable> = {
  read(from) {
    const vendor = guid.read(from);
    const nameLength = longLength(from, 2);
    const dataLength = longLength(from, 1);
    return { guid: vendor, name: utf16(from.slice(nameLength)), data: from.slice(dataLength), tail: rest.read(from) };
  },
  write(value, to) {
    guid.write(value.guid, to);
    u64le.write(BigInt(value.name.length), to);
    u64le.write(BigInt(value.data.length), to);
    for (let i = 0; i < value.name.length; i++) u16le.write(value.name.charCodeAt(i), to);
    to.put(value.data);
    to.put(value.tail);
  },
};

/**
 * The variable that an event holds.
 * @throws {Malformed}
 */
export const variableIn = once(({ claimedData }: LogEvent): EfiVariable => decode(EfiVariable, claimedData));
