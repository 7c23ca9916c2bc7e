/** `assay policy check`: everything that is wrong with a policy, or odd about it, in text order. */
import { Malformed } from '@assay/core';
import { check, type PolicyFinding } from '@assay/core/policy';
import { CommandError, type Ending } from '../exit.ts';
import { readInput } from '../input.ts';
import { endOfText, policyIn } from '../policies/text.ts';
import { knownType, typeNameOf } from '../policies/types.ts';
import { printJson, type Screen, safe, type Terminal } from '../ui.ts';

export interface CheckOptions {
  readonly type?: string;
  readonly strict?: true;
  readonly json?: true;
}

type Finding = Pick<PolicyFinding, 'severity' | 'line' | 'column' | 'message'> & {
  readonly code: string;
  readonly excerpt?: string;
};

export async function policyCheckCommand(file: string, options: CheckOptions, terminal: Terminal): Promise<Ending> {
  const type = options.type === undefined ? undefined : typeNameOf(options.type);
  const bytes = await readInput(terminal, file);
  const findings = findingsIn(bytes, file, type);
  const isRefused = findings.some(({ severity }) => severity === 'error' || options.strict);
  if (options.json) {
    const told = findings.map(({ severity, code, line, column, message }) => ({
      severity,
      code,
      line,
      column,
      message,
    }));
    printJson(terminal, { findings: told });
  } else {
    for (const finding of findings) printFinding(terminal.out, file, finding);
    terminal.out.line(summary(findings, file));
    if (type === undefined && !isRefused)
      terminal.err.line(terminal.err.paint.dim('--type, such as Tpm, checks the names of claims and properties, too'));
  }
  return isRefused ? 'refused' : 'passed';
}

function findingsIn(bytes: Uint8Array, file: string, type: string | undefined): readonly Finding[] {
  try {
    return check(policyIn(bytes, file).text, knownType(type));
  } catch (error) {
    if (!(error instanceof CommandError && error.cause instanceof Malformed)) throw error;
    return [
      { severity: 'error', code: 'not-utf8', ...endOfText(bytes), message: 'the text is not UTF-8 from here on' },
    ];
  }
}

/** `file:line:column`, as editors and terminals make links of it; then the line, and a caret below. */
export function printFinding(
  out: Screen,
  file: string,
  { severity, code, line, column, message, excerpt }: Finding,
): void {
  const { bold, red, yellow, dim } = out.paint;
  const mark = severity === 'error' ? red('error') : yellow('warning');
  out.line(`${bold(`${safe(file)}:${line}:${column}`)}: ${bold(mark)} ${dim(`[${code}]`)} ${safe(message)}`);
  const [text = '', carets = ''] = excerpt?.split('\n') ?? [];
  if (text.trim() === '') return;
  out.line(`    ${safe(text.replaceAll('\t', ' '))}`);
  out.line(`    ${dim(carets.replaceAll('\t', ' '))}`);
}

function summary(findings: readonly Finding[], file: string): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
  return findings.length === 0
    ? `${safe(file)}: nothing to say`
    : `${count(errors, 'error')}, ${count(findings.length - errors, 'warning')}`;
}
