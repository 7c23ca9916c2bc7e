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
export function formatJson(value: Json, { sorted = false }: FormatOptions = {}): string {
  const odd = new Set<Json>();
  isPlain(value, sorted, odd);
  const text = written(value, { sorted, odd });
  // Only a lone surrogate (or a backslash before «ud») is written with these letters.
  return text.includes('\\ud') ? written(value, { sorted }) : text;
}

function written(value: Json, way: Way): string {
  const parts: string[] = [];
  format(value, way, [], parts);
  return parts.join('');
}

/** Whether the engine's own writer gives the very text; collects what it does not, and what holds such. */
function isPlain(value: Json, sorted: boolean, odd: Set<Json>): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || value === null)
    return typeof value === 'string' || typeof value === 'boolean' || value === null;
  let plain = true;
  if (isObject(value)) {
    let before = '';
    for (const name of Object.keys(value)) {
      plain &&= !sorted || before === '' || byBytes(before, name) < 0;
      before = name;
      plain = isPlain(value[name] as Json, sorted, odd) && plain;
    }
  } else for (const item of value) plain = isPlain(item, sorted, odd) && plain;
  if (!plain) odd.add(value);
  return plain;
}

interface Way {
  readonly sorted: boolean;
  /** All that the engine does not write; absent: it writes nothing. It is many times as fast. */
  readonly odd?: ReadonlySet<Json>;
}

/**
 * @param path one array for the whole text, longer and shorter with the depth: copying it would cost more than writing
 * @param to pieces of the text, put together once
 */
function format(value: Json, way: Way, path: string[], to: string[]): void {
  if (typeof value !== 'object' || value === null) to.push(formatPlain(value, path));
  else if (way.odd && !way.odd.has(value)) to.push(JSON.stringify(value));
  else if (isObject(value)) {
    const names = Object.keys(value);
    if (way.sorted) names.sort(byBytes);
    to.push('{');
    for (const [i, name] of names.entries()) {
      path.push(name);
      to.push(i === 0 ? '' : ',', formatPlain(name, path), ':');
      format(value[name] as Json, way, path, to);
      path.pop();
    }
    to.push('}');
  } else {
    to.push('[');
    for (const [i, item] of value.entries()) {
      path.push(String(i));
      if (i > 0) to.push(',');
      format(item, way, path, to);
      path.pop();
    }
    to.push(']');
  }
}

/** @throws {Malformed} */
function formatPlain(value: Exclude<Json, object> | null, path: readonly string[]): string {
  if (typeof value === 'string') {
    const text = JSON.stringify(value);
    if (text.includes('\\ud') && /\p{Surrogate}/u.test(value))
      throw new Malformed(path.join('.'), 0, 'has a surrogate without its other half');
    return text;
  }
  if (typeof value !== 'number') return String(value);
  if (!Number.isFinite(value)) throw new Malformed(path.join('.'), 0, `${value} is not a JSON number`);
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Byte order of UTF-8 is order of code points; JavaScript's own order is that of UTF-16 units. */
export function byBytes(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  // A difference in the second half of a pair has its first half in common, so comparing units there is right as well.
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}
