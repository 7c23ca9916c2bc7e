import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Malformed } from '../errors.ts';
import type { Bytes, Field } from './cursor.ts';
import { among, bytes, constant, exactly, rest, u8, u16be, u16le, u32be, u32le, u64be, u64le } from './fields.ts';
import { decode, encode, type Layout } from './layout.ts';
import { type AnyLayout, chosen, list, sized, spanned, struct } from './structures.ts';
import { hex, utf8 } from './text.ts';

function refusal<T>(layout: Layout<T>, input: Bytes): Malformed {
  try {
    decode(layout, input);
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
  return expect.fail('was decoded');
}

describe('numbers', () => {
  const small = [
    ['u8', u8, 1, [0x01]],
    ['u16le', u16le, 0x0102, [0x02, 0x01]],
    ['u16be', u16be, 0x0102, [0x01, 0x02]],
    ['u32le', u32le, 0xfffefdfc, [0xfc, 0xfd, 0xfe, 0xff]],
    ['u32be', u32be, 0xfffefdfc, [0xff, 0xfe, 0xfd, 0xfc]],
  ] as const;
  test.each(small)('%s', (_name, layout, value, written) => {
    expect(encode(layout, value)).toEqual(Uint8Array.from(written));
    expect(decode(layout, Uint8Array.from(written))).toBe(value);
    const most = 2 ** (8 * written.length) - 1;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: most }), (n) => {
        expect(decode(layout, encode(layout, n))).toBe(n);
      }),
    );
  });

  test('of 64 bits, without loss', () => {
    expect(encode(u64le, 0x0102030405060708n)).toEqual(Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1));
    expect(encode(u64be, 0x0102030405060708n)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const any = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(any, (n) => {
        expect(decode(u64le, encode(u64le, n))).toBe(n);
        expect(decode(u64be, encode(u64be, n))).toBe(n);
      }),
    );
  });
});

/** One field of every kind that there is. */
const Inner = struct({ a: u8, b: bytes(3) });
const Everything = struct({
  magic: exactly(utf8('all')),
  version: among(u16le, [1, 2]),
  fixed: constant(u8, 7),
  wide: constant(u64be, 9n),
  kind: u8,
  header: struct({ flags: u32be }),
  signed: spanned(struct({ first: u16be, second: bytes(2) })),
  part: sized(u16le, rest),
  nested: sized(u32le, struct({ inner: Inner, slack: rest })),
  items: list(u8, Inner, 4),
  numbers: list(u16le, u16be, 3),
  choice: chosen('kind', (fields: { kind: number }) => fields.kind, { 1: u8, 2: struct({ x: u16le, y: bytes(1) }) }),
  tail: u64le,
});

const octets = (length: number): fc.Arbitrary<Bytes> => fc.uint8Array({ minLength: length, maxLength: length });
const inner = fc.record({ a: fc.nat(255), b: octets(3) });
const everything = fc
  .record({
    version: fc.constantFrom(1 as const, 2 as const),
    header: fc.record({ flags: fc.nat(2 ** 31 - 1) }),
    first: fc.nat(0xffff),
    second: octets(2),
    part: fc.uint8Array({ maxLength: 40 }),
    nested: fc.record({ inner, slack: fc.uint8Array({ maxLength: 5 }) }),
    items: fc.array(inner, { maxLength: 4 }),
    numbers: fc.array(fc.nat(0xffff), { maxLength: 3 }),
    choice: fc.oneof(
      fc.record({ kind: fc.constant(1), choice: fc.nat(255) }),
      fc.record({ kind: fc.constant(2), choice: fc.record({ x: fc.nat(0xffff), y: octets(1) }) }),
    ),
    tail: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  })
  .map(({ first, second, choice, ...others }) => ({
    magic: utf8('all'),
    fixed: 7,
    wide: 9n,
    ...others,
    signed: { value: { first, second }, raw: Uint8Array.of(first >> 8, first & 0xff, ...second) },
    ...choice,
  }));
const [sample] = fc.sample(everything, { numRuns: 1, seed: 1 });
const written = encode(Everything, sample ?? expect.fail('no sample'));

describe('structures', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(everything, (value) => {
        expect(decode(Everything, encode(Everything, value))).toEqual(value);
      }),
    );
  });

  test('what is read is written back: any change of a byte gives another value or is refused', () => {
    fc.assert(
      fc.property(everything, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, where, change) => {
        const changed = encode(Everything, value);
        const at = where % changed.length;
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          expect(hex(encode(Everything, decode(Everything, changed)))).toBe(hex(changed));
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
    );
  });

  test('any bytes are read or refused, and nothing else is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (input) => {
        try {
          decode(Everything, input);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
    );
  });

  test('T36: cut at any length, it is refused at the field that was cut, before anything is taken for its length', () => {
    const trace: Field[] = [];
    decode(Everything, written, trace);
    // Later rows lie within earlier ones only where a structure comes after its fields: the first that holds is the field.
    for (let length = 0; length < written.length; length++) {
      const error = refusal(Everything, written.subarray(0, length));
      const field = trace.find(({ offset, length: long }) => offset <= length && length < offset + long);
      expect(error.path.split('.')[0], `${length} bytes`).toBe(field?.path.split('.')[0]);
      expect(error.offset ?? Number.NaN, `${length} bytes`).toBeLessThanOrEqual(length);
      expect(error.problem, `${length} bytes`).toMatch(/^need \d+ bytes, \d+ left$/);
    }
  });

  test('a cut field is named with its whole path and its byte', () => {
    const layout = struct({ head: u8, body: struct({ list: list(u8, struct({ x: u16le }), 9) }) });
    const value = { head: 1, body: { list: [{ x: 1 }, { x: 2 }] } };
    expect(refusal(layout, encode(layout, value).subarray(0, 5))).toMatchObject({
      path: 'body.list.1.x',
      offset: 4,
      problem: 'need 2 bytes, 1 left',
    });
  });

  test('bytes after the end are refused, unless a field is there for them', () => {
    const longer = Uint8Array.of(...written, 0, 0);
    expect(refusal(Everything, longer)).toMatchObject({ offset: written.length, problem: '2 bytes left over' });
    const padded = struct({ all: u8, padding: rest });
    expect(decode(padded, Uint8Array.of(1, 2, 3))).toEqual({ all: 1, padding: Uint8Array.of(2, 3) });
    expect(decode(padded, Uint8Array.of(1)).padding.length).toBe(0);
  });

  test('values are views on the input, and the input is not changed', () => {
    const before = hex(written);
    const { part, signed } = decode(Everything, written);
    expect([part.buffer, signed.raw.buffer]).toEqual([written.buffer, written.buffer]);
    expect(hex(written)).toBe(before);
  });

  test('a view on a larger buffer is read from its own beginning', () => {
    const larger = new Uint8Array(written.length + 20).fill(0xee);
    larger.set(written, 10);
    expect(decode(Everything, larger.subarray(10, 10 + written.length))).toEqual(sample);
  });

  test('the trace has one row for each field: path, place, value', () => {
    const trace: Field[] = [];
    const layout = struct({ n: u16le, part: sized(u8, struct({ x: u8, more: rest })) });
    decode(layout, Uint8Array.of(1, 0, 3, 9, 8, 7), trace);
    expect(trace.map(({ path, offset, length }) => [path, offset, length])).toEqual([
      ['n', 0, 2],
      ['part.x', 3, 1],
      ['part.more', 4, 2],
      ['part', 2, 4],
    ]);
    expect(trace[0]?.value).toBe(1);
  });
});

describe('lengths', () => {
  const part = struct({ part: sized(u16le, struct({ x: u8 })) });
  test('a part that its length makes too short, too long, or longer than the input', () => {
    expect(refusal(part, Uint8Array.of(0, 0))).toMatchObject({
      path: 'part.x',
      offset: 2,
      problem: 'need 1 bytes, 0 left',
    });
    expect(refusal(part, Uint8Array.of(2, 0, 1, 1))).toMatchObject({
      path: 'part',
      offset: 3,
      problem: '1 bytes left over',
    });
    expect(refusal(part, Uint8Array.of(0xff, 0xff, 1))).toMatchObject({
      path: 'part',
      offset: 2,
      problem: 'need 65535 bytes, 1 left',
    });
  });

  test('T36: a length of 4 GiB costs nothing', () => {
    expect(refusal(sized(u32le, rest), Uint8Array.of(0xff, 0xff, 0xff, 0xff)).problem).toBe(
      'need 4294967295 bytes, 0 left',
    );
  });

  test('T36: a count above its cap is refused before an item is read', () => {
    let read = 0;
    const counted: Layout<number> = {
      ...u8,
      read(from) {
        read++;
        return u8.read(from);
      },
    };
    const layout = struct({ n: u8, items: list(u32le, counted, 3) });
    expect(refusal(layout, Uint8Array.of(1, 4, 0, 0, 0, 1, 2, 3, 4))).toMatchObject({
      path: 'items',
      offset: 1,
      problem: '4 items, at most 3',
    });
    expect(refusal(layout, Uint8Array.of(1, 0xff, 0xff, 0xff, 0xff)).problem).toBe('4294967295 items, at most 3');
    expect(read).toBe(0);
    expect(decode(layout, Uint8Array.of(1, 3, 0, 0, 0, 1, 2, 3)).items).toEqual([1, 2, 3]);
  });

  test('a part cannot read on into what follows it', () => {
    const layout = struct({ part: sized(u8, struct({ n: u32le })), after: u32le });
    expect(refusal(layout, Uint8Array.of(2, 1, 2, 3, 4, 5, 6, 7)).path).toBe('part.n');
  });
});

describe('demands', () => {
  test.each([
    [struct({ v: constant(u16le, 3) }), [4, 0], 'v at byte 0: is 4, must be 3'],
    [struct({ a: u8, v: among(u8, [3, 4, 5]) }), [0, 6], 'v at byte 1: is 6, must be one of 3, 4, 5'],
    [struct({ m: exactly(Uint8Array.of(0xab, 0xcd)) }), [0xab, 0xce], 'm at byte 0: is abce, must be abcd'],
  ] as [AnyLayout, number[], string][])('%#', (layout, input, message) => {
    expect(refusal(layout, Uint8Array.from(input)).message).toBe(message);
  });

  test('constants are written as what they must be', () => {
    expect(encode(constant(u8, 7), 1)).toEqual(Uint8Array.of(7));
  });
});

describe('alternatives', () => {
  const layout = struct({
    kind: u8,
    inner: struct({
      part: sized(
        u8,
        chosen('version', (fields: { v?: number }) => fields.v ?? 'none', { none: rest }),
      ),
    }),
    value: chosen('kind', (fields: { kind: number }) => fields.kind, { 1: u8, 2: u16le }),
  });

  test('are picked by fields of the same structure, not of one around it', () => {
    expect(decode(layout, Uint8Array.of(2, 1, 9, 1, 0)).value).toBe(1);
    expect(decode(layout, Uint8Array.of(1, 1, 9, 1)).value).toBe(1);
  });

  test('an unknown key is refused at the byte, naming what is known', () => {
    expect(refusal(layout, Uint8Array.of(3, 0, 1))).toMatchObject({
      path: 'value',
      offset: 2,
      problem: 'kind 3 is not known (known: 1, 2)',
    });
  });

  test.each(['constructor', '__proto__', 'toString'])('%s is no key', (key) => {
    const odd = struct({ value: chosen('key', () => key, { 1: u8 }) });
    expect(refusal(odd, Uint8Array.of(1)).problem).toBe(`key ${key} is not known (known: 1)`);
  });
});
