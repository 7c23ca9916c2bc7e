/**
 * Values to JSON text, compact. Nothing is escaped that RFC 8259 does not demand (no `/`, nothing beyond ASCII), and
 * members can be put in byte order of their UTF-8 names, as nlohmann's library writes the objects in Azure's tokens.
 */
import { Malformed } from '../errors.ts';
import { isObject, type Json } from './value.ts';

export interface FormatOptions {
  /** Members in byte order of their UTF-8 names, at every level; else in the order they are held. */
  readonly sorted?: boolean;
}

/**
 * @returns text that `parseJson` reads back as the same value (integral doubles beyond 2^53 come back as `bigint`)
 * @throws {Malformed} for what JSON cannot say: numbers that are not finite, strings with a lone surrogate
 */
export const formatJson = (value: Json, { sorted = false }: FormatOptions = {}): string => format(value, sorted, []);

/** @param path one array for the whole text, longer and shorter with the depth: copying it would cost more than writing */
function format(value: Json, sorted: boolean, path: string[]): string {
  if (typeof value === 'string') return formatString(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Malformed(path.join('.'), 0, `${value} is not a JSON number`);
    return Object.is(value, -0) ? '-0' : String(value);
  }
  if (isObject(value)) {
    const names = Object.keys(value);
    if (sorted) names.sort(byBytes);
    let members = '';
    for (const name of names) {
      path.push(name);
      members += `${members === '' ? '' : ','}${formatString(name, path)}:${format(value[name] as Json, sorted, path)}`;
      path.pop();
    }
    return `{${members}}`;
  }
  if (typeof value === 'object' && value !== null) {
    let items = '';
    for (const [i, item] of value.entries()) {
      path.push(String(i));
      items += `${i === 0 ? '' : ','}${format(item, sorted, path)}`;
      path.pop();
    }
    return `[${items}]`;
  }
  return String(value);
}

function formatString(text: string, path: readonly string[]): string {
  const written = JSON.stringify(text);
  // Only a lone surrogate (or a backslash before «ud») is written with these letters.
  if (written.includes('\\ud') && /\p{Surrogate}/u.test(text))
    throw new Malformed(path.join('.'), 0, 'has a surrogate without its other half');
  return written;
}

/** Byte order of UTF-8 is order of code points; JavaScript's own order is that of UTF-16 units. */
export function byBytes(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  // A difference in the second half of a pair has its first half in common, so comparing units there is right as well.
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}
