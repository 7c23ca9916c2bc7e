/** `assay tpm reference`: stored logs of good boots, which others are compared with. */
import { AttestError, type Bytes, Malformed, reasonOf } from '@assay/core';
import { explainLog } from '@assay/core/tpm';
import { referenceLogsIn, setReferenceLog } from '@assay/server/collateral';
import { CommandError, type Ending } from '../exit.ts';
import { readInput, requireFolder } from '../input.ts';
import { type Cell, printTable } from '../table.ts';
import { printJson, type Terminal } from '../ui.ts';
import { printLog } from './explain-log.ts';

export async function setReferenceCommand(
  label: string,
  file: string,
  options: { readonly to: string; readonly json?: true },
  terminal: Terminal,
): Promise<Ending> {
  const stored = await store(options.to, label, await readInput(terminal, file), file);
  if (options.json) printJson(terminal, { label, stored });
  else {
    const { green, dim } = terminal.out.paint;
    const done = { text: terminal.out.glyphs.passed, paint: green };
    printTable(terminal.out, [[done, label, file, { text: stored, paint: dim }]]);
  }
  return 'passed';
}

async function store(folder: string, label: string, log: Bytes, file: string): Promise<string> {
  try {
    return await setReferenceLog(folder, label, log);
  } catch (cause) {
    if (cause instanceof AttestError) throw new CommandError('usage', cause.message, [], cause);
    if (cause instanceof Malformed)
      throw new CommandError('refused', `${file} was not taken: ${cause.message}`, ['expected a TCG event log'], cause);
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    throw new CommandError('usage', `nothing can be stored in ${folder}: ${reasonOf(cause)}`, [], cause);
  }
}

export async function showReferenceCommand(
  folder: string,
  label: string | undefined,
  options: { readonly json?: true },
  terminal: Terminal,
): Promise<Ending> {
  await requireFolder(folder);
  const stored = await referenceLogsIn(folder);
  if (label === undefined) {
    list(
      stored.map(({ label: name, log }) => rowOf(name, log)),
      options,
      terminal,
    );
    return 'passed';
  }
  const found = stored.find((one) => one.label === label);
  if (!found)
    throw new CommandError('usage', `${folder} holds no reference log «${label}»`, [
      `it holds ${stored.length === 0 ? 'none' : stored.map((one) => one.label).join(', ')}`,
    ]);
  const explained = explainLog(found.log);
  if (!explained) throw new CommandError('refused', `the file of «${label}» is no event log`);
  printLog(explained, options.json === true, terminal);
  return 'passed';
}

interface Row {
  readonly label: string;
  readonly bytes: number;
  readonly events?: number;
  readonly banks?: readonly string[];
  /** Why it is compared with nothing. */
  readonly problem?: string;
}

function rowOf(label: string, log: Bytes): Row {
  const bytes = log.length;
  try {
    const explained = explainLog(log);
    if (!explained) return { label, bytes, problem: 'is no event log' };
    return { label, bytes, events: explained.events.length, banks: Object.keys(explained.values) };
  } catch (error) {
    if (error instanceof Malformed) return { label, bytes, problem: error.message };
    throw error;
  }
}

function list(rows: readonly Row[], { json }: { readonly json?: true }, terminal: Terminal): void {
  if (json) {
    printJson(terminal, { logs: rows });
    return;
  }
  const { line, paint, glyphs } = terminal.out;
  if (rows.length === 0) {
    line(paint.dim('the folder holds no reference logs'));
    return;
  }
  const cells = rows.map(({ label, bytes, events, banks, problem }): readonly Cell[] => [
    problem === undefined ? { text: glyphs.passed, paint: paint.green } : { text: glyphs.failed, paint: paint.red },
    label,
    String(bytes),
    events === undefined ? '' : String(events),
    problem ?? banks?.join(', ') ?? '',
  ]);
  printTable(terminal.out, cells, { head: ['', 'label', 'bytes', 'events', 'banks'] });
}
