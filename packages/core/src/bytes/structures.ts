/** What fields are put together with: structures, length-prefixed parts, alternatives. */
import type { Bytes } from './cursor.ts';
import { Writer } from './cursor.ts';
import type { Layout, Of } from './layout.ts';

/** A layout whose values' type is given back by inference where it matters. */
// biome-ignore lint/suspicious/noExplicitAny: shapes and alternatives mix layouts of any value
export type AnyLayout = Layout<any>;
type Shape = Record<string, AnyLayout>;
type Structure<S extends Shape> = { [K in keyof S]: Of<S[K]> };

/** Named fields, one after the other. */
export const struct = <S extends Shape>(shape: S): Layout<Structure<S>> => {
  const fields = Object.entries(shape);
  return {
    read(from) {
      const out: Record<string, unknown> = {};
      const outer = from.scope;
      for (const [name, layout] of fields) {
        const at = from.at;
        from.scope = out;
        from.path.push(name);
        out[name] = layout.read(from);
        from.trace?.push({ path: from.path.join('.'), offset: at, length: from.at - at, value: out[name] });
        from.path.pop();
      }
      from.scope = outer;
      return out as Structure<S>;
    },
    write(value, to) {
      const outer = to.scope;
      for (const [name, layout] of fields) {
        to.scope = value;
        layout.write(value[name], to);
      }
      to.scope = outer;
    },
  };
};

/** A length, then exactly so many bytes for the inner layout. */
export const sized = <T>(length: Layout<number>, inner: Layout<T>): Layout<T> => ({
  read: (from) => from.within(length.read(from), (child) => inner.read(child)),
  write(value, to) {
    const part = new Writer();
    part.scope = to.scope;
    inner.write(value, part);
    length.write(part.length, to);
    to.put(part.done());
  },
});

/** A value together with the very bytes it was read from: what signatures and hashes cover. Writing ignores `raw`. */
export interface Spanned<T> {
  readonly value: T;
  readonly raw: Bytes;
}
export const spanned = <T>(inner: Layout<T>): Layout<Spanned<T>> => ({
  read(from) {
    const at = from.at;
    const value = inner.read(from);
    return { value, raw: from.bytes.subarray(at, from.at) };
  },
  write: (spannedValue, to) => inner.write(spannedValue.value, to),
});

/**
 * One of several layouts, picked by fields already read of the same structure.
 * @param select gets those fields; its answer must be a key of `cases`
 * @param what names the selecting field in errors
 */
export const chosen = <C extends Record<string, AnyLayout>>(
  what: string,
  // biome-ignore lint/suspicious/noExplicitAny: the fields read so far have the type of the structure around
  select: (fields: any) => string | number,
  cases: C,
): Layout<Of<C[keyof C]>> => {
  const pick = (fields: unknown): { key: string; layout: AnyLayout | undefined } => {
    const key = String(select(fields));
    return { key, layout: Object.hasOwn(cases, key) ? cases[key] : undefined };
  };
  return {
    read(from) {
      const { key, layout } = pick(from.scope);
      if (!layout) return from.fail(`${what} ${key} is not known (known: ${Object.keys(cases).join(', ')})`);
      return layout.read(from) as Of<C[keyof C]>;
    },
    write(value, to) {
      pick(to.scope).layout?.write(value, to);
    },
  };
};

/** A counted list; `max` bounds what a hostile count can cost. */
export const list = <T>(count: Layout<number>, inner: Layout<T>, max: number): Layout<readonly T[]> => ({
  read(from) {
    const at = from.at;
    const length = count.read(from);
    if (length > max) from.fail(`${length} items, at most ${max}`, at);
    return Array.from({ length }, (_, i) => {
      from.path.push(String(i));
      const value = inner.read(from);
      from.path.pop();
      return value;
    });
  },
  write(values, to) {
    count.write(values.length, to);
    for (const value of values) inner.write(value, to);
  },
});
