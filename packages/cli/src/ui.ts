/**
 * The rules of the terminal.
 *
 * - What was asked for goes to stdout. Everything else (progress, warnings, errors) goes to stderr, with a prefix.
 * - `error:` says what is wrong, `hint:` what to do about it, `warning:` what must not be overlooked: one line each,
 *   lower case, no full stop. An error that lists several things has a line more for each, indented.
 * - With `--json` stdout carries one JSON text and nothing else.
 * - What takes longer than a second says on stderr what it waits for. Nothing ever asks a question.
 * - Colours are for terminals, never where NO_COLOR is set. Marks and lines are ASCII where the locale is not UTF-8.
 * - Text from outside is shown with its control characters spelt out: evidence must not drive the terminal.
 */
import picocolors from 'picocolors';
import { jsonText } from './json.ts';

type Paint = ReturnType<typeof picocolors.createColors>;

/** What trees, tables and marks are drawn with. */
interface Glyphs {
  readonly passed: string;
  readonly failed: string;
  readonly skipped: string;
  readonly bullet: string;
  readonly branch: string;
  readonly last: string;
  readonly line: string;
  readonly rule: string;
  readonly more: string;
}

const unicode: Glyphs = {
  passed: '✓',
  failed: '✗',
  skipped: '–',
  bullet: '·',
  branch: '├─ ',
  last: '└─ ',
  line: '│  ',
  rule: '─',
  more: '…',
};
const ascii: Glyphs = {
  passed: '+',
  failed: 'x',
  skipped: '-',
  bullet: '-',
  branch: '|- ',
  last: '`- ',
  line: '|  ',
  rule: '-',
  more: '...',
};

/** One of the two outputs. */
export interface Screen {
  /** Writes a whole line, or several. */
  readonly line: (text?: string) => void;
  readonly paint: Paint;
  readonly glyphs: Glyphs;
  /** Characters in a line; endless where the output is no terminal, so that nothing is cut in files and pipes. */
  readonly columns: number;
}

/** All that a command knows of the world around it. */
export interface Terminal {
  readonly out: Screen;
  readonly err: Screen;
  readonly stdin: () => Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
}

/** What a screen is made from; `process.stdout` fits. */
export interface Sink {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export function screenOf(sink: Sink, env: Terminal['env']): Screen {
  const isTerminal = sink.isTTY === true;
  const { NO_COLOR: none, FORCE_COLOR: force, TERM: term } = env;
  const isForced = force !== undefined && force !== '' && force !== '0';
  const isColoured = (none === undefined || none === '') && (isForced || (isTerminal && term !== 'dumb'));
  const isAscii = !speaksUtf8(env);
  return {
    line: (text = '') => {
      sink.write(`${isAscii ? plainPunctuation(text) : text}\n`);
    },
    paint: picocolors.createColors(isColoured),
    glyphs: isAscii ? ascii : unicode,
    columns: isTerminal ? Math.max(40, sink.columns ?? 80) : Number.POSITIVE_INFINITY,
  };
}

/** Help is folded also where the output is no terminal. */
export const helpWidth = ({ columns }: Screen): number => Math.min(columns, 100);

/** By the locale's own name; where no locale is named (containers), terminals of today are taken for granted. */
function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: Terminal['env']): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((name) => name !== undefined && name !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}

const punctuation: readonly (readonly [RegExp, string])[] = [
  [/[«»“”]/g, '"'],
  [/[‘’]/g, "'"],
  [/…/g, '...'],
  [/[–—]/g, '-'],
  [/→/g, '->'],
  [/[·•]/g, '-'],
];
const plainPunctuation = (text: string): string => punctuation.reduce((out, [from, to]) => out.replace(from, to), text);

/** Text from outside in one line: control characters and those that turn the direction of text are spelt out. */
export const safe = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is made visible
  text.replace(/(\r?\n)+|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    character.endsWith('\n') ? ' ' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A sentence of another part of the program as a line of the terminal: lower case, no full stop. */
export function asLine(sentence: string): string {
  const text = sentence.trim().replace(/\.$/, '');
  if (/^(Secure Boot|Policy Engine)\b/.test(text)) return text;
  return /^[A-Z][a-z’']*(\s|$)/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** @param message several lines where it lists several things: text from outside never makes a line of its own */
export function printError(
  { err }: Pick<Terminal, 'err'>,
  message: string | readonly string[],
  hints: readonly string[] = [],
): void {
  const [first = '', ...more] = typeof message === 'string' ? [message] : message;
  err.line(`${err.paint.bold(err.paint.red('error:'))} ${safe(asLine(first))}`);
  for (const line of more) err.line(`  ${safe(line)}`.trimEnd());
  for (const hint of hints) err.line(`${err.paint.bold(err.paint.cyan('hint:'))} ${safe(asLine(hint))}`);
}

export function printWarning({ err }: Pick<Terminal, 'err'>, message: string): void {
  err.line(`${err.paint.bold(err.paint.yellow('warning:'))} ${safe(asLine(message))}`);
}

export const printJson = ({ out }: Pick<Terminal, 'out'>, value: unknown): void => out.line(jsonText(value));

/** Waits for work; after a second, and every five after that, says on stderr for what. */
export async function waitingFor<T>({ err }: Pick<Terminal, 'err'>, what: string, work: Promise<T>): Promise<T> {
  const begun = performance.now();
  const say = (): void => {
    err.line(err.paint.dim(`waiting for ${what} (${Math.round((performance.now() - begun) / 1000)} s)`));
  };
  let every: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    say();
    every = setInterval(say, 5000);
  }, 1000);
  try {
    return await work;
  } finally {
    clearTimeout(first);
    clearInterval(every);
  }
}
