import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Need } from '@assay/core';
import { forgeLog, linuxBoot, windowsBoot } from '@assay/core/testing';
import { referenceBytes, referenceLimits, referenceLogs } from '@assay/core/tpm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { referenceLogsIn, setReferenceLog, withReferenceLogs } from './reference-logs.ts';
import type { CollateralSource } from './source.ts';

const [linux, windows] = [linuxBoot(), windowsBoot()].map((events) => forgeLog(events, ['sha256']).log) as [
  Uint8Array,
  Uint8Array,
];
const at = new Date('2026-05-01T00:00:00Z');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-references-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was stored is given back in the order of labels, whoever stored first', async () => {
  await setReferenceLog(join(folder, 'a/b'), 'windows', windows);
  await setReferenceLog(join(folder, 'a/b'), 'linux', windows);
  await setReferenceLog(join(folder, 'a/b'), 'linux', linux);
  expect(await referenceLogsIn(join(folder, 'a/b'))).toEqual([
    { label: 'linux', log: linux },
    { label: 'windows', log: windows },
  ]);
});

test('what nobody stored is not read: strangers, hidden files, folders, files that are too long', async () => {
  await setReferenceLog(folder, 'linux', linux);
  for (const name of ['notes.txt', '.draft.log', 'Capital.log', '..log']) writeFileSync(join(folder, name), linux);
  mkdirSync(join(folder, 'folder.log'));
  writeFileSync(join(folder, 'long.log'), new Uint8Array(referenceLimits.bytes + 1));
  expect((await referenceLogsIn(folder)).map(({ label }) => label)).toEqual(['linux']);
  expect(await referenceLogsIn(join(folder, 'absent'))).toEqual([]);
});

test('there is an end to their number, but not to replacing one', async () => {
  for (let i = 0; i < referenceLimits.logs; i++) await setReferenceLog(folder, `log-${i}`, linux);
  await expect(setReferenceLog(folder, 'one-more', linux)).rejects.toThrow(/holds 16 logs, at most 16/);
  await setReferenceLog(folder, 'log-3', windows);
  expect(readdirSync(folder).length).toBe(referenceLimits.logs);
});

test('a source answers for them, and is asked for everything else', async () => {
  const asked: (readonly Need[])[] = [];
  const source: CollateralSource = {
    certificates: async () => [],
    async collateral(needs) {
      asked.push(needs);
      return new Map(needs.map(({ name }) => [name, Uint8Array.of(1)]));
    },
  };
  const other: Need = { name: 'intel/crl-root', proven: true };
  let now = 0;
  const whole = withReferenceLogs(source, folder, { clock: () => now });
  const held = async () => (await whole.collateral([other, referenceLogs], at)).get(referenceLogs.name);
  expect(await held()).toEqual(referenceBytes([]));
  expect(asked).toEqual([[other]]);
  expect([...(await whole.collateral([other], at)).keys()]).toEqual([other.name]);

  // What is put there is noticed without a restart, a moment later.
  await setReferenceLog(folder, 'linux', linux);
  now = 4999;
  expect(await held()).toEqual(referenceBytes([]));
  now = 5000;
  expect(await held()).toEqual(referenceBytes([{ label: 'linux', log: linux }]));
});

test('a folder that cannot be read holds nothing: nobody is refused for it', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const source: CollateralSource = { certificates: async () => [], collateral: async () => new Map() };
  const have = await withReferenceLogs(source, file, { clock: () => 0 }).collateral([referenceLogs], at);
  expect(have.get(referenceLogs.name)).toEqual(referenceBytes([]));
  await expect(setReferenceLog(file, 'linux', linux)).rejects.toThrow();
});
