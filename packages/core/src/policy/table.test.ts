import fc from 'fast-check';
import { expect, test } from 'vitest';
import { setOf } from './sets.ts';
import { same, Table } from './table.ts';
import type { Value } from './values.ts';

const long = 'x'.repeat(20_000);
const keys = fc.oneof(
  fc.boolean(),
  fc.bigInt({ min: -5n, max: 5n }),
  fc.constantFrom('', '1', '1:', '-1:', 'true:', '"1', '"', 'x'.repeat(31), `"${'x'.repeat(31)}`, 'x'.repeat(32)),
  fc.constantFrom(long, `${long.slice(1)}y`, `${long}y`),
);

test('a table holds what a map would', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, fc.nat())), keys, (entries, sought) => {
      const table = new Table<number>({ taken: 0 });
      const map = new Map<Value, number>();
      for (const [key, entry] of entries) {
        expect(table.get(key)).toBe(map.get(key));
        if (!map.has(key)) table.add(key, entry);
        if (!map.has(key)) map.set(key, entry);
      }
      expect(table.get(sought)).toBe(map.get(sought));
    }),
  );
});

test('a set is what JavaScript makes it', () => {
  fc.assert(
    fc.property(fc.array(keys), (values) => {
      expect(setOf(values, false, { taken: 0 }).values).toEqual([...new Set(values)]);
    }),
  );
});

test('T35: long texts of one length are compared with each other, which is paid for', () => {
  const stepsOf = (count: number): number => {
    const steps = { taken: 0 };
    setOf(
      Array.from({ length: count }, (_, i) => `${long}${100 + i}`),
      false,
      steps,
    );
    return steps.taken;
  };
  expect(stepsOf(100)).toBeGreaterThan((100 * 99 * long.length) / 2 / 65);
  expect(stepsOf(100) / stepsOf(50)).toBeGreaterThan(3.9);
});

test('T35: the engine never sees an integer as a key, in digits or not', () => {
  const names: unknown[] = [];
  const { set } = Map.prototype;
  const table = new Table<true>({ taken: 0 });
  Map.prototype.set = function (this: Map<unknown, unknown>, key, entry) {
    names.push(key);
    return set.call(this, key, entry);
  };
  try {
    for (const key of [5n, -5n, '5', '4294967294', '9007199254740991', true]) table.add(key, true);
  } finally {
    Map.prototype.set = set;
  }
  expect(names).toHaveLength(6);
  for (const name of names) expect(name).toMatch(/^"|:$/);
});

test('T35: equal texts are paid for by their length', () => {
  const steps = { taken: 0 };
  expect([same(long, `${long.slice(1)}x`, steps), same('1', 1n, steps), same('a', 'b', steps)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(steps.taken).toBe(long.length >> 6);
});
