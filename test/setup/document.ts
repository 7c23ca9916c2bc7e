/** Documents that tests generate. `UPDATE_DOCS=1 npm test` writes them; otherwise a difference fails. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

/**
 * Compares one part of a document with what a test found out.
 * @param path from the repository's root
 * @param part the name between the markers `<!-- begin part -->` and `<!-- end part -->`
 */
export function expectDocument(path: string, part: string, text: string): void {
  const file = fileURLToPath(new URL(`../../${path}`, import.meta.url));
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [begin, end] = [`<!-- begin ${part} -->\n`, `<!-- end ${part} -->\n`];
  const from = before.indexOf(begin);
  const to = before.indexOf(end);
  const found = from >= 0 && to > from ? before.slice(from + begin.length, to) : undefined;
  const want = `${text.trim()}\n`;
  if (found === want) return;
  if (!process.env['UPDATE_DOCS']) expect.fail(`${path} («${part}») is out of date: run UPDATE_DOCS=1 npm test`);
  const after =
    found === undefined
      ? `${before}${before === '' || before.endsWith('\n\n') ? '' : '\n'}${begin}${want}${end}`
      : `${before.slice(0, from)}${begin}${want}${before.slice(to)}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, after);
}
