/**
 * JSON text to values for queries. The engine's own parser is five times as fast as any in JavaScript, but rounds large
 * integers and takes the last of two equal names without a word: so what it read is written again, and counts only if
 * that is the very text. Everything else is read by the strict parser.
 */
import { type Json, parseJsonText } from '../json/index.ts';
import { type Steps, spend } from './budget.ts';
import { isArray } from './jmespath-values.ts';
import { deepestQuery } from './limits.ts';

/**
 * Reads one JSON value, exactly. Objects may have a prototype: members are to be looked up among their own.
 * @throws {Malformed} for what is no JSON, holds a name twice, or nests too deep
 */
export function readDocument(text: string, steps: Steps): Json {
  spend(steps, text.length);
  for (const bracket of '[{')
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) spend(steps, perContainer);
  const value = readNatively(text, steps);
  if (value !== undefined) return value;
  spend(steps, strictly * text.length);
  return parseJsonText(text, { maxDepth: deepestQuery });
}

/** Steps that some things take beyond one for each character. */
const perContainer = 20;
const perMember = 10;
const perRounded = 30;
/** Steps that the strict parser takes for a character. */
const strictly = 12;

/** An integer beyond 2^53 as the engine read it, and where to put the exact one. */
interface Rounded {
  readonly holder: { [name: string | number]: Json };
  readonly name: string | number;
  readonly written: string;
}

/** Undefined where there is any doubt. */
function readNatively(text: string, steps: Steps): Json | undefined {
  // An escaped lone surrogate would be written the same again.
  if (text.includes('\\ud')) return undefined;
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const rounded: Rounded[] = [];
  if (!isExact(value, rounded, 0, steps)) return undefined;
  spend(steps, perRounded * rounded.length);
  const written = JSON.stringify(value);
  return text === written || mend(text, written, rounded) ? value : undefined;
}

/** Collects integers that may be rounded; false where more than that may be wrong. */
function isExact(value: Json, rounded: Rounded[], depth: number, steps: Steps): boolean {
  if (typeof value !== 'object' || value === null) return !isRounded(value);
  if (depth >= deepestQuery) return false;
  const holder = value as unknown as Rounded['holder'];
  const look = (name: string | number): boolean => {
    const inner = holder[name] as Json;
    if (isRounded(inner)) rounded.push({ holder, name, written: String(inner) });
    return typeof inner !== 'object' || inner === null || isExact(inner, rounded, depth + 1, steps);
  };
  if (isArray(value)) return value.every((_, i) => look(i));
  for (const name in holder) {
    spend(steps, perMember);
    // Setting it would set something else.
    if (name === '__proto__' || !look(name)) return false;
  }
  return true;
}

const isRounded = (value: Json): boolean =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);

/**
 * Puts exact integers in the place of rounded ones. The engine writes as many digits as it read, so both texts agree
 * but for digits; whether digits were found in the right place shows when all of the text has been compared.
 */
function mend(text: string, written: string, rounded: readonly Rounded[]): boolean {
  if (rounded.length === 0 || text.length !== written.length) return false;
  const found: bigint[] = [];
  let behind = 0;
  const agrees = (until: number): boolean => text.slice(behind, until) === written.slice(behind, until);
  for (const { written: digits } of rounded) {
    const at = written.indexOf(digits, behind);
    const exact = text.slice(at, at + digits.length);
    if (at < 0 || !agrees(at) || !/^-?[0-9]+$/.test(exact)) return false;
    found.push(BigInt(exact));
    behind = at + digits.length;
  }
  if (!agrees(text.length)) return false;
  for (const [i, { holder, name }] of rounded.entries()) holder[name] = found[i] as bigint;
  return true;
}
