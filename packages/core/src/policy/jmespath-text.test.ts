import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareText, containsText, countPoints, equalFolded, reversed } from './jmespath-text.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 12 });
const ofTwo = (minLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength, maxLength: 2 * minLength });

test('each does what the engine would', () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      const steps = { taken: 0 };
      expect(countPoints(a, steps)).toBe(Array.from(a).length);
      expect(reversed(a, steps)).toBe(Array.from(a).reverse().join(''));
      expect(containsText(a + b, b, steps)).toBe(true);
      expect(containsText(a, b, steps)).toBe(a.includes(b));
      expect(equalFolded(a, a.toUpperCase(), steps)).toBe(
        a.replace(/[a-z]/g, (letter) => letter.toUpperCase()) === a.toUpperCase(),
      );
      expect(Math.sign(compareText(a, b, steps))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
  expect(reversed('\u{1F600}x\ud800', { taken: 0 })).toBe('\ud800x\u{1F600}');
  expect(reversed(`${'ab\u{1F600}'.repeat(5_000)}c`, { taken: 0 })).toBe(`c${'\u{1F600}ba'.repeat(5_000)}`);
});

test('long texts are found in each other, or not', () => {
  fc.assert(
    fc.property(ofTwo(400), ofTwo(50), fc.nat(400), (text, part, at) => {
      const sought =
        fc.sample(fc.constantFrom(part, text.slice(at, at + 80), `${text.slice(at, at + 80)}b`), 1)[0] ?? '';
      expect(containsText(text, sought, { taken: 0 })).toBe(text.includes(sought));
    }),
  );
  const text = 'ab'.repeat(10_000);
  expect(containsText(text, `bb${'ab'.repeat(3_000)}`, { taken: 0 })).toBe(false);
  expect(containsText(`${text}b${text}`, `bb${'ab'.repeat(3_000)}`, { taken: 0 })).toBe(true);
});

/** A text that counts how often it is looked at, and cannot be searched by the engine. */
function watched(text: string): { readonly text: string; readonly looks: () => number } {
  let looks = 0;
  const charCodeAt = (at: number): number => {
    looks++;
    return text.charCodeAt(at);
  };
  return { text: { length: text.length, charCodeAt } as unknown as string, looks: () => looks };
}

describe('T35: work grows with the length, and is paid for', () => {
  test.each([1_000, 2_000, 4_000])('seeking %i pairs in ten times as many', (pairs) => {
    const [text, sought] = [watched('ab'.repeat(10 * pairs)), watched(`bb${'ab'.repeat(pairs)}`)];
    const steps = { taken: 0 };
    expect(containsText(text.text, sought.text, steps)).toBe(false);
    expect(text.looks()).toBe(20 * pairs);
    expect(sought.looks()).toBeLessThan(4 * 22 * pairs);
    expect(steps.taken).toBeGreaterThanOrEqual(11 * pairs);
  });

  test('folding looks at each unit once', () => {
    const [upper, lower] = [watched('A'.repeat(1_000)), watched('a'.repeat(1_000))];
    const steps = { taken: 0 };
    expect(equalFolded(upper.text, lower.text, steps)).toBe(true);
    expect([upper.looks(), lower.looks(), steps.taken]).toEqual([1_000, 1_000, 250]);
  });

  test('comparing is paid for by what two texts have in common', () => {
    const steps = { taken: 0 };
    expect(compareText(`${'a'.repeat(1_000)}b`, `${'a'.repeat(1_000)}c`, steps)).toBe(-1);
    expect(steps.taken).toBeGreaterThanOrEqual(250);
  });
});
