/** Strict text encodings of bytes. Node's own decoders skip what they do not know; these refuse it. */
import { Malformed } from '../errors.ts';
import type { Bytes } from './cursor.ts';

/** The same bytes as Node's own class, whose encoders are native. */
const native = (input: Bytes): Buffer => Buffer.from(input.buffer, input.byteOffset, input.length);

/** Lower-case hexadecimal. */
export const hex = (input: Bytes): string => native(input).toString('hex');

/**
 * @param text hexadecimal digits of either case, an even number of them
 * @throws {Malformed} at the first other character
 */
export function fromHex(text: string, path = 'hex'): Bytes {
  const wrong = text.search(/[^0-9a-fA-F]/);
  if (wrong >= 0) throw new Malformed(path, wrong, 'is not a hexadecimal digit');
  if (text.length % 2 !== 0) throw new Malformed(path, text.length, 'has an odd number of digits');
  const out = new Uint8Array(text.length / 2);
  native(out).write(text, 'hex');
  return out;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const standard = `${alphabet}+/`;
const urlSafe = `${alphabet}-_`;
/** By the code of a character; what is no letter of the alphabet has 64. */
function sextets(...alphabets: readonly string[]): Uint8Array {
  const table = new Uint8Array(128).fill(64);
  for (const letters of alphabets) for (let i = 0; i < 64; i++) table[letters.charCodeAt(i)] = i;
  return table;
}
const tables = {
  base64: sextets(standard),
  base64url: sextets(urlSafe),
  either: sextets(standard, urlSafe),
};

/** RFC 4648 §5 without padding. */
export const base64url = (input: Bytes): string => native(input).toString('base64url');
/** RFC 4648 §4 with padding. */
export const base64 = (input: Bytes): string => native(input).toString('base64');

/**
 * Decodes base64 strictly: no foreign characters, no white space, padding right or absent, unused bits zero.
 * @param kind `base64` and `base64url` take their own alphabet; `either` takes both (as clients on the wire mix them)
 * @throws {Malformed} at the first wrong character
 */
export function fromBase64(text: string, kind: 'base64' | 'base64url' | 'either' = 'either', path = 'base64'): Bytes {
  const table = tables[kind];
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const length = text.length - padding;
  const whole = padding === 0 ? decodedNatively(text, kind) : undefined;
  if (whole) return whole;
  const out = new Uint8Array(Math.floor((length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const sextet = table[text.charCodeAt(i)] ?? 64;
    if (sextet === 64) throw new Malformed(path, i, `is not a ${kind === 'either' ? 'base64' : kind} character`);
    bits = ((bits << 6) | sextet) & 0xfff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out[at++] = (bits >> held) & 0xff;
    }
  }
  if (padding > 0 && text.length % 4 !== 0)
    throw new Malformed(path, length, 'has padding that does not complete a group of four');
  if (length % 4 === 1) throw new Malformed(path, length, 'ends within a byte');
  if ((bits & ((1 << held) - 1)) !== 0) throw new Malformed(path, length, 'has bits set after the last byte');
  return out;
}

/** Letters that Node's decoder takes, and the alphabet has not. */
const foreign = { base64: ['-', '_'], base64url: ['+', '/'], either: [] } as const;
/** Bits of the last letter that belong to a byte, by the letters over a group of four. */
const usedBits = [63, undefined, 48, 60];

/**
 * Evidence is long, and Node decodes it ten times as fast. It passes over what it does not know, which shows in the
 * length, and takes letters beyond ASCII for others. Undefined where there is any doubt.
 */
function decodedNatively(text: string, kind: keyof typeof tables): Bytes | undefined {
  if (foreign[kind].some((letter) => text.includes(letter))) return undefined;
  const used = usedBits[text.length % 4];
  const last = tables[kind][text.charCodeAt(text.length - 1)] ?? 64;
  if (used === undefined || (last & ~used) !== 0 || Buffer.byteLength(text) !== text.length) return undefined;
  // Memory of its own: what `Buffer.from` makes may be part of what others share.
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  return native(out).write(text, 'base64url') === out.length ? out : undefined;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * UTF-8 to text, a byte-order mark kept.
 * @throws {Malformed} when the bytes are not UTF-8
 */
export function fromUtf8(input: Bytes, path = 'text'): string {
  try {
    return strictUtf8.decode(input);
  } catch {
    throw new Malformed(path, 0, 'is not UTF-8');
  }
}

const encoder = new TextEncoder();
export const utf8 = (text: string): Bytes => encoder.encode(text);
/** One byte a character, for ASCII containers such as PEM. */
export const latin1 = (input: Bytes): string => native(input).toString('latin1');
