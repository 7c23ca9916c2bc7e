/** Writes DER, from the leaves up. */
import { type Bytes, concat, latin1, utf8 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { constructedContext, tag } from './tag.ts';

/** One encoded value. @param octet the identifier octet */
export function tlv(octet: number, ...contents: readonly Bytes[]): Bytes {
  const length = contents.reduce((sum, part) => sum + part.length, 0);
  const octets: number[] = [];
  for (let rest = length; rest > 0 && length >= 0x80; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff);
  const header = length < 0x80 ? [octet, length] : [octet, 0x80 | octets.length, ...octets];
  return concat(Uint8Array.from(header), ...contents);
}

export const sequence = (...items: readonly Bytes[]): Bytes => tlv(tag.sequence, ...items);
/** SET OF: DER sorts the encodings. */
export const set = (...items: readonly Bytes[]): Bytes => tlv(tag.set, ...[...items].sort(byBytes));
/** `[number] EXPLICIT` around a value. */
export const explicit = (number: number, ...items: readonly Bytes[]): Bytes =>
  tlv(constructedContext(number), ...items);
/** `[number] IMPLICIT`: the value with its own tag replaced; constructed values stay constructed. */
export const implicit = (number: number, value: Bytes): Bytes =>
  concat(Uint8Array.of(0x80 | ((value[0] ?? 0) & 0x20) | number), value.subarray(1));

/** @param value a number, or the big-endian magnitude of a non-negative one with or without leading zeros */
export function integer(value: bigint | number | Bytes, octet: number = tag.integer): Bytes {
  return tlv(octet, value instanceof Uint8Array ? magnitude(value) : twosComplement(BigInt(value)));
}
export const enumerated = (value: number): Bytes => integer(value, tag.enumerated);
export const boolean = (value: boolean): Bytes => tlv(tag.boolean, Uint8Array.of(value ? 0xff : 0));
export const nothing = (): Bytes => tlv(tag.null);
export const octetString = (value: Bytes): Bytes => tlv(tag.octetString, value);
export const bitString = (value: Bytes, unused = 0): Bytes => tlv(tag.bitString, Uint8Array.of(unused), value);

/** Bits with names, by their positions: no zeros at the end. */
export function namedBits(bits: readonly number[]): Bytes {
  if (bits.length === 0) return bitString(new Uint8Array(0));
  const last = Math.max(...bits);
  const out = new Uint8Array((last >> 3) + 1);
  for (const bit of bits) out[bit >> 3] = (out[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(out, 7 - (last & 7));
}

/** @param dotted such as `1.2.840.113741.1.13.1` */
export function oid(dotted: string): Bytes {
  if (!/^[0-2](\.(0|[1-9][0-9]{0,14}))+$/.test(dotted))
    throw new Malformed('oid', 0, `${dotted} is not an object identifier`);
  const [root, second, ...rest] = dotted.split('.').map(Number) as [number, number, ...number[]];
  return tlv(tag.oid, Uint8Array.from([root * 40 + second, ...rest].flatMap(base128)));
}

export const utf8String = (value: string): Bytes => tlv(tag.utf8String, utf8(value));
export const printableString = (value: string): Bytes => tlv(tag.printableString, utf8(value));
export const ia5String = (value: string): Bytes => tlv(tag.ia5String, utf8(value));

/** @param at milliseconds since 1970; parts of a second are dropped */
export const utcTime = (at: number): Bytes => tlv(tag.utcTime, utf8(digits(at).slice(2)));
export const generalizedTime = (at: number): Bytes => tlv(tag.generalizedTime, utf8(digits(at)));
/** RFC 5280 §4.1.2.5: UTCTime from 1950 through 2049, GeneralizedTime else. */
export function time(at: number): Bytes {
  const year = new Date(at).getUTCFullYear();
  return year >= 1950 && year < 2050 ? utcTime(at) : generalizedTime(at);
}

const digits = (at: number): string => new Date(at).toISOString().replace(/\.\d+|[-:T]/g, '');

function magnitude(value: Bytes): Bytes {
  const first = value.findIndex((byte) => byte !== 0);
  if (first < 0) return Uint8Array.of(0);
  const rest = value.subarray(first);
  return (rest[0] as number) >= 0x80 ? concat(Uint8Array.of(0), rest) : rest;
}

function twosComplement(value: bigint): Bytes {
  const out: number[] = [];
  for (let rest = value; ; rest >>= 8n) {
    const byte = Number(rest & 0xffn);
    out.unshift(byte);
    if ((rest >> 8n === 0n && byte < 0x80) || (rest >> 8n === -1n && byte >= 0x80)) return Uint8Array.from(out);
  }
}

function base128(arc: number): number[] {
  const out = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) out.unshift((rest % 128) | 0x80);
  return out;
}

const byBytes = (a: Bytes, b: Bytes): number => (latin1(a) < latin1(b) ? -1 : 1);
