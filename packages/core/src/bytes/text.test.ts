import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Malformed } from '../errors.ts';
import { concat, equal, isZero } from './arrays.ts';
import { base64, base64url, fromBase64, fromHex, fromUtf8, hex, latin1, utf8 } from './text.ts';

/** How a decoder refuses: where and why. */
function refusal(decode: () => unknown): readonly [path: string, offset: number | undefined, problem: string] {
  try {
    decode();
  } catch (error) {
    if (error instanceof Malformed) return [error.path, error.offset, error.problem];
    throw error;
  }
  return expect.fail('was decoded');
}

const anyBytes = fc.uint8Array({ maxLength: 300 });
const buffer = (input: Uint8Array): Buffer => Buffer.from(input);

describe('hexadecimal', () => {
  test('there and back, of either case', () => {
    fc.assert(
      fc.property(anyBytes, (input) => {
        expect(hex(input)).toBe(buffer(input).toString('hex'));
        expect(fromHex(hex(input))).toEqual(input);
        expect(fromHex(hex(input).toUpperCase())).toEqual(input);
      }),
    );
  });

  test.each([
    ['0g', 1, 'is not a hexadecimal digit'],
    ['0x00', 1, 'is not a hexadecimal digit'],
    [' 00', 0, 'is not a hexadecimal digit'],
    ['00\n', 2, 'is not a hexadecimal digit'],
    ['0０', 1, 'is not a hexadecimal digit'],
    ['000', 3, 'has an odd number of digits'],
  ])('%j is refused at %i', (text, offset, problem) => {
    expect(refusal(() => fromHex(text, 'mrsigner'))).toEqual(['mrsigner', offset, problem]);
  });
});

describe('base64', () => {
  test('there and back, in both alphabets, with and without padding', () => {
    fc.assert(
      fc.property(anyBytes, (input) => {
        expect(base64(input)).toBe(buffer(input).toString('base64'));
        expect(base64url(input)).toBe(buffer(input).toString('base64url'));
        expect(fromBase64(base64url(input))).toEqual(input);
        expect(fromBase64(base64url(input), 'base64url')).toEqual(input);
        expect(fromBase64(base64(input))).toEqual(input);
        expect(fromBase64(base64(input), 'base64')).toEqual(input);
        expect(fromBase64(base64(input).replaceAll('=', ''), 'base64')).toEqual(input);
      }),
    );
  });

  test('any text is decoded to what encodes to it, or refused', () => {
    const letters = fc.constantFrom(...'ABCDwxyz0189+/-_= \n');
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
        try {
          const decoded = fromBase64(text);
          const plain = text.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
          expect(base64url(decoded)).toBe(plain);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
    );
  });

  const foreign = 'is not a base64 character';
  const group = 'has padding that does not complete a group of four';
  test.each([
    ['AA)A', 2, foreign],
    ['AAAA AAA', 4, foreign],
    ['AAAA\nAAA', 4, foreign],
    ['AAAAé', 4, foreign],
    ['AA)A=', 2, foreign],
    ['AA)A==', 2, foreign],
    ['éAAA', 0, foreign],
    ['AA\u0000A', 2, foreign],
    ['AA=A', 2, foreign],
    ['AA==AA==', 2, foreign],
    ['A===', 1, foreign],
    ['====', 0, foreign],
    ['AAAA====', 4, foreign],
    ['A', 1, 'ends within a byte'],
    ['AAAAA', 5, 'ends within a byte'],
    ['AA=', 2, group],
    ['AAA==', 3, group],
    ['AAAA=', 4, group],
    ['=', 0, group],
    ['AB', 2, 'has bits set after the last byte'],
    ['AB==', 2, 'has bits set after the last byte'],
    ['AAB=', 3, 'has bits set after the last byte'],
    ['AA8', 3, undefined],
    ['AA9', 3, 'has bits set after the last byte'],
  ] as const)('%j', (text, offset, problem) => {
    if (problem === undefined) expect(fromBase64(text)).toEqual(Uint8Array.of(0, 15));
    else expect(refusal(() => fromBase64(text, 'either', 'quote'))).toEqual(['quote', offset, problem]);
  });

  test('long texts are judged as short ones, wherever they are wrong', () => {
    const outcome = (text: string, kind: 'base64' | 'base64url' | 'either'): unknown => {
      try {
        return buffer(fromBase64(text, kind)).toString('base64url');
      } catch (error) {
        return [(error as Malformed).offset, (error as Malformed).problem];
      }
    };
    const whole = 'AZaz09'.repeat(2000);
    const endings = ['', 'A', 'AA', 'AB', 'AAA', 'AAB', 'AA==', 'AA=', 'AAAA', '+/AA', '-_AA', 'A)AA', 'A AA', 'AA\nA'];
    for (const kind of ['base64', 'base64url', 'either'] as const)
      for (const ending of [...endings, 'AA=A', 'ŁŁŁŁ', 'AéAA', 'AAA\ud83d', '\u0000AAA']) {
        const short = outcome(ending, kind);
        const shifted = Array.isArray(short) ? [whole.length + short[0], short[1]] : whole + String(short);
        expect([ending, outcome(whole + ending, kind)]).toEqual([ending, shifted]);
        // At the beginning, and where nothing else is wrong.
        if (Array.isArray(short) && short[1].includes('character'))
          expect([ending, outcome(ending + whole, kind)]).toEqual([ending, short]);
      }
    expect(fromBase64(whole).buffer.byteLength).toBe(whole.length * 0.75);
  });

  test('each alphabet refuses the letters of the other, at their place', () => {
    expect(fromBase64('+/-_')).toEqual(Uint8Array.of(0xfb, 0xff, 0xbf));
    expect(refusal(() => fromBase64('AA-A', 'base64'))).toEqual(['base64', 2, 'is not a base64 character']);
    expect(refusal(() => fromBase64('AAA_', 'base64'))).toEqual(['base64', 3, 'is not a base64 character']);
    expect(refusal(() => fromBase64('+AAA', 'base64url'))).toEqual(['base64', 0, 'is not a base64url character']);
    expect(refusal(() => fromBase64('A/AA', 'base64url'))).toEqual(['base64', 1, 'is not a base64url character']);
  });

  test('each unused bit alone makes a text refused: one spelling per value', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const accepted = (text: string): boolean => {
      try {
        return fromBase64(text).length > 0;
      } catch {
        return false;
      }
    };
    expect(Array.from(letters).filter((letter) => accepted(`A${letter}`)).length).toBe(4);
    expect(Array.from(letters).filter((letter) => accepted(`AA${letter}`)).length).toBe(16);
    expect(Array.from(letters).filter((letter) => accepted(`AAA${letter}`)).length).toBe(64);
  });
});

describe('UTF-8', () => {
  test('there and back, a byte-order mark kept', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text);
      }),
    );
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
  });

  test.each([[[0xff]], [[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]], [[0xe2, 0x82]]])(
    '%j is refused',
    (input) => {
      expect(refusal(() => fromUtf8(Uint8Array.from(input), 'policy'))).toEqual(['policy', 0, 'is not UTF-8']);
    },
  );
});

test('latin1 keeps every byte, however many', () => {
  const input = Uint8Array.from({ length: 20_000 }, (_, i) => i & 0xff);
  expect(latin1(input)).toBe(buffer(input).toString('latin1'));
});

test('byte strings are compared and joined whole', () => {
  fc.assert(
    fc.property(anyBytes, anyBytes, (a, b) => {
      expect(equal(a, b)).toBe(buffer(a).equals(b));
      expect(equal(a, Uint8Array.from(a))).toBe(true);
      expect(
        equal(
          a,
          a.map((byte, i) => (i === a.length - 1 ? byte ^ 1 : byte)),
        ),
      ).toBe(a.length === 0);
      expect(concat(a, b, a)).toEqual(new Uint8Array(Buffer.concat([a, b, a])));
      expect(isZero(a)).toBe(a.every((byte) => byte === 0));
    }),
  );
  expect([isZero(new Uint8Array(64)), isZero(Uint8Array.of(0, 0, 1))]).toEqual([true, false]);
});
