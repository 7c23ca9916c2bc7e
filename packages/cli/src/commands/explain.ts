/** `assay explain`: what a file is, field by field, and what a verifier will ask about it; or what changed between two logs. */
import type { Check } from '@assay/core';
import { type Explanation, explainIntel, type Part, type Row } from '@assay/core/intel';
import { explainIma, explainLog, explainTpm, saysItIsLog } from '@assay/core/tpm';
import { CommandError, type Ending } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { type Cell, cut, printTable } from '../table.ts';
import { printError, printJson, type Screen, type Terminal } from '../ui.ts';
import { printIma, printLog } from './explain-log.ts';

interface Options {
  readonly json?: true;
}

export async function explainCommand(
  file: string,
  other: string | undefined,
  options: Options & { readonly diff?: true },
  terminal: Terminal,
): Promise<Ending> {
  if ((other !== undefined) !== (options.diff === true))
    throw new CommandError('usage', options.diff ? '--diff takes two logs' : 'one file at a time', [
      'assay explain --diff LOG1 LOG2 shows what changed between two boots',
    ]);
  if (other !== undefined) return (await import('./explain-diff.ts')).diffCommand(file, other, options, terminal);
  return explainBytes(await readInput(terminal, file), file, options, terminal);
}

/** @param name for messages */
export async function explainBytes(
  input: Uint8Array,
  name: string,
  options: Options,
  terminal: Terminal,
): Promise<Ending> {
  // Collateral is text of its own; only what is not known as it stands may be evidence written as text.
  const explanation = saysItIsLog(input) ? undefined : (explained(input) ?? explained(textAsBytes(input, name)));
  if (explanation) return tell(explanation, options, terminal);
  const ima = explainIma(input);
  const log = ima ? undefined : explainLog(input);
  if (ima) printIma(ima, options.json === true, terminal);
  if (log) printLog(log, options.json === true, terminal);
  if (ima?.problem !== undefined) return cutShort(ima.problem, options, terminal);
  if (ima || log) return 'passed';
  throw new CommandError('refused', `${name} is nothing that assay knows`, [
    ...(isJws(input)
      ? ['it is a JWS: a token is for assay verify, a policy for assay policy show, a request for assay appraise tpm']
      : []),
    'expected an SGX or TDX quote, an OpenEnclave report or evidence, TCB info, a QE identity, a CRL or certificates',
    'or of a TPM: an event log (TCG, WBCL, CCEL), an IMA list, a statement (TPMS_ATTEST), a signature, a public area or a certificate',
  ]);
}

const isJws = (input: Uint8Array): boolean =>
  /^[\w-]+\.[\w-]+\.[\w-]*\s*$/.test(new TextDecoder().decode(input.subarray(0, 1 << 20)));

const explained = (input: Uint8Array): Explanation | undefined => explainTpm(input) ?? explainIntel(input);

function tell(explanation: Explanation, options: Options, terminal: Terminal): Ending {
  if (options.json) printJson(terminal, asJson(explanation));
  else print(terminal.out, explanation);
  return explanation.problem === undefined ? 'passed' : cutShort(explanation.problem, options, terminal);
}

/** JSON has the problem inside. */
function cutShort(problem: string, { json }: Options, terminal: Terminal): Ending {
  if (!json) printError(terminal, `the file cannot be read whole: ${problem}`);
  return 'refused';
}

function textAsBytes(input: Uint8Array, file: string): Uint8Array {
  try {
    return evidenceBytes(input, file);
  } catch {
    return input;
  }
}

const asJson = ({ what, length, parts, checks, problem }: Explanation): unknown => ({
  what,
  length,
  ...(problem !== undefined && { problem }),
  parts,
  checks: checks.map(({ id, title, code, source }) => ({ id, title, code, ...(source !== undefined && { source }) })),
});

function print(out: Screen, { what, length, parts, checks }: Explanation): void {
  const { bold, dim } = out.paint;
  out.line(`${bold(what)}  ${dim(`${length} bytes`)}`);
  for (const part of parts) printPart(out, part);
  if (checks.length > 0) printChecks(out, checks);
}

function printPart(out: Screen, { title, rows }: Part): void {
  out.line();
  out.line(out.paint.bold(title));
  const hasPlaces = rows.some(({ offset }) => offset !== undefined);
  printTable(
    out,
    rows.map((row) => (hasPlaces ? placed(out, row, rows) : plain(out, row))),
    {
      indent: 2,
      isCut: true,
      ...(hasPlaces && { head: ['offset', 'bytes', 'field', 'value'] }),
    },
  );
}

/** The longest value shown, in characters: whole keys and measurements of 64 bytes, but no chains. */
const longestValue = 128;

function placed(out: Screen, { path, offset, length, value, meaning }: Row, rows: readonly Row[]): readonly Cell[] {
  const { cyan, dim, bold } = out.paint;
  const isGroup = rows.some((other) => other.path.startsWith(`${path}.`));
  const depth = path.split('.').length - 1;
  const name = `${'  '.repeat(depth)}${path.slice(path.lastIndexOf('.') + 1)}`;
  return [
    { text: offset === undefined ? '' : String(offset).padStart(6), paint: dim },
    { text: length === undefined ? '' : String(length).padStart(5), paint: dim },
    { text: name, paint: isGroup ? bold : cyan },
    words(out, value, meaning),
  ];
}

const plain = (out: Screen, { path, value, meaning }: Row): readonly Cell[] => [
  { text: path, paint: out.paint.cyan },
  words(out, value, meaning),
];

/** The meaning first where the value is long: it must not fall off the line. */
function words({ glyphs, paint }: Screen, value: string | undefined, meaning: string | undefined): Cell {
  if (value === undefined) return { text: meaning ?? '', paint: paint.dim };
  if (meaning === undefined) return cut(value, longestValue, glyphs.more);
  return value.length > 32 ? `${meaning}: ${cut(value, longestValue, glyphs.more)}` : `${value}  ${meaning}`;
}

function printChecks(out: Screen, checks: readonly Check[]): void {
  out.line();
  out.line(out.paint.bold('what a verifier will check'));
  printTable(
    out,
    checks.map(({ id, title }) => [{ text: id, paint: out.paint.dim }, title]),
    { indent: 2 },
  );
}
