/** Sets of values: what expressions evaluate to, and what conditions compare with. */
import type { Steps } from './budget.ts';
import { same, Table } from './table.ts';
import type { Value } from './values.ts';

/** The values of an expression: distinct, in order, none of them for an empty value. */
export interface ValueSet {
  readonly values: readonly Value[];
  /** Whether any of it comes from a read-only claim. */
  readonly tainted: boolean;
  /** The same once more, where there are several. */
  readonly table?: Table<true>;
}

export const emptySet: ValueSet = { values: [], tainted: false };
export const setOfOne = (value: Value, tainted = false): ValueSet => ({ values: [value], tainted });

/** Drops values that are there already. */
export function setOf(values: readonly Value[], tainted: boolean, steps: Steps): ValueSet {
  if (values.length < 2) return { values, tainted };
  const table = new Table<true>(steps);
  const distinct = values.filter((value) => {
    const isNew = table.get(value) === undefined;
    if (isNew) table.add(value, true);
    return isNew;
  });
  return { values: distinct, tainted, table };
}

/** Whether a set has a value, in time that does not grow with the set. */
export function has({ values, table }: ValueSet, value: Value, steps: Steps): boolean {
  if (table) return table.get(value) !== undefined;
  const [only] = values;
  return only !== undefined && same(only, value, steps);
}
