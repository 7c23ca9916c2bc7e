/** Which published faults have tests here: found by their names. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { expectDocument } from '../setup/document.ts';
import { faults } from './faults.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Test sources, by path from the repository's root. */
const sources = ['packages', 'test']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  )
  .filter((path) => path.endsWith('.test.ts') && !/(^|\/)(dist|node_modules)\//.test(path))
  .sort();

interface Named {
  readonly path: string;
  readonly name: string;
}
/** Test names that begin with numbers of faults: `T4, T42: …`. */
const named = /(['"`])(T[0-9]+(?:, T[0-9]+)*): ((?:\\.|(?!\1)[^\\\n])+)\1/g;

const testsOf = new Map<string, Named[]>();
for (const path of sources)
  for (const [, , ids = '', name = ''] of readFileSync(join(root, path), 'utf8').matchAll(named))
    for (const id of ids.split(', ')) {
      const known = testsOf.get(id) ?? [];
      if (!known.some((one) => one.path === path && one.name === name)) known.push({ path, name });
      testsOf.set(id, known);
    }

const all = Object.values(faults).flatMap((group) => Object.entries(group));

test('every fault has tests or a reason, and none has both', () => {
  const wrong = all.flatMap(([id, { none }]) => {
    const tested = testsOf.has(id);
    if (tested !== (none !== undefined)) return [];
    return [`${id} has ${tested ? 'both tests and a reason' : 'neither tests nor a reason'}`];
  });
  expect(wrong).toEqual([]);
});

test('every number in the name of a test is one of the list', () => {
  const known = all.map(([id]) => id);
  expect([...testsOf.keys()].filter((id) => !known.includes(id))).toEqual([]);
  expect([...known].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(
    Array.from({ length: 53 }, (_, i) => `T${i + 1}`),
  );
});

test('docs/explain/faults.md', () => {
  const text = Object.entries(faults).map(([title, group]) => {
    const entries = Object.entries(group).map(([id, { where, what, none }]) => {
      const tests = (testsOf.get(id) ?? []).map(
        ({ path, name }) => `  - [${basename(path)}](../../${path}): ${plain(name)}`,
      );
      return [`- **${id}** ${where}. ${what}`, ...(none ? [`  - No test: ${none}`] : tests)].join('\n');
    });
    return `## ${title}\n\n${entries.join('\n')}`;
  });
  expectDocument('docs/explain/faults.md', 'faults', text.join('\n\n'));
});

/** The name as Markdown that shows it as it is. */
const plain = (name: string): string => name.replace(/\\(.)/g, '$1').replace(/[*_<>[\]`]/g, '\\$&');
