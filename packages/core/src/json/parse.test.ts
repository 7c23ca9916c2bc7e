import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromUtf8, utf8 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { formatJson } from './format.ts';
import { memberSlices, parseJson, parseMembers, parseSlices } from './parse.ts';
import type { Json } from './value.ts';

const parse = (text: string): Json => parseJson(utf8(text));
function problem(text: string, read: (input: Uint8Array) => unknown = parseJson): string {
  try {
    read(utf8(text));
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
  return expect.fail(`${text} was parsed`);
}

describe('values', () => {
  test('are read as what they are', () => {
    expect(parse(' [null, true, false, "a\\u00e9\\n/", 1.5, -2e3, {}] ')).toEqual([
      null,
      true,
      false,
      'aé\n/',
      1.5,
      -2000,
      Object.create(null),
    ]);
  });

  test('integers keep every digit', () => {
    expect(parse('9007199254740991')).toBe(9007199254740991);
    expect(parse('9007199254740993')).toBe(9007199254740993n);
    expect(parse('-18446744073709551615')).toBe(-18446744073709551615n);
    expect(parse('1e3')).toBe(1000);
  });

  test('objects have no prototype, so no name is special', () => {
    const value = parse('{"__proto__":{"a":1},"toString":2}');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'toString']);
    expect(Object.getPrototypeOf(value)).toBeNull();
  });

  test('pairs of escaped surrogates are one character', () => {
    expect(parse('"\\ud83d\\ude00"')).toBe('😀');
  });
});

describe('refused', () => {
  test.each([
    ['', 'json at byte 0: ends, expected a value'],
    ['[1,]', '1 at byte 3: has ], expected a value'],
    ['{"a":1,}', 'json at byte 7: has }, expected a member name in double quotes'],
    ['{"a" 1}', 'json at byte 5: has 1, expected a colon after «a»'],
    ['[1 2]', 'json at byte 3: has 2, expected a comma or ]'],
    ['{"é":[tru]}', 'é.0 at byte 7: has t, expected a value'],
    ['{} x', 'json at byte 3: 1 bytes left over after the value'],
    ['\ufeff{}', 'json at byte 0: has U+FEFF, expected a value'],
    ['[01]', '0 at byte 1: has no number: 01'],
    ['[+1]', '0 at byte 1: has +, expected a value'],
    ['[1.]', '0 at byte 1: has no number: 1.'],
    [`{"${'x'.repeat(100)}":-}`, `${'x'.repeat(64)}… at byte 104: has no number: -`],
    ['[1e999]', '0 at byte 1: has a number too large for a double: 1e999'],
    ['"a\nb"', 'json at byte 2: has a control character in a string'],
    ['"\\x"', 'json at byte 1: has an unknown escape in a string'],
    ['"\\u12g4"', 'json at byte 1: has \\u without four hexadecimal digits'],
    ['"\\n', 'json at byte 3: ends within a string'],
    ['"abc', 'json at byte 4: ends within a string'],
    ['["\\udc00\\ud800"]', '0 at byte 1: has an escaped surrogate without its other half'],
    ['nul', 'json at byte 0: has n, expected a value'],
    ["{'a':1}", "json at byte 1: has ', expected a member name in double quotes"],
  ])('%s', (text, message) => {
    expect(problem(text)).toBe(message);
  });

  test('bytes that are not UTF-8', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))).toThrow('is not UTF-8');
  });

  test('T42: a member that is there twice, naming both places', () => {
    expect(problem('{"a":{"b":1,"c":2,"b":3}}')).toBe('a.b at byte 18: is there twice, at bytes 6 and 18');
    expect(problem('{"b":1,"\\u0062":3}')).toBe('b at byte 7: is there twice, at bytes 1 and 7');
    expect(problem('{"__proto__":1,"__proto__":3}')).toContain('is there twice');
  });

  test('T39: names in messages cannot write lines of their own', () => {
    expect(problem('{"a\\n\\u001b[31m":-}')).toBe('a\ufffd\ufffd[31m at byte 17: has no number: -');
  });

  test('T35: nesting is bounded, and the bound can be set', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(parse(nested(64))).toBeDefined();
    expect(problem(nested(65))).toContain('at byte 64: nests deeper than 64 levels');
    expect(problem('['.repeat(1_000_000))).toContain('nests deeper');
    expect(() => parseJson(utf8('{"a":{}}'), { maxDepth: 1 })).toThrow('a at byte 5: nests deeper than 1 levels');
    // Depth is of nesting, not of what came before.
    expect(parseJson(utf8('[[],[],{},{"a":[]}]'), { maxDepth: 3 })).toBeDefined();
  });

  test('T36: numbers have a longest form, whatever they would cost', () => {
    expect(parse('9'.repeat(400))).toBe(BigInt('9'.repeat(400)) as unknown as bigint);
    expect(problem('9'.repeat(401))).toContain('has a number of 401 characters, at most 400');
  });
});

describe('members', () => {
  test('are kept as they were sent', () => {
    const input = utf8(' { "tcbInfo" : {"é": [1.0, 1e2] } ,"signature":"ab" } ');
    const { value, raw } = parseMembers(input);
    expect(value).toEqual(parseJson(input));
    expect(Object.fromEntries([...raw].map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]))).toEqual({
      tcbInfo: '{"é": [1.0, 1e2] }',
      signature: '"ab"',
    });
    expect([...memberSlices(input).keys()]).toEqual(['tcbInfo', 'signature']);
    expect(raw.get('tcbInfo')?.buffer).toBe(input.buffer);
  });

  test('are refused like any JSON, and must be of an object', () => {
    expect(problem('[1]', memberSlices)).toBe('json at byte 0: must be an object');
    expect(problem('{"a":1,"a":1}', memberSlices)).toContain('is there twice');
    expect(problem('{"a":1}}', memberSlices)).toContain('left over');
    expect(() => parseMembers(utf8('{"a":tru}'), { path: 'body' })).toThrow('body.a at byte 5');
  });

  test('T35: positions are counted in one walk over the text, however many members there are', () => {
    /** Units that are encoded while members of a text are cut. */
    const encoded = (members: number): number => {
      const input = utf8(`{${Array.from({ length: members }, (_, i) => `"é${i}": ${i}`).join(',')}}`);
      const { encode } = TextEncoder.prototype;
      let units = 0;
      TextEncoder.prototype.encode = function (text = '') {
        units += text.length;
        return encode.call(this, text);
      };
      try {
        expect(memberSlices(input).size).toBe(members);
      } finally {
        TextEncoder.prototype.encode = encode;
      }
      expect(units).toBeLessThanOrEqual(input.length);
      return units;
    };
    expect(encoded(2_000) / encoded(1_000)).toBeLessThan(2.5);
  });

  test('slices stand where the parts are, for any object', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
        fc.constantFrom('', ' ', '\n\t'),
        (object, space) => {
          const raw = memberSlices(utf8(JSON.stringify(object, undefined, space)));
          for (const [name, bytes] of raw)
            expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(JSON.parse(JSON.stringify(object[name])));
        },
      ),
      { numRuns: 100 },
    );
  });
});

test('agrees with the built-in parser on any JSON', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.parse(formatJson(parse(text)))).toEqual(JSON.parse(text));
    }),
  );
});

test('T5: any bytes are parsed or refused, and nothing else is thrown', () => {
  const sound = utf8('{"a":[1,2.5e3,"\\u00e9\\n",true,null],"b":{"c":"d"}}');
  fc.assert(
    fc.property(fc.nat(sound.length - 1), fc.nat(255), (at, byte) => {
      const input = Uint8Array.from(sound);
      input[at] = byte;
      try {
        parseJson(input);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
    { numRuns: 500 },
  );
});

describe('slices of deeper members', () => {
  const slice = (input: string, ...paths: string[][]) =>
    parseSlices(utf8(input), paths).raw.map((bytes) => bytes && fromUtf8(bytes));

  test('are the bytes as sent, also behind characters of several bytes', () => {
    expect(slice('{"é":1,"a": { "b" :\t{ "c":[1 , 2] } }}', ['a', 'b'], ['a', 'b', 'c'], ['b'])).toEqual([
      '{ "c":[1 , 2] }',
      '[1 , 2]',
      undefined,
    ]);
  });

  test('are not taken from names with dots that spell the path, nor from deeper', () => {
    expect(slice('{"a.b":1,"a":[{"b":2}],"c":{"a":{"b":3}}}', ['a', 'b'])).toEqual([undefined]);
  });
});
