/** Tables as lines of padded columns. The last column is folded to the width of the terminal, or cut where it may be long. */
import { type Screen, safe } from './ui.ts';

/** A cell is text, or text and how it is painted; painting does not count for the width. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const textOf = (cell: Cell): string => safe(typeof cell === 'string' ? cell : cell.text);

interface TableOptions {
  /** Blanks before each line. */
  readonly indent?: number;
  /** Names of the columns, shown dim; left out for tables that need none. */
  readonly head?: readonly string[];
  /** Whether the last column is as long as evidence likes: then it gets one line. Paths and warnings are never cut. */
  readonly isCut?: boolean;
}

export function printTable(
  screen: Screen,
  rows: readonly (readonly Cell[])[],
  { indent = 0, head, isCut = false }: TableOptions = {},
): void {
  const { dim } = screen.paint;
  const all: readonly (readonly Cell[])[] = head ? [head.map((text) => ({ text, paint: dim })), ...rows] : rows;
  const columns = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(0, ...all.map((row) => (row[i] === undefined ? 0 : textOf(row[i]).length))),
  );
  for (const row of all) {
    const painted = (cell: Cell, text: string): string => (typeof cell === 'string' ? text : cell.paint(text));
    const before = row.slice(0, -1).map((cell, i) => [cell, textOf(cell).padEnd(widths[i] ?? 0)] as const);
    const last = row.at(-1) ?? '';
    const margin = indent + before.reduce((used, [, text]) => used + text.length + 2, 0);
    const left = screen.columns - margin;
    const lines = isCut ? [cut(textOf(last), left, screen.glyphs.more)] : fold(textOf(last), left);
    const start = ' '.repeat(indent) + before.map(([cell, text]) => `${painted(cell, text)}  `).join('');
    for (const [i, line] of lines.entries())
      screen.line(`${i === 0 ? start : ' '.repeat(margin)}${painted(last, line)}`.trimEnd());
  }
}

/** At most so many characters, the last ones telling that there is more. */
export function cut(text: string, columns: number, more: string): string {
  const most = Math.max(8, columns);
  return text.length <= most ? text : `${text.slice(0, most - more.length)}${more}`;
}

/** A line in as many as it takes; words that are longer than a line stay whole. */
export function fold(text: string, columns: number): readonly string[] {
  if (text.length <= columns) return [text];
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
