import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readLog, unreadable } from './logs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const put = (content: Uint8Array): string => {
  const path = join(folder, 'log');
  writeFileSync(path, content);
  return path;
};

test.each([1, 64 * 1024, 64 * 1024 + 1, 2 * 1024 * 1024])('a log of %i bytes is read to its end', async (length) => {
  const content = new Uint8Array(length).map((_, i) => i);
  expect(Buffer.from(content).equals(await readLog('TCG', put(content)))).toBe(true);
});

test('files that tell no size are read to their end', async () => {
  expect((await readLog('IMA', '/proc/self/status')).length).toBeGreaterThan(100);
});

test('a log longer than the service takes', async () => {
  const path = put(new Uint8Array(2 * 1024 * 1024 + 1));
  await expect(readLog('TCG', path)).rejects.toMatchObject({
    reason: 'Unfit',
    message: expect.stringMatching(/2097152/),
  });
  expect((await readLog('IMA', path)).length).toBe(2 * 1024 * 1024 + 1);
});

test('an empty log', async () => {
  await expect(readLog('TCG', put(new Uint8Array(0)))).rejects.toMatchObject({
    reason: 'Unfit',
    message: expect.stringMatching(/is empty: the log of the boot was not kept/),
  });
});

test('no log', async () => {
  await expect(readLog('TCG', join(folder, 'none'))).rejects.toMatchObject({
    reason: 'Absent',
    code: 'EvidenceUnavailable',
    message: expect.stringMatching(/Is securityfs mounted at \/sys\/kernel\/security, has the machine a TPM/),
  });
  await expect(readLog('IMA', join(folder, 'none'))).rejects.toMatchObject({
    message: expect.stringMatching(/has the kernel IMA built in/),
  });
  await expect(readLog('IMA', folder)).rejects.toMatchObject({
    reason: 'Unfit',
    message: expect.stringMatching(/EISDIR/),
  });
});

test('no permission', () => {
  const error = unreadable('TCG', '/sys/log', Object.assign(new Error('x'), { code: 'EACCES' }));
  expect([error.reason, error.message]).toEqual([
    'Denied',
    'no permission to read /sys/log: the kernel shows the log of the boot to root alone (the group tss does not help). Run as root, or read a copy that a service of root makes after each boot',
  ]);
});
