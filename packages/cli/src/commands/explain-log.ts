/** A TCG event log or a CCEL, for `assay explain`: events with what is believed of them, and the values that they give. */
import type { ExplainedIma, ExplainedLog, ShownRecord } from '@assay/core/tpm';
import { jsonLine } from '../json.ts';
import { type Cell, cut, printTable } from '../table.ts';
import { printJson, type Screen, type Terminal } from '../ui.ts';

/** As much of a digest as people compare by eye; JSON has all of it. */
const shownDigits = 16;

export function printLog(log: ExplainedLog, asJson: boolean, terminal: Terminal): void {
  const { format, events, values, secureBoot } = log;
  if (asJson) {
    printJson(terminal, { format, events, [format === 'ccel' ? 'registers' : 'pcrs']: values, secureBoot });
    return;
  }
  const { out } = terminal;
  const { bold, dim, green, yellow } = out.paint;
  const register = format === 'ccel' ? 'register' : 'PCR';
  out.line(`${bold(format === 'ccel' ? 'CCEL' : 'TCG event log')}  ${dim(`${events.length} events`)}`);
  out.line();
  const paints = { data: green, part: green, digest: yellow, none: dim };
  printTable(
    out,
    events.flatMap(({ seq, pcr, type, digests, believed, text, meaning, records, bytes }): (readonly Cell[])[] => {
      const says = meaning ?? text;
      const digest = digests[secureBoot.bank];
      return [
        [
          { text: String(seq).padStart(5), paint: dim },
          pcr === 0xffff_ffff ? '-' : String(pcr),
          { text: digest === undefined ? '' : digest.slice(0, shownDigits), paint: dim },
          { text: believed, paint: paints[believed] },
          type,
          says === undefined ? { text: `${bytes} bytes`, paint: dim } : cut(says, 120, out.glyphs.more),
        ],
        ...(records ?? []).flatMap((one) => recordRows(one, out, '')),
      ];
    }),
    { indent: 2, isCut: true, head: ['event', register, `digest, ${secureBoot.bank}`, 'proven', 'type', 'says'] },
  );
  for (const [bank, its] of Object.entries(values)) {
    out.line();
    out.line(bold(`what the log gives, ${bank}`));
    printTable(
      out,
      Object.entries(its).map(([index, value]) => [{ text: `${register} ${index}`, paint: dim }, value]),
      { indent: 2 },
    );
  }
  out.line();
  const state = secureBoot.determined ? (secureBoot.on ? 'on' : 'off') : 'undetermined';
  out.line(`${bold('Secure Boot')}  ${secureBoot.on ? green(state) : yellow(state)}`);
  for (const reason of secureBoot.why) out.line(`  ${reason}`);
}

/** Windows' records, each in a line of its own below its event. */
function recordRows({ id, name, value, records }: ShownRecord, out: Screen, indent: string): (readonly Cell[])[] {
  const { dim } = out.paint;
  const said = value === undefined ? '' : typeof value === 'string' ? value : jsonLine(value);
  return [
    ['', '', '', '', { text: `${indent}  ${name ?? id}`, paint: dim }, cut(said, 120, out.glyphs.more)],
    ...(records ?? []).flatMap((one) => recordRows(one, out, `${indent}  `)),
  ];
}

/** Most entries of a list that are shown: servers have thousands, and JSON has them all. */
const mostEntries = 500;

/** What the running kernel measured. */
export function printIma(list: ExplainedIma, asJson: boolean, terminal: Terminal): void {
  if (asJson) {
    printJson(terminal, list);
    return;
  }
  const { out } = terminal;
  const { bold, dim, red, yellow } = out.paint;
  const { events, pcrs } = list;
  out.line(`${bold('IMA measurement list')}  ${dim(`${events.length} entries`)}`);
  out.line();
  printTable(
    out,
    events
      .slice(0, mostEntries)
      .map(({ seq, pcr, template, fileName, fileHash, isViolation, isHashRight }) => [
        { text: String(seq).padStart(5), paint: dim },
        String(pcr),
        template,
        isViolation
          ? { text: 'violation', paint: yellow }
          : isHashRight
            ? (fileHash ?? '').slice(0, 24)
            : { text: 'wrong template hash', paint: red },
        fileName,
      ]),
    { indent: 2, isCut: true, head: ['entry', 'PCR', 'template', 'file hash', 'file'] },
  );
  const left = events.length - mostEntries;
  if (left > 0) out.line(dim(`  ${out.glyphs.more} ${left} more; --json has all`));
  for (const [bank, values] of Object.entries(pcrs)) {
    out.line();
    out.line(bold(`what the list alone gives, ${bank}`));
    printTable(
      out,
      Object.entries(values).map(([index, value]) => [{ text: `PCR ${index}`, paint: dim }, value]),
      { indent: 2 },
    );
  }
}
