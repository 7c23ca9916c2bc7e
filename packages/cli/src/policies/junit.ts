/** The report of a test run in JUnit's XML, as CI systems read it: a suite a file, surviving mutants as failures. */
import { passes, type Tested } from './tested.ts';

/** Characters that XML 1.0 cannot hold are left out; the others are escaped where they mean something. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"'\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);

interface Entry {
  readonly name: string;
  readonly milliseconds: number;
  readonly problem?: string;
}

export function junitReport(all: readonly Tested[]): string {
  const suites = all.map((tested) => {
    const { suite, cases, coverage, mutants } = tested;
    const entries: readonly Entry[] = [
      ...cases.map(
        ({ name, verdict, milliseconds }): Entry => ({
          name,
          milliseconds,
          ...(verdict.problems.length > 0 && { problem: verdict.problems.join('; ') }),
        }),
      ),
      ...(mutants?.survived ?? []).map(
        (name): Entry => ({ name: `mutant ${name}`, milliseconds: 0, problem: 'no case notices this change' }),
      ),
      ...(mutants?.stale ?? []).map(
        (name): Entry => ({
          name: `equivalent ${name}`,
          milliseconds: 0,
          problem: 'is listed as equivalent, and is not',
        }),
      ),
    ];
    const { rules, conditions } = coverage;
    const properties = [
      ['rules', `${rules.covered}/${rules.total}`],
      ['conditions', `${conditions.covered}/${conditions.total}`],
      ...(mutants
        ? [['mutants', `${mutants.total - mutants.survived.length - mutants.equivalent.length}/${mutants.total}`]]
        : []),
    ].map(([name = '', value = '']) => `<property name="${name}" value="${value}"/>`);
    return [
      `<testsuite name="${escaped(suite.file)}" ${counts(entries)}>`,
      `<properties>${properties.join('')}</properties>`,
      ...entries.map((entry) => written(entry, suite.file)),
      '</testsuite>',
    ].join('\n');
  });
  const failures = all.filter((tested) => !passes(tested)).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="assay policy test" tests="${all.reduce((sum, { cases }) => sum + cases.length, 0)}" failures="${failures}">\n${suites.join('\n')}\n</testsuites>\n`;
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(6);

function counts(entries: readonly Entry[]): string {
  const failures = entries.filter(({ problem }) => problem !== undefined).length;
  const time = entries.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  return `tests="${entries.length}" failures="${failures}" errors="0" skipped="0" time="${seconds(time)}"`;
}

function written({ name, milliseconds, problem }: Entry, file: string): string {
  const start = `<testcase classname="${escaped(file)}" name="${escaped(name)}" time="${seconds(milliseconds)}"`;
  return problem === undefined ? `${start}/>` : `${start}><failure message="${escaped(problem)}"/></testcase>`;
}
