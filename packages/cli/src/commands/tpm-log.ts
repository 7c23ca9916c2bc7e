/** `assay tpm log`: the machine's own logs, copied to a file, or explained. */
import { type LogKind, logPaths, readLog } from '@assay/client';
import { CommandError, type Ending } from '../exit.ts';
import { writeOutput } from '../output.ts';
import { inWords } from '../tpm/machine.ts';
import { printJson, type Terminal } from '../ui.ts';
import { explainBytes } from './explain.ts';

interface Options {
  readonly tcg?: true;
  readonly ima?: true;
  readonly from?: string;
  readonly output?: string;
  readonly json?: true;
}

export async function logCommand(options: Options, terminal: Terminal): Promise<Ending> {
  if (options.tcg && options.ima) throw new CommandError('usage', 'one log at a time: --tcg or --ima');
  const kind: LogKind = options.ima ? 'IMA' : 'TCG';
  const from = options.from ?? logPaths[kind];
  const content = await inWords(readLog(kind, from));
  if (options.output === undefined) return explainBytes(content, from, options, terminal);
  await writeOutput(options.output, content);
  const told = { kind, from, to: options.output, bytes: content.length };
  if (options.json) printJson(terminal, told);
  else terminal.out.line(options.output);
  return 'passed';
}
