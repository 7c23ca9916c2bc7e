/** PEM (RFC 7468), strictly inside the blocks and leniently around them: chains in quotes end in NUL or have CRLF. */
import { type Bytes, base64, fromBase64, latin1 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';

/** Longest text of one block, in characters: a certificate that carries a quote has about 20,000. */
const longestBlock = 1 << 20;

/**
 * The DER inside each block of one label, in order. What stands between blocks, and blocks of other labels, are passed
 * over.
 * @param max how many blocks there may be
 * @throws {Malformed} for more blocks than `max`, a block without an end, and anything inside that is not base64 in lines
 */
export function pemBlocks(text: Bytes, label: string, max: number, path = 'pem'): Bytes[] {
  const characters = latin1(text);
  const [begin, end] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const out: Bytes[] = [];
  for (let at = characters.indexOf(begin); at >= 0; at = characters.indexOf(begin, at)) {
    if (out.length >= max) throw new Malformed(path, at, `has more than ${max} blocks of ${label}`);
    const from = at + begin.length;
    const to = characters.indexOf(end, from);
    if (to < 0) throw new Malformed(path, at, `has a block of ${label} without an end`);
    if (to - from > longestBlock)
      throw new Malformed(path, at, `has a block of ${to - from} characters, at most ${longestBlock}`);
    out.push(body(characters.slice(from, to), from, path));
    at = to + end.length;
  }
  return out;
}

/** The labels of all blocks that begin somewhere in a text. */
export const pemLabels = (text: Bytes): ReadonlySet<string> =>
  new Set(Array.from(latin1(text).matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----/g), ([, label = '']) => label));

function body(lines: string, from: number, path: string): Bytes {
  // Line ends may differ in kind and length, but nothing stands before the first or within a line.
  if (!/^[ \t]*\r?\n/.test(lines) || !/\n$/.test(lines))
    throw new Malformed(path, from, 'has a label that shares its line with base64');
  try {
    return fromBase64(lines.replace(/[ \t]*\r?\n/g, ''), 'base64', path);
  } catch (error) {
    if (error instanceof Malformed)
      throw new Malformed(path, from, `has a block that is not base64 in lines: ${error.problem}`);
    throw error;
  }
}

/** One block: lines of 64 columns that end in LF. */
export function toPem(label: string, der: Bytes): string {
  const lines = base64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.map((line) => `${line}\n`).join('')}-----END ${label}-----\n`;
}
