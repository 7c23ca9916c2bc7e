/** Primitive values of DER (X.690 §8 with the restrictions of §11). Each reader checks the tag unless told another one. */
import { type Bytes, fromUtf8, latin1 } from '../bytes/index.ts';
import type { Node } from './read.ts';
import { tag, tagName } from './tag.ts';

/** The contents of an INTEGER (or ENUMERATED, by `octet`): two's complement, as short as can be. */
export function integerBytes(node: Node, octet: number = tag.integer): Bytes {
  const { content } = node.expect(octet);
  const [first, second] = content;
  if (first === undefined) node.fail('is an empty integer');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    node.fail('is an integer that is not minimal');
  }
  return content;
}

/** An INTEGER of at most `maxBytes` contents octets; `bigint` arithmetic on more is not linear. */
export function integer(node: Node, maxBytes = 1025): bigint {
  const content = integerBytes(node);
  if (content.length > maxBytes) node.fail(`is an integer of ${content.length} bytes, at most ${maxBytes}`);
  let digits = '';
  for (const byte of content) digits += byte.toString(16).padStart(2, '0');
  return BigInt.asIntN(content.length * 8, BigInt(`0x${digits}`));
}

/** A non-negative INTEGER (or ENUMERATED, by `octet`) that is at most `max`, which is at most 2^31-1. */
export function smallInteger(node: Node, max: number, octet: number = tag.integer): number {
  const content = integerBytes(node, octet);
  let value = 0;
  if ((content[0] as number) >= 0x80) node.fail('is negative');
  if (content.length > 5) node.fail(`is above ${max}`);
  for (const byte of content) value = value * 256 + byte;
  if (value > max) node.fail(`is ${value}, at most ${max}`);
  return value;
}

/** Only 00 and FF are values. */
export function boolean(node: Node, octet: number = tag.boolean): boolean {
  const { content } = node.expect(octet);
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) node.fail('is a boolean that is neither 00 nor FF');
  return value === 0xff;
}

export function nothing(node: Node): void {
  if (node.expect(tag.null).from !== node.end) node.fail('is a NULL with contents');
}

export const octetString = (node: Node): Bytes => node.expect(tag.octetString).content;

/** Bits, the first one in the highest bit of the first byte. Unused bits must be zero. */
export function bitString(
  node: Node,
  octet: number = tag.bitString,
): { readonly bytes: Bytes; readonly unused: number } {
  const { content } = node.expect(octet);
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1))
    node.fail('is a bit string with a wrong count of unused bits');
  const last = content[content.length - 1] as number;
  if (unused > 0 && (last & ((1 << unused) - 1)) !== 0) node.fail('is a bit string with unused bits set');
  return { bytes: content.subarray(1), unused };
}

/** A BIT STRING of whole bytes, such as signatures and keys. */
export function wholeBytes(node: Node): Bytes {
  const { bytes, unused } = bitString(node);
  if (unused !== 0) node.fail('is a bit string that is not whole bytes');
  return bytes;
}

/**
 * Bits that have names. Zeros at the end, which X.690 §11.2.2 leaves out, are passed over: AMD and several makers of TPMs
 * write key usages with them.
 * @returns the positions of the bits that are set
 */
export function namedBits(node: Node, octet: number = tag.bitString): ReadonlySet<number> {
  const { bytes } = bitString(node, octet);
  if (bytes.length > 4) node.fail('has more than 32 named bits');
  const out = new Set<number>();
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    if (((bytes[bit >> 3] as number) >> (7 - (bit & 7))) & 1) out.add(bit);
  }
  return out;
}

/** Object identifiers in dotted form. Each arc is minimal and at most 2^53-1; at most 64 bytes. */
export function oid(node: Node): string {
  const { content } = node.expect(tag.oid);
  if (content.length === 0 || content.length > 64) node.fail(`is an object identifier of ${content.length} bytes`);
  let out = '';
  let arc = 0;
  let begins = true;
  for (const byte of content) {
    if (begins && byte === 0x80) node.fail('has an arc that is not minimal');
    if (arc > 0x3fffffffffff) node.fail('has an arc that is too large');
    arc = arc * 128 + (byte & 0x7f);
    begins = byte < 0x80;
    if (!begins) continue;
    if (out === '') {
      const root = Math.min(2, Math.floor(arc / 40));
      out = `${root}.${arc - 40 * root}`;
    } else out += `.${arc}`;
    arc = 0;
  }
  if (!begins) node.fail('ends within an arc');
  return out;
}

/**
 * UTCTime or GeneralizedTime as DER and RFC 5280 §4.1.2.5 have them: seconds present, no fraction, `Z`.
 * @returns milliseconds since 1970
 */
export function time(node: Node): number {
  const { content } = node;
  const short = node.tag === tag.utcTime;
  if (!short) node.expect(tag.generalizedTime);
  if (content.length !== (short ? 13 : 15) || content[content.length - 1] !== 0x5a)
    node.fail('is a time that is not written YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ');
  const two = (at: number): number => {
    const [high, low] = [(content[at] as number) - 48, (content[at + 1] as number) - 48];
    if (high < 0 || high > 9 || low < 0 || low > 9) node.fail('is a time with a character that is no digit');
    return high * 10 + low;
  };
  const century = short ? (two(0) < 50 ? 20 : 19) : two(0);
  const at = short ? 0 : 2;
  const [year, month, day, hour, minute, second] = [
    century * 100 + two(at),
    two(at + 2),
    two(at + 4),
    two(at + 6),
    two(at + 8),
    two(at + 10),
  ];
  const result = utc(year, month, day, hour, minute, second);
  if (result === undefined) node.fail('is a time that does not exist');
  return result;
}

function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return undefined;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const longest = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  if (day < 1 || day > longest) return undefined;
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  return new Date(0).setUTCFullYear(year, month - 1, day) + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Any of the string types of names, as text. Teletex is read as Latin-1, as everybody does. */
export function text(node: Node): string {
  const { content } = node;
  switch (node.tag) {
    case tag.utf8String:
      return fromUtf8(content, node.path);
    case tag.printableString:
      return matching(node, latin1(content), /^[A-Za-z0-9 '()+,\-./:=?]*$/);
    case tag.numericString:
      return matching(node, latin1(content), /^[0-9 ]*$/);
    case tag.visibleString:
      return matching(node, latin1(content), /^[ -~]*$/);
    case tag.ia5String:
      // biome-ignore lint/suspicious/noControlCharactersInRegex: IA5 is ASCII with its control characters
      return matching(node, latin1(content), /^[\x00-\x7f]*$/);
    case tag.teletexString:
      return latin1(content);
    case tag.bmpString:
      return wide(node, 2);
    case tag.universalString:
      return wide(node, 4);
    default:
      return node.fail(`is ${tagName(node.tag)}, expected a string`);
  }
}

function matching(node: Node, value: string, form: RegExp): string {
  if (!form.test(value)) node.fail(`has a character that ${tagName(node.tag)} does not have`);
  return value;
}

function wide(node: Node, size: 2 | 4): string {
  const { content } = node;
  if (content.length % size !== 0) node.fail('ends within a character');
  let out = '';
  for (let at = 0; at < content.length; at += size) {
    let point = 0;
    for (let i = 0; i < size; i++) point = point * 256 + (content[at + i] as number);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) node.fail('has a character that does not exist');
    out += String.fromCodePoint(point);
  }
  return out;
}
