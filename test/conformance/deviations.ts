/** Cases of outside suites that we answer otherwise on purpose, each with its reason, kept honest both ways. */
import { expect } from 'vitest';

/** Prefixes of case names → why they are answered otherwise. */
export type Deviations = { readonly [prefix: string]: string };

export interface Answer {
  readonly name: string;
  /** What the suite wants and what came out, in any words, the same words for the same thing. */
  readonly want: string;
  readonly got: string;
  /** Shown where an unforeseen answer fails the test. */
  readonly why?: string;
}

const reasonFor = (name: string, deviations: Deviations): string | undefined =>
  Object.keys(deviations).find((prefix) => name.startsWith(prefix));

/** Every case is answered as its suite wants it, but those listed; and each line of the list is needed. */
export function expectAnswers(answers: readonly Answer[], deviations: Deviations): void {
  const other = answers.filter(({ want, got }) => want !== got);
  const unforeseen = other.filter(({ name }) => reasonFor(name, deviations) === undefined);
  expect(unforeseen).toEqual([]);
  const unneeded = Object.keys(deviations).filter((prefix) => !other.some(({ name }) => name.startsWith(prefix)));
  expect(unneeded).toEqual([]);
}

/** Rows of a table: group, cases, as wanted, otherwise. */
export function countTable(answers: readonly Answer[], groupOf: (name: string) => string): string {
  const groups = [...new Set(answers.map(({ name }) => groupOf(name)))];
  const lines = groups.map((group) => {
    const rows = answers.filter(({ name }) => groupOf(name) === group);
    const good = rows.filter(({ want, got }) => want === got).length;
    return `| ${group} | ${rows.length} | ${good} | ${rows.length - good} |`;
  });
  const good = answers.filter(({ want, got }) => want === got).length;
  return [
    '| Group | Cases | As wanted | Otherwise, on purpose |',
    '|---|---|---|---|',
    ...lines,
    `| all | ${answers.length} | ${good} | ${answers.length - good} |`,
  ].join('\n');
}

/** Rows of a table: case, what the suite wants, what we say, why. */
export function deviationTable(answers: readonly Answer[], deviations: Deviations): string {
  const lines = answers
    .filter(({ want, got }) => want !== got)
    .map(
      ({ name, want, got }) =>
        `| \`${name}\` | ${want} | ${got} | ${deviations[reasonFor(name, deviations) ?? ''] ?? ''} |`,
    );
  return ['| Case | Wanted | Answer | Why |', '|---|---|---|---|', ...lines].join('\n');
}
