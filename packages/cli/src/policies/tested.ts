/** Runs a suite: its cases, what they cover, and which mutants of the policy they do not notice. */
import type { Policy } from '@assay/core/policy';
import { parse } from '@assay/core/policy';
import type { Terminal } from '../ui.ts';
import { judgeCase, type ReadyCase, readyCases, type Verdict } from './cases.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { mutantsOf } from './mutants.ts';
import { readSuite, type Suite } from './suite.ts';
import { compiledText, readPolicy } from './text.ts';

export interface Tested {
  readonly suite: Suite;
  readonly cases: readonly { readonly name: string; readonly verdict: Verdict; readonly milliseconds: number }[];
  readonly coverage: Coverage;
  readonly mutants?: MutantsTested;
}
interface MutantsTested {
  readonly total: number;
  /** Noticed by no case, and not listed. */
  readonly survived: readonly string[];
  readonly equivalent: Suite['equivalent'];
  /** Listed as equivalent, and yet noticed or not there: the list is out of date. */
  readonly stale: readonly string[];
}

export const passes = ({ cases }: Tested): boolean => cases.every(({ verdict }) => verdict.problems.length === 0);

/** @throws {CommandError} usage for suites and policies that cannot be read */
export async function testSuite(
  terminal: Terminal,
  file: string,
  { mutate }: { readonly mutate?: true },
): Promise<Tested> {
  const suite = await readSuite(terminal, file);
  const policy = await readPolicy(terminal, suite.policy);
  const options = suite.type === undefined ? {} : { type: suite.type };
  const program = compiledText(policy, options);
  const ready = await readyCases(terminal, suite);
  const cases = ready.map((each) => {
    const begun = performance.now();
    const verdict = judgeCase(program, each);
    return { name: each.name, verdict, milliseconds: performance.now() - begun };
  });
  const coverage = coverageOf(
    policy.text,
    program.tree,
    cases.map(({ verdict }) => verdict.ruling),
  );
  const tested: Tested = { suite, cases, coverage };
  // Against cases that fail anyway every mutant looks noticed.
  if (!mutate || !passes(tested)) return tested;
  return { ...tested, mutants: testMutants(policy.text, parse(policy.text).tree, suite, ready) };
}

function testMutants(text: string, tree: Policy, suite: Suite, cases: readonly ReadyCase[]): MutantsTested {
  const options = suite.type === undefined ? {} : { type: suite.type };
  const mutants = mutantsOf(text, tree, options);
  const unnoticed = mutants
    .filter(({ program }) => cases.every((each) => judgeCase(program, each).problems.length === 0))
    .map(({ name }) => name);
  const listed = new Set(suite.equivalent.map(({ mutant }) => mutant));
  return {
    total: mutants.length,
    survived: unnoticed.filter((name) => !listed.has(name)),
    equivalent: suite.equivalent.filter(({ mutant }) => unnoticed.includes(mutant)),
    stale: [...listed].filter((name) => !unnoticed.includes(name)),
  };
}
