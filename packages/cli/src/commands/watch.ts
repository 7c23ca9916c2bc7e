/** `assay collateral watch`: what ends when, as a list for people and an exit code for whoever raises the alarm. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '@assay/server';
import { type Shown, showFolder } from '@assay/server/collateral';
import { CommandError, type Ending } from '../exit.ts';
import { momentOf, momentText, requireFolder } from '../input.ts';
import { warnOfSkipped } from '../skipped.ts';
import { type Cell, printTable } from '../table.ts';
import { printError, printJson, printWarning, type Terminal, waitingFor } from '../ui.ts';

export interface WatchOptions {
  readonly config?: string;
  readonly within: string;
  readonly at?: string;
  readonly json?: true;
}

export async function watchCommand(
  folder: string | undefined,
  options: WatchOptions,
  terminal: Terminal,
): Promise<Ending> {
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  const horizon = at.getTime() + durationOf(options.within);
  const folders = await foldersOf(folder, options, terminal);
  const shown = await waitingFor(
    terminal,
    'the folders to be read',
    Promise.all(folders.map((one) => showFolder(one))),
  );
  for (const one of shown.flatMap(({ skipped }) => skipped)) warnOfSkipped(terminal, one);
  const items = lasting(shown.flatMap((one) => one.shown));
  if (items.length === 0) {
    printError(terminal, `${folders.join(', ')} holds no collateral`, ['assay collateral fetch fills a folder']);
    return 'unavailable';
  }
  const ending = items.filter(({ until }) => until <= horizon);
  if (options.json)
    printJson(terminal, {
      at: momentText(at),
      horizon: momentText(horizon),
      items: items.map(({ kind, name, evaluation, until }) => ({
        kind,
        name,
        ...(evaluation !== undefined && { evaluation }),
        until: momentText(until),
        ends: until < at.getTime() ? 'ended' : until <= horizon ? 'within' : 'later',
      })),
    });
  else {
    print(items, at.getTime(), horizon, terminal);
    if (ending.length > 0)
      printWarning(terminal, `${ending.length} of ${items.length} end before ${momentText(horizon)}`);
  }
  return ending.length === 0 ? 'passed' : 'refused';
}

/** Of several pieces of one name the one that lasts longest counts: what took its place does not matter when it ends. */
function lasting(shown: readonly Shown[]): readonly Shown[] {
  const last = new Map<string, Shown>();
  for (const one of shown) {
    const key = `${one.kind} ${one.name}`;
    if (Number.isFinite(one.until) && one.until > (last.get(key)?.until ?? Number.NEGATIVE_INFINITY))
      last.set(key, one);
  }
  return [...last.values()].sort((a, b) => a.until - b.until || a.name.localeCompare(b.name));
}

function print(items: readonly Shown[], at: number, horizon: number, { out }: Terminal): void {
  const { paint, glyphs } = out;
  const rows = items.map(({ kind, name, until }): readonly Cell[] => {
    const isEnding = until <= horizon;
    const tone = until < at ? paint.red : isEnding ? paint.yellow : paint.reset;
    return [
      isEnding ? { text: glyphs.failed, paint: tone } : { text: glyphs.passed, paint: paint.green },
      kind,
      name,
      { text: momentText(until), paint: tone },
      { text: distance(until - at), paint: tone },
    ];
  });
  printTable(out, rows, { head: ['', 'kind', 'name', 'until', 'left'] });
}

const [hour, day] = [3_600_000, 86_400_000];

/** `29 d`, `5 h`, `ended`. */
function distance(milliseconds: number): string {
  if (milliseconds < 0) return 'ended';
  return milliseconds < 2 * day ? `${Math.floor(milliseconds / hour)} h` : `${Math.floor(milliseconds / day)} d`;
}

function durationOf(text: string): number {
  const [, count, unit] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  const units: { readonly [unit: string]: number } = { h: hour, d: day, w: 7 * day };
  if (count === undefined || unit === undefined)
    throw new CommandError('usage', `--within takes a time like 12h, 7d or 2w, not «${text}»`);
  return Number(count) * (units[unit] ?? 0);
}

async function foldersOf(folder: string | undefined, { config: file }: WatchOptions, { env }: Terminal) {
  if ((folder === undefined) === (file === undefined))
    throw new CommandError('usage', 'give either a folder or --config');
  if (folder !== undefined) {
    await requireFolder(folder);
    return [folder];
  }
  const { collateral, data } = loadConfig({ ...(file !== undefined && { file }), env });
  const own = collateral.folder ?? join(data.folder, 'collateral');
  const { sources } = collateral;
  const isAsked = sources.some(({ kind }) => kind !== 'folder');
  const named = sources.flatMap((source) => (source.kind === 'folder' ? [source.folder ?? own] : []));
  const all = [
    ...(sources.length === 0 ? [own] : named),
    ...(isAsked ? [join(data.folder, 'fetched', collateral.update)] : []),
  ];
  const present = await Promise.all(
    all.map(async (path) => ((await stat(path).catch(() => undefined))?.isDirectory() ? [path] : [])),
  );
  const there = present.flat();
  if (there.length === 0) throw new CommandError('unavailable', `${all.join(', ')}: there is no such folder`);
  return there;
}
