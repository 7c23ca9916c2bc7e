/** Places in a policy's text: what findings, the trace and an editor point at. */
import { longestExcerpt, longestSymbol } from './limits.ts';

export interface Position {
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
  /** From 1. LF, CR and CR LF each end a line. */
  readonly line: number;
  /** From 1, in code points; a tab is one, a byte-order mark none. */
  readonly column: number;
}

/** `end` is the first position behind. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export const join = (first: Range, last: Range): Range => ({ start: first.start, end: last.end });

/** The text that a finding is about, cut for a message. */
export const symbolAt = (text: string, { start, end }: Range): string =>
  cut(text.slice(start.offset, end.offset), longestSymbol);

/** A text of at most `longest` code points; what was cut shows as an ellipsis. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const head = text.slice(0, longest);
  if (!/[\ud800-\udfff]/.test(head)) return `${head}…`;
  const points = Array.from(text.slice(0, 2 * longest + 2));
  return points.length <= longest && text.length <= 2 * longest + 2 ? text : `${points.slice(0, longest).join('')}…`;
}

/** The line a range starts on, and below it a caret under the range. Of a long line only what is near is looked at. */
export function excerptAt(text: string, { start, end }: Range): string {
  const reach = 2 * longestExcerpt;
  const [head = ''] = text.slice(Math.max(0, start.offset - reach), start.offset).match(/[^\r\n\uFEFF]*$/) ?? [];
  const [tail = ''] = text.slice(start.offset, start.offset + reach).match(/^[^\r\n]*/) ?? [];
  const [before, after] = [Array.from(head), Array.from(tail)];
  // A line too long to be shown whole is shown from a little before the caret.
  const whole = before.length + after.length <= longestExcerpt && head.length < reach && tail.length < reach;
  const shown = whole ? before : before.slice(-longestExcerpt / 3);
  const rest = after.slice(0, longestExcerpt - shown.length);
  const length = end.line === start.line ? end.column - start.column : rest.length;
  const carets = '^'.repeat(Math.max(1, Math.min(length, rest.length)));
  const indent = shown.map((point) => (point === '\t' ? '\t' : ' '));
  return `${[...shown, ...rest].join('')}\n${indent.join('')}${carets}`;
}

/** Turns offsets, asked for in ascending order, into positions; the whole text costs one pass. */
export function locator(text: string, from: number): (offset: number) => Position {
  let at = from;
  let line = 1;
  let column = 1;
  return (offset) => {
    for (; at < offset; at++) {
      const unit = text.charCodeAt(at);
      if (unit === 0x0a || (unit === 0x0d && text.charCodeAt(at + 1) !== 0x0a)) {
        line++;
        column = 1;
      } else if (unit < 0xdc00 || unit > 0xdfff) column++;
    }
    return { offset, line, column };
  };
}
