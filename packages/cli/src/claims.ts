/** The claims of a token as rows for people: times readable, objects as JSON, one claim a line. */
import { momentText } from './input.ts';
import { jsonLine } from './json.ts';
import type { Cell } from './table.ts';
import type { Screen } from './ui.ts';

const times = new Set(['exp', 'iat', 'nbf']);

export function claimRows(
  { paint }: Screen,
  claims: { readonly [name: string]: unknown },
): readonly (readonly Cell[])[] {
  return Object.entries(claims).map(([name, value]) => [{ text: name, paint: paint.cyan }, claimText(name, value)]);
}

function claimText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (times.has(name) && typeof value === 'number') return `${value}  ${momentText(value * 1000)}`;
  return jsonLine(value);
}
