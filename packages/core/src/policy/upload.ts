/** Everything that is wrong with a policy, or odd about it, in text order: what an upload and `assay policy check` report. */
import { finding, inOrder, type PolicyFinding } from './finding.ts';
import { longestPolicy } from './limits.ts';
import { prepare, utf8Length } from './program.ts';
import { type KnownType, warningsOf } from './warnings.ts';

/** Never throws for what a text says. Without errors among the findings the text compiles. */
export function check(text: string, known: KnownType = {}): readonly PolicyFinding[] {
  const bytes = utf8Length(text);
  if (bytes > longestPolicy) {
    const start = { offset: 0, line: 1, column: 1 };
    const message = `the policy has ${bytes} bytes, at most ${longestPolicy} are taken`;
    return [finding(text, 'error', 'policy-too-long', { start, end: start }, message, ['policy'])];
  }
  const { program, findings } = prepare(text, known);
  return inOrder([...findings, ...warningsOf(text, program.tree, known)]);
}
