/** `assay policy eval`: the ruling of a policy over claims or evidence, with what it issued and why. */
import { formatJson, type Json } from '@assay/core';
import { type Ending, endingOf, wordsOf } from '../exit.ts';
import { type Outcome, outcomeJson, outcomeOf, type SourceOptions } from '../policies/outcome.ts';
import { type Cell, printTable } from '../table.ts';
import { printTree } from '../tree.ts';
import { printError, type Screen, safe, type Terminal } from '../ui.ts';

export async function policyEvalCommand(file: string, options: SourceOptions, terminal: Terminal): Promise<Ending> {
  const outcome = await outcomeOf(file, options, terminal);
  if (options.json) terminal.out.line(outcomeJson(outcome));
  else print(terminal, outcome);
  return endOf(outcome);
}

export const endOf = ({ ruling, error }: Outcome): Ending =>
  ruling ? (ruling.decision === 'permit' ? 'passed' : 'refused') : endingOf(error);

function print(terminal: Terminal, { policy, ruling, error }: Outcome): void {
  const { out } = terminal;
  if (!ruling) {
    const { message, hints } = wordsOf(error);
    printError(terminal, `the evidence was refused before the policy was asked: ${message}`, hints);
    return;
  }
  printTree(out, { title: policy.name, entries: [{ title: 'rules', data: ruling.trace }] });
  printPairs(
    out,
    'issued',
    ruling.issued.map(({ name, value }) => [name, value]),
  );
  printPairs(out, 'properties', Object.entries(ruling.properties));
  out.line();
  printDecision(out, ruling);
}

function printPairs(out: Screen, title: string, pairs: readonly (readonly [string, Json])[]): void {
  if (pairs.length === 0) return;
  out.line();
  out.line(out.paint.bold(title));
  const rows = pairs.map(([name, value]): readonly Cell[] => [
    { text: name, paint: out.paint.cyan },
    formatJson(value),
  ]);
  printTable(out, rows, { indent: 2, isCut: true });
}

/** The decision, the sentence that the service would answer, and what is behind it. */
export function printDecision(out: Screen, ruling: NonNullable<Outcome['ruling']>): void {
  const { bold, green, red } = out.paint;
  const { decision, why, explanation } = ruling;
  const word = { permit: 'permitted', deny: 'denied', error: 'failed' }[decision];
  const isGood = decision === 'permit';
  out.line(bold((isGood ? green : red)(`${isGood ? out.glyphs.passed : out.glyphs.failed} ${word}`)));
  if (!isGood) out.line(safe(why));
  if (decision !== 'error') out.line(safe(explanation));
}
