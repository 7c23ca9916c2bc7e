/**
 * JSON as tokens and key sets hold it. `JSON.parse` keeps the last of two members of one name without a word, so that
 * two readers of one token may see two tokens: here duplicates are refused, and nesting has an end.
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

/** Deepest nesting read. */
const deepest = 64;

/**
 * Reads an object from UTF-8.
 * @throws {JsonRefused} for anything else, a member named twice, or nesting beyond 64
 */
export function parseObject(bytes: Uint8Array): JsonObject {
  let value: unknown;
  try {
    const text = strictUtf8.decode(bytes);
    value = JSON.parse(text);
    refuseHidden(text);
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

/** Strings and brackets; all that lies between does not matter here. */
const lexeme = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}:]/g;

/** @param text known to be JSON: so every string ends, and one before a colon is a member's name */
function refuseHidden(text: string): void {
  const open: Set<string>[] = [];
  let before = '';
  for (const [token] of text.matchAll(lexeme)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const name = JSON.parse(before) as string;
      const names = open.at(-1);
      if (names?.has(name)) throw new JsonRefused(`has the member «${name.slice(0, 64)}» twice`);
      names?.add(name);
    }
    if (open.length > deepest) throw new JsonRefused(`nests deeper than ${deepest}`);
    before = token;
  }
}
