/** `assay policy format`: a policy in the one layout, comments kept. */
import { readFile, writeFile } from 'node:fs/promises';
import { reasonOf } from '@assay/core';
import { check, format, parse } from '@assay/core/policy';
import { CommandError, type Ending } from '../exit.ts';
import { readPolicy } from '../policies/text.ts';
import { printError, type Terminal } from '../ui.ts';
import { printFinding } from './policy-check.ts';

export interface FormatOptions {
  readonly check?: true;
  readonly write?: true;
}

export async function policyFormatCommand(file: string, options: FormatOptions, terminal: Terminal): Promise<Ending> {
  if (options.check && options.write) throw new CommandError('usage', '--check and --write exclude each other');
  const { text, envelope } = await readPolicy(terminal, file);
  const { tree, findings } = parse(text);
  if (findings.length > 0) {
    for (const finding of findings) printFinding(terminal.err, file, finding);
    throw new CommandError('refused', `${file} is not formatted: it cannot be read whole`);
  }
  const formatted = format(tree);
  if (options.check) {
    if (formatted === text) return 'passed';
    printError(terminal, `${file} is not as assay policy format writes it`, [`assay policy format --write ${file}`]);
    return 'refused';
  }
  if (!options.write) {
    terminal.out.line(formatted.replace(/\n$/, ''));
    return 'passed';
  }
  if (file === '-' || envelope) throw new CommandError('usage', '--write takes a file with the text of a policy');
  if (formatted !== text) await replace(file, formatted);
  return 'passed';
}

async function replace(file: string, formatted: string): Promise<void> {
  // What is written back must mean the same: a formatter that loses a rule must not touch anybody's file.
  const wrong = check(formatted).find(({ severity }) => severity === 'error');
  const before = check(await readFile(file, 'utf8')).find(({ severity }) => severity === 'error');
  if (wrong && !before) throw new CommandError('defect', `formatting ${file} would break it: ${wrong.message}`);
  await writeFile(file, formatted).catch((cause: unknown) => {
    throw new CommandError('usage', `${file} cannot be written: ${reasonOf(cause)}`, [], cause);
  });
}
