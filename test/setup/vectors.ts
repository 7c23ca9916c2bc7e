/**
 * Real evidence, collateral and third-party test suites stand beside the checkout and are read in place. Where they are
 * absent their groups are reported as skipped, by name; where `CI` is set, absence is a failure.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = process.env['ASSAY_VECTORS'] ?? fileURLToPath(new URL('../../../shared/vectors', import.meta.url));

/** Reads files of one folder of the vectors. */
export interface Folder {
  readonly path: (name: string) => string;
  readonly bytes: (name: string) => Uint8Array;
  readonly text: (name: string) => string;
  // biome-ignore lint/suspicious/noExplicitAny: manifests of outside data
  readonly json: (name: string) => any;
}

/** A folder of the repository's own fixtures, or one of the vectors. */
export const folderAt = (path: string): Folder => ({
  path: (name) => join(path, name),
  bytes: (name) => new Uint8Array(readFileSync(join(path, name))),
  text: (name) => readFileSync(join(path, name), 'utf8'),
  json: (name) => JSON.parse(readFileSync(join(path, name), 'utf8')),
});

/** A `describe` over one folder of the vectors, skipped by name where it is absent. */
export function withVectors(name: string, folder: string, body: (folder: Folder) => void): void {
  const path = join(root, folder);
  if (existsSync(path)) describe(name, () => body(folderAt(path)));
  else if (process.env['CI'])
    test(`${name}: needs the vectors folder «${folder}»`, () => expect.fail(`${path} is absent`));
  else
    describe.skip(`${name} (needs the vectors folder «${folder}»: set ASSAY_VECTORS)`, () => test('skipped', () => {}));
}
