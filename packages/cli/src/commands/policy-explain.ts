/** `assay policy explain`: the policy itself, line by line, and under each rule what it did with the claims, and why. */
import type { Json, JsonObject } from '@assay/core';
import { formatJson, isObject } from '@assay/core';
import type { Condition, Program, Rule } from '@assay/core/policy';
import { type Ending, wordsOf } from '../exit.ts';
import { type Outcome, outcomeJson, outcomeOf, type SourceOptions } from '../policies/outcome.ts';
import { printError, type Screen, safe, type Terminal } from '../ui.ts';
import { endOf, printDecision } from './policy-eval.ts';

export async function policyExplainCommand(file: string, options: SourceOptions, terminal: Terminal): Promise<Ending> {
  const outcome = await outcomeOf(file, options, terminal);
  const { ruling, error, program } = outcome;
  if (options.json) terminal.out.line(outcomeJson(outcome));
  else if (ruling) printExplained(terminal.out, program, ruling);
  else {
    const { message, hints } = wordsOf(error);
    printError(terminal, `the evidence was refused before the policy was asked: ${message}`, hints);
  }
  return endOf(outcome);
}

/** A remark under a line: carets from a column on, and words behind them. */
interface Remark {
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly words: string;
  readonly isBad: boolean;
}

function printExplained(out: Screen, program: Program, ruling: NonNullable<Outcome['ruling']>): void {
  const lines = program.text
    .replace(/^\uFEFF/, '')
    .replace(/(\r\n|\r|\n)$/, '')
    .split(/\r\n|\r|\n/);
  const { marks, remarks } = annotated(program, ruling.trace, out);
  const width = String(lines.length).length;
  for (const [i, text] of lines.entries()) {
    const line = i + 1;
    out.line(
      `${marks.get(line) ?? ' '} ${out.paint.dim(String(line).padStart(width))}  ${safe(text.replaceAll('\t', ' '))}`.trimEnd(),
    );
    for (const { column, length, words, isBad } of remarks.filter((remark) => remark.line === line)) {
      const paint = isBad ? out.paint.red : out.paint.dim;
      out.line(`${' '.repeat(width + 4 + column - 1)}${paint(`${'^'.repeat(length)} ${safe(words)}`.trim())}`);
    }
  }
  out.line();
  printDecision(out, ruling);
}

/** Marks before lines where rules begin, and remarks under those that say something. */
function annotated(
  { tree, text }: Program,
  trace: Json,
  { paint, glyphs }: Screen,
): { readonly marks: ReadonlyMap<number, string>; readonly remarks: readonly Remark[] } {
  const marks = new Map<number, string>();
  const records = new Map(list(trace).map((record) => [placeOf(record['line'], record['column']), record]));
  const remarks = tree.sections.flatMap(({ rules }) =>
    rules.flatMap((rule): Remark[] => {
      const { line, column } = rule.range.start;
      const record = records.get(placeOf(line, column));
      if (!record) {
        marks.set(line, paint.dim(glyphs.bullet));
        return [];
      }
      const isBad = record['error'] !== undefined || (record['decides'] === true && record['action'] === 'deny');
      const mark = isBad
        ? paint.red(glyphs.failed)
        : record['fired'] === true
          ? paint.green(glyphs.passed)
          : paint.yellow(glyphs.skipped);
      marks.set(line, mark);
      return [...conditionRemarks(rule, record, text), ...actionRemarks(rule, record)];
    }),
  );
  return { marks, remarks };
}

const list = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [];
const placeOf = (line: Json | undefined, column: Json | undefined): string => `${String(line)}:${String(column)}`;

/** The condition that failed, what it found instead, and for a fired rule what its conditions matched. */
function conditionRemarks({ conditions }: Rule, record: JsonObject, text: string): readonly Remark[] {
  return list(record['conditions']).flatMap((seen, i): Remark[] => {
    const condition = conditions[i];
    if (!condition) return [];
    const found = claimsText([...list(seen['claims']), ...list(seen['misses'])]);
    const decides = record['decides'] === true;
    if (seen['holds'] === true)
      return decides
        ? [under(condition, text, `holds: ${found || 'there is no such claim'}`, record['action'] === 'deny')]
        : [];
    return [under(condition, text, found === '' ? 'no such claim' : `found ${found}`, record['action'] === 'permit')];
  });
}

function under({ range: { start, end } }: Condition, text: string, words: string, isBad: boolean): Remark {
  const shown = text.slice(start.offset, end.offset).split(/\r\n|\r|\n/)[0] ?? '';
  return { line: start.line, column: start.column, length: Array.from(shown).length, words, isBad };
}

function actionRemarks({ action: { range } }: Rule, record: JsonObject): readonly Remark[] {
  const remark = (words: string, isBad = false): Remark => ({
    line: range.start.line,
    column: range.start.column,
    length: range.end.line === range.start.line ? range.end.column - range.start.column : 1,
    words,
    isBad,
  });
  if (typeof record['error'] === 'string') return [remark(record['error'], true)];
  if (record['fired'] !== true) return [];
  const verb = record['issued'] === undefined ? 'added' : 'issued';
  const made = claimsText([...list(record['issued']), ...list(record['added'])]);
  if (record['action'] === 'permit' || record['action'] === 'deny')
    return record['decides'] === true ? [remark('decides', record['action'] === 'deny')] : [];
  return [remark(made === '' ? 'nothing: the value is empty' : `${verb} ${made}`)];
}

/** Some claims in one line. */
const claimsText = (claims: readonly JsonObject[]): string =>
  claims
    .map(
      ({ type, value, issuer }) =>
        `${String(type)} = ${formatJson(value ?? null)}${issuer === 'CustomClaim' ? ' (from the client)' : ''}`,
    )
    .join(', ');
