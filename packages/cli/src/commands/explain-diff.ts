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

function rowsOf({ changes }: ComparedRegister, out: Screen): readonly (readonly Cell[])[] {
  const { dim, green, red, yellow } = out.paint;
  const row = (mark: Cell, event: ShownEvent): readonly Cell[] => [
    mark,
    event.type,
    { text: event.digest.slice(0, 16), paint: dim },
    { text: event.believed, paint: dim },
    cut(event.says ?? '', 120, out.glyphs.more),
  ];
  return changes.flatMap((change) => {
    if (change.is === 'removed') return [row({ text: 'removed', paint: red }, change.before)];
    if (change.is === 'added') return [row({ text: 'added', paint: green }, change.after)];
    return [row({ text: 'changed', paint: yellow }, change.before), row('to', change.after)];
  });
}
