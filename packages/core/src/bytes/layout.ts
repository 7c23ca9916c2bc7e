/**
 * Declarative binary structures: one description both reads and writes bytes. Values are views on the input, leftovers
 * are errors unless a field says `rest`, and every failure names the path and the byte.
 */
import { type Bytes, Cursor, type Field, Writer } from './cursor.ts';

export interface Layout<T> {
  readonly read: (from: Cursor) => T;
  readonly write: (value: T, to: Writer) => void;
}

/** The type of value that a layout reads and writes. */
export type Of<L> = L extends Layout<infer T> ? T : never;

/**
 * Reads a whole input.
 * @param trace receives one row for each field read
 * @throws {Malformed} with path and byte when the input does not fit the layout or is longer than it
 */
export function decode<T>(layout: Layout<T>, input: Bytes, trace?: Field[]): T {
  const cursor = new Cursor(input, 0, input.length, trace);
  const value = layout.read(cursor);
  if (cursor.left > 0) cursor.fail(`${cursor.left} bytes left over`);
  return value;
}

/** Writes a value: the inverse of `decode`. */
export function encode<T>(layout: Layout<T>, value: T): Bytes {
  const writer = new Writer();
  layout.write(value, writer);
  return writer.done();
}
