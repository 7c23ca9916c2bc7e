/** JSON to values of the language, as `JsonToClaimValue` has it (documentation of Azure Attestation's rule functions). */
import type { Json } from '../claim.ts';
import { AttestError } from '../errors.ts';
import { type Steps, spend } from './budget.ts';
import { mostClaims } from './limits.ts';
import { writtenAsInteger } from './undocumented.ts';
import { isInt64, type Value } from './values.ts';

/**
 * @param text the JSON as written: a number written `1.0` is refused although it equals 1
 * @param json the same, parsed
 * @returns one value, or an array's members without its nulls; none for null and the empty array
 * @throws {AttestError} for objects, nested arrays, fractions, and integers beyond 64 bits
 */
export function claimValues(text: string, json: Json, steps: Steps): readonly Value[] {
  if (!Array.isArray(json)) {
    refuseFractions(text, [json], steps);
    return single(json);
  }
  const items = json as readonly Json[];
  if (items.length > mostClaims) throw refused(`an array of ${items.length} members, at most ${mostClaims} are taken`);
  refuseFractions(text, items, steps);
  return items.flatMap((item) => (typeof item === 'object' && item !== null ? nested(item) : single(item)));
}

function single(json: Json): readonly Value[] {
  if (json === null) return [];
  if (typeof json === 'boolean' || typeof json === 'string') return [json];
  if (typeof json === 'object') throw refused('a JSON object is not a claim value');
  if (typeof json === 'number' && !Number.isInteger(json)) throw refused('a fraction is not a claim value');
  const integer = BigInt(json);
  if (!isInt64(integer)) throw refused('the integer does not fit into 64 bits');
  return [integer];
}

function nested(item: Json): never {
  throw refused(`an array that holds ${Array.isArray(item) ? 'an array' : 'an object'} is not a claim value`);
}

function refuseFractions(text: string, values: readonly Json[], steps: Steps): void {
  spend(steps, 4 * values.length);
  if (!values.some((value) => typeof value === 'number')) return;
  spend(steps, text.length);
  // Strings aside, digits stand in numbers only.
  const next = /"|[-0-9][-+.0-9eE]*/g;
  for (let found = next.exec(text); found; found = next.exec(text)) {
    const [number] = found;
    if (number === '"') next.lastIndex = behindString(text, found.index);
    else if (!writtenAsInteger(number)) throw refused(`the number ${number.slice(0, 40)} is not written as an integer`);
  }
}

function behindString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"' && at < text.length) at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

const refused = (problem: string): AttestError => new AttestError('PolicyDenied', problem);
