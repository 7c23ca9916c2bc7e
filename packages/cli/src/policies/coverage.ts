/** Which rules of a policy its cases made fire, and which conditions they saw hold and fail. */
import { isObject, type Json } from '@assay/core';
import type { Policy, Ruling } from '@assay/core/policy';

export interface Coverage {
  readonly rules: Counted;
  readonly conditions: Counted;
  /** What is missing, in text order. */
  readonly missed: readonly { readonly line: number; readonly column: number; readonly what: string }[];
}
interface Counted {
  readonly covered: number;
  readonly total: number;
}

export function coverageOf(text: string, tree: Policy, rulings: readonly Ruling[]): Coverage {
  const seen = new Map<string, { fired: boolean; readonly held: Set<number>; readonly failed: Set<number> }>();
  for (const record of rulings.flatMap(({ trace }) => records(trace))) {
    const key = `${String(record['line'])}:${String(record['column'])}`;
    const rule = seen.get(key) ?? { fired: false, held: new Set<number>(), failed: new Set<number>() };
    seen.set(key, rule);
    rule.fired ||= record['fired'] === true;
    for (const [i, condition] of records(record['conditions']).entries())
      (condition['holds'] === true ? rule.held : rule.failed).add(i);
  }
  const missed: { line: number; column: number; what: string }[] = [];
  let [rules, fired, conditions, both] = [0, 0, 0, 0];
  for (const { range, conditions: asked } of tree.sections.flatMap((section) => section.rules)) {
    const { line, column } = range.start;
    const rule = seen.get(`${line}:${column}`);
    rules++;
    if (rule?.fired) fired++;
    else missed.push({ line, column, what: 'the rule never fires' });
    for (const [i, condition] of asked.entries()) {
      conditions++;
      const [held, failed] = [rule?.held.has(i) ?? false, rule?.failed.has(i) ?? false];
      if (held && failed) both++;
      else
        missed.push({
          line: condition.range.start.line,
          column: condition.range.start.column,
          what: `${words(text, condition.range)} ${held ? 'never fails' : failed ? 'never holds' : 'is never asked'}`,
        });
    }
  }
  return { rules: { covered: fired, total: rules }, conditions: { covered: both, total: conditions }, missed };
}

const records = (json: Json | undefined): readonly { readonly [name: string]: Json }[] =>
  Array.isArray(json) ? (json as readonly Json[]).filter(isObject) : [];

/** Text of a policy in one line. */
export const words = (
  text: string,
  { start, end }: { readonly start: { readonly offset: number }; readonly end: { readonly offset: number } },
): string => text.slice(start.offset, end.offset).replace(/\s+/g, ' ');
