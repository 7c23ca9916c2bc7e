/** The plain fields of a structure: numbers, byte strings, constants. */
import { equal } from './arrays.ts';
import type { Bytes } from './cursor.ts';
import type { Layout } from './layout.ts';
import { hex } from './text.ts';

function unsigned(size: 1 | 2 | 4, little: boolean): Layout<number> {
  return {
    read(from) {
      const at = from.take(size);
      if (size === 1) return from.view.getUint8(at);
      return size === 2 ? from.view.getUint16(at, little) : from.view.getUint32(at, little);
    },
    write(value, to) {
      const out = new Uint8Array(size);
      for (let i = 0; i < size; i++) out[little ? i : size - 1 - i] = (value >>> (8 * i)) & 0xff;
      to.put(out);
    },
  };
}

function unsigned64(little: boolean): Layout<bigint> {
  return {
    read: (from) => from.view.getBigUint64(from.take(8), little),
    write(value, to) {
      const out = new Uint8Array(8);
      new DataView(out.buffer).setBigUint64(0, value, little);
      to.put(out);
    },
  };
}

export const u8 = unsigned(1, true);
export const u16le = unsigned(2, true);
export const u32le = unsigned(4, true);
export const u64le = unsigned64(true);
export const u16be = unsigned(2, false);
export const u32be = unsigned(4, false);
export const u64be = unsigned64(false);

/** Exactly `length` bytes. */
export const bytes = (length: number): Layout<Bytes> => ({
  read: (from) => from.slice(length),
  write: (value, to) => to.put(value),
});

/** All that is left of the enclosing structure. Name the field for why it is tolerated: `padding`, `slack`. */
export const rest: Layout<Bytes> = {
  read: (from) => from.slice(from.left),
  write: (value, to) => to.put(value),
};

/** A field that must hold one value. */
export const constant = <T extends number | bigint>(inner: Layout<T>, want: T): Layout<T> => ({
  read(from) {
    const at = from.at;
    const value = inner.read(from);
    if (value !== want) from.fail(`is ${value}, must be ${want}`, at);
    return value;
  },
  write: (_value, to) => inner.write(want, to),
});

/** A number that must be one of a few. */
export const among = <T extends number>(inner: Layout<number>, wanted: readonly T[]): Layout<T> => ({
  read(from) {
    const at = from.at;
    const value = inner.read(from);
    if (!wanted.includes(value as T)) from.fail(`is ${value}, must be one of ${wanted.join(', ')}`, at);
    return value as T;
  },
  write: (value, to) => inner.write(value, to),
});

/** Bytes that must be these. */
export const exactly = (want: Bytes): Layout<Bytes> => ({
  read(from) {
    const at = from.at;
    const value = from.slice(want.length);
    if (!equal(value, want)) from.fail(`is ${hex(value)}, must be ${hex(want)}`, at);
    return value;
  },
  write: (value, to) => to.put(value),
});
