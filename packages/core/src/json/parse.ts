/**
 * JSON text to values, strictly as RFC 8259 has it: UTF-8 without a byte-order mark, no member twice, nothing after the
 * value. Signatures cover the bytes as they were sent, so the same pass also yields the raw slice of each member.
 */
import { type Bytes, fromUtf8 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import type { Json, JsonObject } from './value.ts';

export interface ParseOptions {
  /** How deep arrays and objects may nest; 64 unless told. */
  readonly maxDepth?: number;
  /** What errors call the whole input. */
  readonly path?: string;
}

/** An object, and each of its members' values exactly as sent. */
export interface Members {
  readonly value: JsonObject;
  readonly raw: ReadonlyMap<string, Bytes>;
}

/** Longest number read, in characters. Converting digits to a `bigint` costs more than linear time. */
const longestNumber = 400;

/**
 * Reads one JSON value. Integers that a double cannot hold exactly become `bigint`; fractions and exponents are rounded
 * to the nearest double; escaped lone surrogates are refused, since no UTF-8 can hold them.
 * @throws {Malformed} with the path of the member (`tcbInfo.tcbLevels.3.tcb`) and the byte
 */
export function parseJson(input: Bytes, options: ParseOptions = {}): Json {
  return new Parser(input, fromUtf8(input, options.path ?? 'json'), options).whole();
}

/**
 * Reads one JSON value out of text that is at hand already; errors count bytes of its UTF-8.
 * @throws {Malformed} as `parseJson` does
 */
export function parseJsonText(text: string, options: ParseOptions = {}): Json {
  return new Parser(undefined, text, options).whole();
}

/**
 * Reads a JSON object, and keeps the bytes of each member's value as they were sent.
 * @throws {Malformed} as `parseJson` does, and when the value is not an object
 */
export function parseMembers(input: Bytes, options: ParseOptions = {}): Members {
  return new Parser(input, fromUtf8(input, options.path ?? 'json'), options).members();
}

/** A value, and the bytes of some values in it exactly as they were sent. */
export interface Slices {
  readonly value: Json;
  /** In the order of the paths asked for; undefined where there is no such member. */
  readonly raw: readonly (Bytes | undefined)[];
}

/**
 * Reads one JSON value, and keeps the bytes of members that lie deeper.
 * @param paths names of members, from the outermost in
 * @throws {Malformed} as `parseJson` does
 */
export function parseSlices(input: Bytes, paths: readonly (readonly string[])[], options: ParseOptions = {}): Slices {
  return new Parser(input, fromUtf8(input, options.path ?? 'json'), options).slices(paths);
}

/** The bytes of each member's value, exactly as sent. */
export const memberSlices = (input: Bytes, options: ParseOptions = {}): ReadonlyMap<string, Bytes> =>
  parseMembers(input, options).raw;

const code = (character: string): number => character.charCodeAt(0);
const [quote, backslash, comma, colon, minus, dot, zero, nine] = Array.from('"\\,:-.09', code) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];
const [openObject, closeObject, openArray, closeArray] = Array.from('{}[]', code) as [number, number, number, number];
const escapes: ReadonlyMap<number, string> = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([key, value]) => [code(key), value],
  ),
);

const isDigit = (unit: number): boolean => unit >= zero && unit <= nine;
/** Whether a unit can be part of a number's text, right or wrong. */
const isNumeric = (unit: number): boolean =>
  isDigit(unit) || unit === minus || unit === dot || unit === 0x2b || unit === 0x65 || unit === 0x45;
/** Names and numbers of the input as messages show them: not longer than a line, and no control characters (logs). */
function shown(text: string): string {
  const line = text.replace(/\p{Cc}/gu, '\ufffd');
  return line.length > 64 ? `${line.slice(0, 64)}…` : line;
}
const numberForm = /^-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const control = /[\x00-\x1f]/;

/** Part of the text, in UTF-16 units. */
type Span = readonly [from: number, to: number];

class Parser {
  readonly #given: Bytes | undefined;
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #path: string[];
  /** Position in the text, in UTF-16 units: the same as bytes while all is ASCII. */
  #at = 0;
  #depth = 0;
  /** Members whose bytes are asked for. */
  #wanted: readonly { readonly names: readonly string[]; span: Span | undefined }[] = [];
  /** Where the path of the value itself begins. */
  #from = 0;

  constructor(input: Bytes | undefined, text: string, { maxDepth = 64, path }: ParseOptions) {
    this.#given = input;
    this.#maxDepth = maxDepth;
    this.#path = path === undefined ? [] : [path];
    this.#text = text;
  }

  get #input(): Bytes {
    return this.#given ?? new TextEncoder().encode(this.#text);
  }

  whole(): Json {
    this.#space();
    const value = this.#value();
    this.#end();
    return value;
  }

  slices(paths: readonly (readonly string[])[]): Slices {
    this.#wanted = paths.map((names) => ({ names, span: undefined }));
    this.#from = this.#path.length;
    const value = this.whole();
    return { value, raw: this.#cut(this.#wanted.map(({ span }) => span)) };
  }

  members(): Members {
    this.#space();
    if (this.#unit() !== openObject) this.#fail('must be an object');
    const spans = new Map<string, Span>();
    const value = this.#object(spans);
    this.#end();
    const slices = this.#cut([...spans.values()]);
    return { value, raw: new Map(Array.from(spans.keys(), (name, i) => [name, slices[i] as Bytes])) };
  }

  /** The bytes of spans of the text, wherever they stand, in one walk over it. */
  #cut(spans: readonly (Span | undefined)[]): readonly (Bytes | undefined)[] {
    const input = this.#input;
    // Where all is ASCII a position in the text is a position in the bytes.
    if (this.#text.length === input.length) return spans.map((span) => span && input.subarray(...span));
    const places = new Map<number, number>();
    const encoder = new TextEncoder();
    let [at, byte] = [0, 0];
    for (const position of spans.flatMap((span) => span ?? []).sort((a, b) => a - b)) {
      byte += encoder.encode(this.#text.slice(at, position)).length;
      at = position;
      places.set(position, byte);
    }
    return spans.map((span) => span && input.subarray(places.get(span[0]), places.get(span[1])));
  }

  /** Notes where the member in hand stands, if it is one that is asked for. */
  #keep(from: number): void {
    const depth = this.#path.length - this.#from;
    for (const wanted of this.#wanted) {
      const { names } = wanted;
      if (names.length === depth && names.every((name, i) => this.#path[this.#from + i] === name))
        wanted.span = [from, this.#at];
    }
  }

  #end(): void {
    this.#space();
    if (this.#at < this.#text.length)
      this.#fail(`${this.#input.length - this.#byte(this.#at)} bytes left over after the value`);
  }

  #value(): Json {
    const unit = this.#unit();
    if (unit === quote) return this.#string();
    if (unit === openObject) return this.#object();
    if (unit === openArray) return this.#array();
    if (unit === minus || isDigit(unit)) return this.#number();
    if (this.#word('true')) return true;
    if (this.#word('false')) return false;
    if (this.#word('null')) return null;
    return this.#fail(`${this.#found()}, expected a value`);
  }

  #object(spans?: Map<string, Span>): JsonObject {
    this.#enter();
    const object: Record<string, Json> = { __proto__: null } as never;
    const starts: number[] = [];
    if (this.#opens(closeObject)) return object;
    for (;;) {
      const start = this.#at;
      if (this.#unit() !== quote) this.#fail(`${this.#found()}, expected a member name in double quotes`);
      const name = this.#string();
      if (name in object) this.#twice(name, start, starts);
      starts.push(start);
      this.#space();
      if (this.#unit() !== colon) this.#fail(`${this.#found()}, expected a colon after «${shown(name)}»`);
      this.#at++;
      this.#space();
      this.#path.push(name);
      const from = this.#at;
      object[name] = this.#value();
      spans?.set(name, [from, this.#at]);
      if (this.#wanted.length > 0) this.#keep(from);
      this.#path.pop();
      if (this.#closes(closeObject)) return object;
    }
  }

  #array(): Json[] {
    this.#enter();
    const items: Json[] = [];
    if (this.#opens(closeArray)) return items;
    for (;;) {
      this.#path.push(String(items.length));
      items.push(this.#value());
      this.#path.pop();
      if (this.#closes(closeArray)) return items;
    }
  }

  #enter(): void {
    if (++this.#depth > this.#maxDepth) this.#fail(`nests deeper than ${this.#maxDepth} levels`);
    this.#at++;
  }

  /** After an opening bracket: whether it closes at once. */
  #opens(closing: number): boolean {
    this.#space();
    if (this.#unit() !== closing) return false;
    this.#at++;
    this.#depth--;
    return true;
  }

  /** After an item: whether the list ends here; else moves over the comma to the next item. */
  #closes(closing: number): boolean {
    this.#space();
    const unit = this.#unit();
    if (unit === comma) {
      this.#at++;
      this.#space();
      return false;
    }
    if (unit !== closing) this.#fail(`${this.#found()}, expected a comma or ${closing === closeObject ? '}' : ']'}`);
    this.#at++;
    this.#depth--;
    return true;
  }

  #string(): string {
    const from = ++this.#at;
    // Nearly all strings are plain, and searching for their end natively is many times as fast.
    const end = this.#text.indexOf('"', from);
    if (end >= 0) {
      const plain = this.#text.slice(from, end);
      // Apart: both together are one search that takes four times as long.
      if (!plain.includes('\\') && !control.test(plain)) {
        this.#at = end + 1;
        return plain;
      }
    }
    for (;;) {
      const unit = this.#unit();
      if (unit === quote) return this.#text.slice(from, this.#at++);
      if (unit === backslash) return this.#escaped(from);
      if (!(unit >= 0x20))
        this.#fail(this.#at < this.#text.length ? 'has a control character in a string' : 'ends within a string');
      this.#at++;
    }
  }

  /** The rest of a string that has at least one escape. */
  #escaped(from: number): string {
    let out = '';
    let kept = from;
    let surrogates = false;
    for (;;) {
      const unit = this.#unit();
      if (unit === quote) {
        out += this.#text.slice(kept, this.#at);
        // Escaped halves may stand beside each other or alone: only the whole string tells.
        if (surrogates && /\p{Surrogate}/u.test(out))
          this.#fail('has an escaped surrogate without its other half', from - 1);
        this.#at++;
        return out;
      }
      if (!(unit >= 0x20))
        this.#fail(this.#at < this.#text.length ? 'has a control character in a string' : 'ends within a string');
      if (unit !== backslash) {
        this.#at++;
        continue;
      }
      out += this.#text.slice(kept, this.#at);
      const letter = this.#text.charCodeAt(this.#at + 1);
      if (letter === 0x75) {
        const digits = this.#text.slice(this.#at + 2, this.#at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('has \\u without four hexadecimal digits');
        const value = Number.parseInt(digits, 16);
        surrogates ||= value >= 0xd800 && value <= 0xdfff;
        out += String.fromCharCode(value);
        this.#at += 6;
      } else {
        out += escapes.get(letter) ?? this.#fail('has an unknown escape in a string');
        this.#at += 2;
      }
      kept = this.#at;
    }
  }

  #number(): number | bigint {
    const from = this.#at;
    while (isNumeric(this.#unit())) this.#at++;
    const text = this.#text.slice(from, this.#at);
    if (text.length > longestNumber)
      this.#fail(`has a number of ${text.length} characters, at most ${longestNumber}`, from);
    const form = numberForm.exec(text);
    if (!form) this.#fail(`has no number: ${shown(text)}`, from);
    const value = Number(text);
    if (form[1] === undefined && form[2] === undefined) return Number.isSafeInteger(value) ? value : BigInt(text);
    if (!Number.isFinite(value)) this.#fail(`has a number too large for a double: ${shown(text)}`, from);
    return value;
  }

  #word(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #space(): void {
    for (;;) {
      const unit = this.#unit();
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.#at++;
    }
  }

  /** The unit in hand; not a number at the end, which compares false with everything. */
  #unit(): number {
    return this.#text.charCodeAt(this.#at);
  }

  #found(): string {
    const point = this.#text.codePointAt(this.#at);
    if (point === undefined) return 'ends';
    const isPlain = point > 0x20 && point < 0x7f;
    return `has ${isPlain ? String.fromCodePoint(point) : `U+${point.toString(16).toUpperCase().padStart(4, '0')}`}`;
  }

  /** Where a position of the text stands in the bytes. */
  #byte(at: number): number {
    return new TextEncoder().encode(this.#text.slice(0, at)).length;
  }

  #twice(name: string, start: number, starts: readonly number[]): never {
    const first = starts.find((at) => {
      this.#at = at;
      return this.#string() === name;
    });
    this.#path.push(name);
    return this.#fail(`is there twice, at bytes ${this.#byte(first ?? start)} and ${this.#byte(start)}`, start);
  }

  #fail(problem: string, at = this.#at): never {
    throw new Malformed(this.#path.map(shown).join('.') || 'json', this.#byte(at), problem);
  }
}
