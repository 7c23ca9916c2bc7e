/** `assay explain --diff`: what changed between two boots, PCR by PCR. Exit code 0: nothing; 1: something. */
import { Malformed } from '@assay/core';
import {
  type ComparedLogs,
  type ComparedRegister,
  compareLogs,
  type EventLog,
  logIn,
  type ShownEvent,
} from '@assay/core/tpm';
import { CommandError, type Ending } from '../exit.ts';
import { readInput } from '../input.ts';
import { type Cell, cut, printTable } from '../table.ts';
import { printJson, type Screen, type Terminal } from '../ui.ts';

export async function diffCommand(
  first: string,
  second: string,
  options: { readonly json?: true },
  terminal: Terminal,
): Promise<Ending> {
  const [before, after] = [await readLog(first, terminal), await readLog(second, terminal)];
  const compared = usable(`${first} and ${second} cannot be compared`, () => compareLogs(before, after));
  if (options.json) printJson(terminal, { format: `${before.kind === 'ccel' ? 'ccel' : 'tcg-log'}-diff`, ...compared });
  else print(compared, terminal.out, before.kind === 'ccel' ? 'register' : 'PCR');
  return compared.isEqual ? 'passed' : 'refused';
}

async function readLog(name: string, terminal: Terminal): Promise<EventLog> {
  const file = await readInput(terminal, name);
  const log = usable(`${name} cannot be read as an event log`, () => logIn(file));
  if (log) return log;
  throw new CommandError('usage', `${name} is no event log`, ['expected binary_bios_measurements, a WBCL or a CCEL']);
}

/** Exit code 1 says that the boots differ: what cannot be compared is something else. */
function usable<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `${what}: ${cause.message}`, [], cause);
  }
}

const differs = ({ changes, before, after }: ComparedRegister): boolean => changes.length > 0 || before !== after;

function print({ bank, isEqual, registers }: ComparedLogs, out: Screen, register: string): void {
  const { bold, dim, green } = out.paint;
  if (isEqual) {
    out.line(green(`${out.glyphs.passed} both boots measured the same (${bank})`));
    return;
  }
  for (const one of registers.filter(differs)) {
    out.line(`${bold(`${register} ${one.index}`)}  ${dim(`${one.same} events are the same`)}`);
    if (one.isUnaligned) out.line(dim('  too many events differ to be aligned'));
    printTable(out, rowsOf(one, out), { indent: 2, isCut: true });
    printTable(
      out,
      (['before', 'after'] as const).map((when) => [
        { text: `value ${when}`, paint: dim },
        one[when] ?? 'as after a reset: no event',
      ]),
      { indent: 2 },
    );
    out.line();
  }
  const same = registers.filter((one) => !differs(one)).map(({ index }) => index);
  out.line(dim(`the same: ${same.length > 0 ? `${register} ${same.join(', ')}` : 'nothing'} (${bank})`));
}

/** Most records of one event that are shown, of each kind; JSON has them all. */
const mostRecords = 40;

function rowsOf({ changes }: ComparedRegister, out: Screen): readonly (readonly Cell[])[] {
  const { dim, green, red, yellow } = out.paint;
  const row = (mark: Cell, event: ShownEvent, says = event.says ?? ''): readonly Cell[] => [
    mark,
    event.type,
    { text: event.digest.slice(0, 16), paint: dim },
    { text: event.believed, paint: dim },
    cut(says, longestText, out.glyphs.more),
  ];
  const records = (mark: Cell, list: readonly string[]): readonly (readonly Cell[])[] => [
    ...list.slice(0, mostRecords).map((text) => [mark, '', '', '', cut(text, longestText, out.glyphs.more)]),
    ...(list.length > mostRecords ? [[mark, '', '', '', `${list.length - mostRecords} more; --json has all`]] : []),
  ];
  return changes.flatMap((change) => {
    if (change.is === 'removed') return [row({ text: 'removed', paint: red }, change.before)];
    if (change.is === 'added') return [row({ text: 'added', paint: green }, change.after)];
    const [was, is] = apart(change.before.says ?? '', change.after.says ?? '', out.glyphs.more);
    return [
      row({ text: 'changed', paint: yellow }, change.before, was),
      row('to', change.after, is),
      ...records({ text: '  -', paint: red }, change.records?.removed ?? []),
      ...records({ text: '  +', paint: green }, change.records?.added ?? []),
    ];
  });
}

const longestText = 120;
/** Characters shown before the first that differs. */
const before = 24;

/** Two texts, from a little before where they begin to differ. */
function apart(was: string, is: string, more: string): readonly [string, string] {
  if (was === is) return [was, was === '' ? '' : `${is} (what differs is not in this text)`];
  let same = 0;
  while (was[same] === is[same]) same++;
  if (same < longestText / 2) return [was, is];
  return [`${more}${was.slice(same - before)}`, `${more}${is.slice(same - before)}`];
}
