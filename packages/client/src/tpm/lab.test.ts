/** What the laboratory does where swtpm is not, or does not work. With a real one it is at work in every test of a TPM. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { isSwtpmInstalled, manufactureTpm, startTpm, swtpmProgram } from './lab.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lab-'));
  vi.stubEnv('PATH', folder);
  vi.stubEnv('TMPDIR', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
const install = (name: string, script: string): void =>
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });

test('PATH says what is installed', () => {
  expect([swtpmProgram(), isSwtpmInstalled()]).toEqual([undefined, false]);
  for (const name of ['swtpm', 'swtpm_setup']) install(name, 'exit 0');
  expect([swtpmProgram(), isSwtpmInstalled()]).toEqual([join(folder, 'swtpm'), false]);
  install('swtpm_localca', 'exit 0');
  expect(isSwtpmInstalled()).toBe(true);
});

test('without swtpm it says what to install', async () => {
  const absent = { reason: 'Absent', message: expect.stringContaining('apt-get install swtpm swtpm-tools') };
  await expect(manufactureTpm()).rejects.toMatchObject(absent);
  await expect(startTpm({ folder })).rejects.toMatchObject(absent);
});

test('a TPM whose making fails leaves nothing behind', async () => {
  for (const name of ['swtpm_setup', 'swtpm_localca']) install(name, 'echo no room >&2; exit 1');
  await expect(manufactureTpm()).rejects.toThrow('no room');
  expect(readdirSync(folder).filter((name) => name.startsWith('tpm-'))).toEqual([]);
});
