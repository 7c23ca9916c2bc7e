/**
 * JSON as tokens and key sets hold it. `JSON.parse` keeps the last of two members of one name without a word, so that
 * two readers of one token may see two tokens, and rounds integers beyond 2^53: here duplicates are refused, nesting has
 * an end, and such integers are `bigint`.
 */

export interface JsonObject {
  readonly [name: string]: unknown;
}

/** Why a text is not acceptable JSON. */
export class JsonRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonRefused';
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Deepest nesting read: data that evidence binds may nest to 32, and stands some levels down in a token. */
const deepest = 40;
/** Longest number read, in characters: converting digits to a `bigint` costs more than linear time. */
const longestNumber = 400;

/**
 * Reads an object from UTF-8.
 * @throws {JsonRefused} for anything else, a member named twice, nesting beyond 40, or numbers beyond all measure
 */
export function parseObject(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    const text = strictUtf8.decode(bytes);
    // Whether it is JSON at all is the runtime's word; what it says is read beside it.
    JSON.parse(text);
    value = read(text);
  } catch (error) {
    throw error instanceof JsonRefused ? error : new JsonRefused('is not JSON in UTF-8');
  }
  if (!isObject(value)) throw new JsonRefused('is not a JSON object');
  return value;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of the object itself: never one that it inherits. */
export const member = (object: JsonObject, name: string): unknown =>
  Object.hasOwn(object, name) ? object[name] : undefined;

/** A value as messages show it. */
export const shownJson = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));

/** Strings, opening and closing brackets, and words; commas and colons say nothing more where all is known to be JSON. */
const lexeme = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|[^\s,:[\]{}"]+/g;

/** @param text known to be JSON: so brackets match, and in an object every other value is a member's name */
function read(text: string): unknown {
  const tokens = text.matchAll(lexeme);
  const next = (): string => tokens.next().value?.[0] ?? '';

  function value(token: string, depth: number): unknown {
    if (token !== '{' && token !== '[') return /^[-\d]/.test(token) ? number(token) : (JSON.parse(token) as unknown);
    if (depth >= deepest) throw new JsonRefused(`nests deeper than ${deepest}`);
    if (token === '{') return object(depth);
    const items: unknown[] = [];
    for (let item = next(); item !== ']'; item = next()) items.push(value(item, depth + 1));
    return items;
  }

  function object(depth: number): JsonObject {
    const members = new Map<string, unknown>();
    for (let quoted = next(); quoted !== '}'; quoted = next()) {
      const name = JSON.parse(quoted) as string;
      if (members.has(name)) throw new JsonRefused(`has the member «${name.slice(0, 64)}» twice`);
      members.set(name, value(next(), depth + 1));
    }
    return Object.fromEntries(members);
  }

  return value(next(), 0);
}

function number(text: string): number | bigint {
  const rounded = Number(text);
  if (text.length > longestNumber) throw new JsonRefused(`has a number of ${text.length} characters`);
  if (/^-?\d+$/.test(text)) return Number.isSafeInteger(rounded) ? rounded : BigInt(text);
  if (!Number.isFinite(rounded)) throw new JsonRefused(`has a number too large for a double: ${text.slice(0, 64)}`);
  return rounded;
}
