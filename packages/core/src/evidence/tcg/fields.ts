/** Kinds of fields that TPM structures are made of, beside those of `@assay/core/bytes`. */
import { type Bytes, type Layout, rest, sized, struct, u16be } from '../../bytes/index.ts';

/** TPM2B: a length in 16 bits, then so many bytes. @param most what the specification allows */
export const b2 = (most: number): Layout<Bytes> =>
  checked(sized(u16be, rest), (value) =>
    value.length > most ? `is ${value.length} bytes, at most ${most}` : undefined,
  );

/** A field that must also satisfy a rule. @param problem what is wrong with a value, if anything */
export const checked = <T>(inner: Layout<T>, problem: (value: T) => string | undefined): Layout<T> => ({
  read(from) {
    const at = from.at;
    const value = inner.read(from);
    const found = problem(value);
    if (found !== undefined) from.fail(found, at);
    return value;
  },
  write: inner.write,
});

/** A field that is there only if the fields already read of the same structure say so. */
// biome-ignore lint/suspicious/noExplicitAny: the fields read so far have the type of the structure around
export const when = <T>(isThere: (fields: any) => boolean, inner: Layout<T>): Layout<T | undefined> => ({
  read: (from) => (isThere(from.scope) ? inner.read(from) : undefined),
  write(value, to) {
    if (value !== undefined) inner.write(value, to);
  },
});

/** Bytes whose count stands in fields already read of the same structure. */
// biome-ignore lint/suspicious/noExplicitAny: the fields read so far have the type of the structure around
export const counted = (length: (fields: any) => number): Layout<Bytes> => ({
  read: (from) => from.slice(length(from.scope)),
  write: (value, to) => to.put(value),
});

/** Values one after the other, to the end of the enclosing structure. */
export const toEnd = <T>(inner: Layout<T>): Layout<readonly T[]> => ({
  read(from) {
    const values: T[] = [];
    while (from.left > 0) {
      from.path.push(String(values.length));
      values.push(inner.read(from));
      from.path.pop();
    }
    return values;
  },
  write(values, to) {
    for (const value of values) inner.write(value, to);
  },
});

/** No bytes at all. */
export const nothing: Layout<Record<never, never>> = struct({});
