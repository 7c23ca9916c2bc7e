import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey, issueCertificate, type NeedName, publicSpki, toPem, utf8 } from '@assay/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filesIn } from './files.ts';
import { folderSource } from './folder.ts';
import { choose, gather, type Item } from './holding.ts';
import { importFiles } from './import.ts';
import { showFolder } from './show.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-collateral-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const name: NeedName = 'intel/tcb-info-sgx-00906ed50000';
const item = (label: string, issued: number, until: number, evaluation?: number): Item => ({
  kind: 'tcb-info',
  name,
  issued,
  until,
  ...(evaluation !== undefined && { evaluation }),
  path: label,
  bytes: utf8(label),
});
const chosen = (items: readonly Item[], at: number, minimumEvaluation?: number): string | undefined => {
  const need = { name, proven: true, ...(minimumEvaluation !== undefined && { minimumEvaluation }) };
  const bytes = choose(gather(items, []), [need], new Date(at)).get(name);
  return bytes && new TextDecoder().decode(bytes);
};

test('the newest that is valid is chosen, by evaluation and then by date', () => {
  const items = [item('old', 0, 100, 16), item('new', 10, 110, 16), item('newer evaluation', 5, 105, 17)];
  expect(chosen(items, 50)).toBe('newer evaluation');
  expect(chosen(items.slice(0, 2), 50)).toBe('new');
  expect(chosen(items, 108)).toBe('new');
  expect(chosen(items, 2)).toBe('old');
  expect(chosen([...items].reverse(), 50)).toBe('newer evaluation');
});

test('a sufficient evaluation comes before all else; where there is none, the newest comes close', () => {
  const items = [item('low', 0, 100, 16), item('high but over', 0, 10, 17)];
  expect(chosen(items, 50, 17)).toBe('high but over');
  expect(chosen(items, 50, 16)).toBe('low');
  expect(chosen(items, 50, 20)).toBe('low');
  expect(chosen([item('over', 0, 10), item('not yet', 90, 100)], 50)).toBe('over');
});

test('what is not at hand is left out', () => {
  expect(
    choose(
      gather([], []),
      [
        { name, proven: true },
        { name: `${name}-issuers`, proven: true },
      ],
      new Date(0),
    ).size,
  ).toBe(0);
});

const certificate = (): string => {
  const key = generateKey('P-256');
  return toPem(
    'CERTIFICATE',
    issueCertificate({
      subject: [['CN', 'One']],
      issuer: [['CN', 'One']],
      serial: 1,
      notBefore: 0,
      notAfter: 1e12,
      spki: publicSpki(key),
      extensions: [],
      signer: { scheme: 'ecdsa-sha256', key },
    }),
  );
};

test('a folder is looked at again when its view is old: what is added, changed or gone is noticed', async () => {
  let now = 0;
  const source = folderSource(join(folder, 'later'), { clock: () => now, staleMilliseconds: 10 });
  const count = async () => (await source.certificates()).length;
  expect(await count()).toBe(0);
  mkdirSync(join(folder, 'later', 'deep'), { recursive: true });
  writeFileSync(join(folder, 'later', 'deep', 'a.pem'), certificate());
  expect(await count()).toBe(0);
  now = 10;
  expect(await count()).toBe(1);
  writeFileSync(join(folder, 'later', 'deep', 'a.pem'), certificate() + certificate());
  writeFileSync(join(folder, 'later', 'notes.txt'), 'not collateral');
  now = 20;
  expect(await count()).toBe(2);
  rmSync(join(folder, 'later', 'deep', 'a.pem'));
  now = 30;
  expect(await count()).toBe(0);
});

test('requests that come at once share one look', async () => {
  let looks = 0;
  writeFileSync(join(folder, 'a.pem'), certificate());
  const source = folderSource(folder, { clock: () => 0, seen: () => looks++ });
  await Promise.all(Array.from({ length: 20 }, () => source.certificates()));
  expect(looks).toBe(1);
});

test('links to files are followed, hidden names are not, and circles end', async () => {
  mkdirSync(join(folder, '..data'));
  writeFileSync(join(folder, '..data', 'a.pem'), certificate());
  symlinkSync(join('..data', 'a.pem'), join(folder, 'a.pem'));
  symlinkSync(folder, join(folder, 'circle'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  const found = await filesIn(folder);
  expect(found.length).toBeLessThanOrEqual(5);
  expect(found[0]?.path).toBe(join(folder, 'a.pem'));
});

test('more than the service keeps is refused, not read', async () => {
  writeFileSync(join(folder, 'huge.crl'), new Uint8Array(16 * 1024 * 1024 + 1));
  await expect(filesIn(folder)).rejects.toThrow(/huge\.crl has 16777217 bytes, at most 16777216/);
});

test('files are recognised by content and stored unchanged', async () => {
  const given = join(folder, 'whatever.bin');
  writeFileSync(given, `comment\n${certificate()}`);
  writeFileSync(join(folder, 'stranger.json'), '{}');
  const to = join(folder, 'store');
  const [taken, again, stranger, absent] = await importFiles(
    [given, given, join(folder, 'stranger.json'), join(folder, 'absent')],
    to,
  );
  expect(taken).toMatchObject({
    what: '1 certificate',
    stored: expect.stringMatching(/store\/certificates\/[0-9a-f]{16}\.pem$/),
  });
  expect(again?.stored).toBe(taken?.stored);
  expect(readFileSync(String(taken?.stored))).toEqual(readFileSync(given));
  expect(stranger).toMatchObject({ what: expect.stringContaining('it is not collateral') });
  expect(stranger).not.toHaveProperty('stored');
  expect(absent).toMatchObject({ what: 'there is no such file' });
  expect(readdirSync(join(to, 'certificates'))).toHaveLength(1);
  renameSync(given, join(to, 'stray.txt'));
  writeFileSync(join(to, 'unknown.txt'), '?');
  expect(await showFolder(to)).toMatchObject({
    shown: [{ kind: 'certificate', name: 'One', from: 0, until: 1e12 }],
    strangers: ['unknown.txt'],
  });
});

test('T40: needs are looked up by name among what is held, never as paths', async () => {
  writeFileSync(join(folder, 'secret'), 'secret');
  const source = folderSource(join(folder, 'store'), { clock: () => 0 });
  mkdirSync(join(folder, 'store'));
  for (const bad of [
    '../secret',
    'intel/../../secret',
    '/etc/passwd',
    'intel/tcb-info-sgx-../../secret',
    'constructor/x',
    '__proto__/x',
  ] as NeedName[]) {
    const have = await source.collateral([{ name: bad, proven: true }], new Date(0));
    expect(have.size).toBe(0);
  }
});

test('T41: nothing in the service fetches: collateral comes from the folder alone', () => {
  const root = join(import.meta.dirname, '..');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.includes('.test.'),
  );
  expect(files.length).toBeGreaterThan(20);
  for (const path of files) {
    const source = readFileSync(join(root, path), 'utf8');
    expect([path, /\bfetch\(|node:(http|https|http2|dgram|dns)'|\bconnect\(|undici/.test(source)]).toEqual([
      path,
      false,
    ]);
  }
});

test('T47: nothing in the service can forge or simulate', () => {
  const root = join(import.meta.dirname, '..');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.ts') && !path.includes('.test.'),
  );
  for (const path of files)
    expect([path, /core\/testing|forge\.ts/.test(readFileSync(join(root, path), 'utf8'))]).toEqual([path, false]);
});
