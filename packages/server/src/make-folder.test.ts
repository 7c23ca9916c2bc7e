import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from './make-folder.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-folders-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('all that is absent, step by step; what is there stays', () => {
  const path = join(folder, 'a', 'b', 'c');
  makeFolder(path, 0o700);
  makeFolder(path);
  for (const made of [path, join(folder, 'a')]) expect(statSync(made).mode & 0o777).toBe(0o700);
});

test('below a file, or in its place, none is made', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file'))).toThrow('EEXIST');
  expect(() => makeFolder(join(folder, 'file', 'a'))).toThrow('ENOTDIR');
});

// With Node's own `recursive` this test does not end.
test.skipIf(!existsSync('/proc/self'))('where the system lets nobody make folders, it ends', () => {
  for (const path of ['/proc/nowhere', '/proc/nowhere/a/b']) expect(() => makeFolder(path)).toThrow('ENOENT');
});
