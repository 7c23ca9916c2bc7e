/** `assay policy test`: runs the tests of policies, measures what they cover, and tries whether they notice changes. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '@assay/core';
import { CommandError, type Ending } from '../exit.ts';
import { writeOutput } from '../output.ts';
import { junitReport } from '../policies/junit.ts';
import { suiteForm } from '../policies/suite.ts';
import { passes, type Tested, testSuite } from '../policies/tested.ts';
import { printJson, type Screen, safe, type Terminal } from '../ui.ts';

export interface TestOptions {
  readonly mutate?: true;
  readonly strict?: true;
  readonly junit?: string;
  readonly json?: true;
}

export async function policyTestCommand(
  paths: readonly string[],
  options: TestOptions,
  terminal: Terminal,
): Promise<Ending> {
  const files = (await Promise.all(paths.map((path) => suitesAt(path)))).flat();
  if (files.length === 0)
    throw new CommandError('usage', `there are no tests at ${paths.join(', ')}`, [
      'tests are files *.policytest.json or *.policytest.yaml',
    ]);
  const all: Tested[] = [];
  for (const file of [...new Set(files)].sort()) {
    const tested = await testSuite(terminal, file, options);
    all.push(tested);
    if (!options.json) print(terminal.out, tested, options);
  }
  if (options.json) printJson(terminal, { files: all.map(asJson) });
  else printSummary(terminal.out, all);
  if (options.junit !== undefined) await writeOutput(options.junit, junitReport(all));
  return all.every((tested) => isGood(tested, options)) ? 'passed' : 'refused';
}

/** A file as it is named; in folders, and theirs, all that are called like tests. */
async function suitesAt(path: string): Promise<readonly string[]> {
  const about = await stat(path).catch((cause: unknown) => {
    throw new CommandError('usage', `${path} cannot be read: ${reasonOf(cause)}`, [], cause);
  });
  if (!about.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const inside = await Promise.all(
    entries.map((entry) => {
      if (entry.isDirectory())
        return entry.name === 'node_modules' || entry.name.startsWith('.') ? [] : suitesAt(join(path, entry.name));
      return suiteForm.test(entry.name) ? [join(path, entry.name)] : [];
    }),
  );
  return inside.flat();
}

function isGood(tested: Tested, { strict }: TestOptions): boolean {
  const { mutants, coverage } = tested;
  const isNoticed = !mutants || (mutants.survived.length === 0 && mutants.stale.length === 0);
  return passes(tested) && isNoticed && !(strict && coverage.missed.length > 0);
}

function print(out: Screen, tested: Tested, options: TestOptions): void {
  const { suite, cases, coverage, mutants } = tested;
  const { bold, dim, green, red, yellow } = out.paint;
  const { passed, failed, bullet } = out.glyphs;
  const good = isGood(tested, options);
  const counts = [
    `${cases.length} ${cases.length === 1 ? 'case' : 'cases'}`,
    `rules ${coverage.rules.covered}/${coverage.rules.total}`,
    `conditions ${coverage.conditions.covered}/${coverage.conditions.total}`,
    ...(mutants
      ? [`mutants ${mutants.total - mutants.survived.length - mutants.equivalent.length}/${mutants.total}`]
      : []),
  ];
  out.line(`${good ? green(passed) : red(failed)} ${bold(safe(suite.file))}  ${dim(counts.join(` ${bullet} `))}`);
  for (const { name, verdict } of cases) {
    if (verdict.problems.length === 0) continue;
    out.line(`    ${red(failed)} ${safe(name)}`);
    for (const problem of verdict.problems) out.line(`        ${safe(problem)}`);
  }
  const place = (line: number, column: number): string => bold(`${safe(suite.policy)}:${line}:${column}`);
  const missed = options.strict ? red : yellow;
  for (const { line, column, what } of coverage.missed)
    out.line(`    ${missed('not covered')} ${place(line, column)} ${safe(what)}`);
  for (const name of mutants?.survived ?? [])
    out.line(`    ${red('no case notices')} ${bold(`${safe(suite.policy)}:`)}${safe(name)}`);
  for (const { mutant, reason } of mutants?.equivalent ?? [])
    out.line(`    ${dim(`equivalent ${safe(mutant)}: ${safe(reason)}`)}`);
  for (const name of mutants?.stale ?? [])
    out.line(`    ${red('not equivalent')} ${safe(name)}: a case notices it, or there is no such mutant`);
}

function printSummary(out: Screen, all: readonly Tested[]): void {
  const sum = (count: (tested: Tested) => number): number => all.reduce((total, tested) => total + count(tested), 0);
  const cases = sum((tested) => tested.cases.length);
  const failing = sum((tested) => tested.cases.filter(({ verdict }) => verdict.problems.length > 0).length);
  const rules = `rules ${sum(({ coverage }) => coverage.rules.covered)}/${sum(({ coverage }) => coverage.rules.total)}`;
  const conditions = `conditions ${sum(({ coverage }) => coverage.conditions.covered)}/${sum(({ coverage }) => coverage.conditions.total)}`;
  const parts = [
    `${all.length} ${all.length === 1 ? 'policy' : 'policies'}`,
    `${cases} ${cases === 1 ? 'case' : 'cases'}, ${failing} failed`,
    rules,
    conditions,
  ];
  if (all.some(({ mutants }) => mutants))
    parts.push(
      `${sum(({ mutants }) => mutants?.total ?? 0)} mutants, ${sum(({ mutants }) => mutants?.survived.length ?? 0)} survived (${sum(({ mutants }) => mutants?.equivalent.length ?? 0)} equivalent)`,
    );
  out.line();
  out.line(parts.join(` ${out.glyphs.bullet} `));
}

const asJson = ({ suite, cases, coverage, mutants }: Tested): unknown => ({
  file: suite.file,
  policy: suite.policy,
  cases: cases.map(({ name, verdict: { ruling, problems } }) => ({
    name,
    outcome: problems.length === 0 ? 'passed' : 'failed',
    ruling: ruling.decision,
    problems,
  })),
  coverage,
  ...(mutants && { mutants }),
});
