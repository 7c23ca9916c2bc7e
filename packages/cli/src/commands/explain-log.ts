/** A TCG event log or a CCEL, for `assay explain`: events with what is believed of them, and the values that they give. */
import type { ExplainedLog } from '@assay/core/tpm';
import { type Cell, cut, printTable } from '../table.ts';
import { printJson, type Terminal } from '../ui.ts';

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
    events.map(({ seq, pcr, type, believed, text, bytes }): readonly Cell[] => [
      { text: String(seq).padStart(5), paint: dim },
      pcr === 0xffff_ffff ? '-' : String(pcr),
      { text: believed, paint: paints[believed] },
      type,
      text === undefined ? { text: `${bytes} bytes`, paint: dim } : cut(text, 120, out.glyphs.more),
    ]),
    { indent: 2, isCut: true, head: ['event', register, 'proven', 'type', 'says'] },
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
