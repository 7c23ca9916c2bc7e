/** Tables as lines of padded columns. The last column is cut to the width of the terminal. */
import { type Screen, safe } from './ui.ts';

/** A cell is text, or text and how it is painted; painting does not count for the width. */
export type Cell = string | { readonly text: string; readonly paint: (text: string) => string };

const textOf = (cell: Cell): string => safe(typeof cell === 'string' ? cell : cell.text);

/**
 * @param indent blanks before each line
 * @param head names of the columns, shown dim; left out for tables that need none
 */
export function printTable(
  screen: Screen,
  rows: readonly (readonly Cell[])[],
  { indent = 0, head }: { readonly indent?: number; readonly head?: readonly string[] } = {},
): void {
  const { dim } = screen.paint;
  const all: readonly (readonly Cell[])[] = head ? [head.map((text) => ({ text, paint: dim })), ...rows] : rows;
  const columns = Math.max(0, ...all.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) =>
    Math.max(0, ...all.map((row) => (row[i] === undefined ? 0 : textOf(row[i]).length))),
  );
  for (const row of all) {
    let used = indent;
    const cells = row.map((cell, i) => {
      const isLast = i === row.length - 1;
      const text = isLast
        ? cut(textOf(cell), screen.columns - used, screen.glyphs.more)
        : textOf(cell).padEnd(widths[i] ?? 0);
      used += text.length + 2;
      return typeof cell === 'string' ? text : cell.paint(text);
    });
    screen.line(`${' '.repeat(indent)}${cells.join('  ')}`.trimEnd());
  }
}

/** At most so many characters, the last ones telling that there is more. */
export function cut(text: string, columns: number, more: string): string {
  const most = Math.max(8, columns);
  return text.length <= most ? text : `${text.slice(0, most - more.length)}${more}`;
}
