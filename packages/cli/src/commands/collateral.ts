/** `assay collateral`: fills a folder of vendors’ collateral, and shows what it holds. */
import { type Imported, importFiles, type Shown, showFolder } from '@assay/server/collateral';
import type { Ending } from '../exit.ts';
import { momentOf, momentText, requireFolder } from '../input.ts';
import { warnOfSkipped } from '../skipped.ts';
import { type Cell, printTable } from '../table.ts';
import { printError, printJson, printWarning, type Terminal, waitingFor } from '../ui.ts';

export async function importCommand(
  files: readonly string[],
  options: { readonly to: string; readonly json?: true },
  terminal: Terminal,
): Promise<Ending> {
  const imported = await waitingFor(terminal, 'the files to be stored', importFiles(files, options.to));
  const refused = imported.filter(({ refusedBy }) => refusedBy !== undefined);
  if (options.json) printJson(terminal, { to: options.to, imported });
  else {
    const { green, dim } = terminal.out.paint;
    const stored = imported.filter((one): one is Imported & { readonly stored: string } => one.stored !== undefined);
    printTable(
      terminal.out,
      stored.map(({ file, what, stored: path }) => [
        { text: terminal.out.glyphs.passed, paint: green },
        what,
        file,
        { text: path, paint: dim },
      ]),
    );
    for (const { file, what } of refused) printError(terminal, `${file} was not taken: ${what}`);
  }
  for (const { file, warning } of imported) if (warning !== undefined) printWarning(terminal, `${file}: ${warning}`);
  if (refused.length === 0) return 'passed';
  return refused.some(({ refusedBy }) => refusedBy === 'system') ? 'usage' : 'refused';
}

export async function showCommand(
  folder: string,
  options: { readonly at?: string; readonly json?: true },
  terminal: Terminal,
): Promise<Ending> {
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  await requireFolder(folder);
  const { shown, strangers, skipped } = await waitingFor(terminal, 'the folder to be read', showFolder(folder));
  if (options.json) {
    printJson(terminal, {
      folder,
      at: momentText(at),
      items: shown.map((one) => ({
        ...one,
        from: momentText(one.from),
        until: momentText(one.until),
        standing: standing(one, at),
      })),
      unknown: strangers,
      skipped,
    });
    return 'passed';
  }
  const { paint, glyphs, line } = terminal.out;
  if (shown.length === 0) line(paint.dim('the folder holds no collateral'));
  const marks: { readonly [at in Standing]: Cell } = {
    valid: { text: glyphs.passed, paint: paint.green },
    expired: { text: glyphs.failed, paint: paint.red },
    'not yet valid': { text: glyphs.skipped, paint: paint.yellow },
  };
  const rows = shown.map((one): readonly Cell[] => [
    marks[standing(one, at)],
    one.kind,
    one.name,
    { text: one.evaluation === undefined ? '' : String(one.evaluation), paint: paint.bold },
    momentText(one.from),
    { text: momentText(one.until), paint: standing(one, at) === 'expired' ? paint.red : paint.reset },
    { text: one.path ?? '', paint: paint.dim },
  ]);
  if (rows.length > 0)
    printTable(terminal.out, rows, { head: ['', 'kind', 'name', 'evaluation', 'valid from', 'until', 'file'] });
  for (const path of strangers) printWarning(terminal, `${path} is not collateral`);
  for (const one of skipped) warnOfSkipped(terminal, one);
  return 'passed';
}

type Standing = 'valid' | 'expired' | 'not yet valid';
const standing = ({ from, until }: Shown, at: Date): Standing =>
  at.getTime() < from ? 'not yet valid' : at.getTime() > until ? 'expired' : 'valid';
