/** Bytes and what they mean: declarative layouts and strict text encodings. */
export { concat, equal, isZero } from './arrays.ts';
export { type Bytes, Cursor, type Field, Writer } from './cursor.ts';
export { among, bytes, constant, exactly, rest, u8, u16be, u16le, u32be, u32le, u64be, u64le } from './fields.ts';
export { decode, encode, type Layout, type Of } from './layout.ts';
export { type AnyLayout, chosen, list, type Spanned, sized, spanned, struct } from './structures.ts';
export { base64, base64url, fromBase64, fromHex, fromUtf8, hex, latin1, utf8 } from './text.ts';
