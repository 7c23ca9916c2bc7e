import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey, issueCertificate, type NeedName, publicSpki, toPem, utf8 } from '@assay/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configuredCollateral } from './configured.ts';
import { filesIn, type Skipped } from './files.ts';
import { folderSource } from './folder.ts';
import { choose, gather, type Item } from './holding.ts';
import { importFiles } from './import.ts';
import { showFolder } from './show.ts';
import type { FetchEvent } from './source.ts';

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
  const { files, skipped } = await filesIn(folder);
  expect(files.length).toBeLessThanOrEqual(5);
  expect(files[0]?.path).toBe(join(folder, 'a.pem'));
  expect(skipped).toEqual([]);
});

test('one file that is too large, and others that cannot be read, are passed over, told once, and hide nothing', async () => {
  let now = 0;
  const told: Skipped[] = [];
  const source = folderSource(folder, { clock: () => now++, staleMilliseconds: 0, skipped: (one) => told.push(one) });
  const count = async () => (await source.certificates()).length;
  writeFileSync(join(folder, 'a.pem'), certificate());
  const huge = join(folder, 'huge.crl');
  writeFileSync(huge, '');
  truncateSync(huge, 16 * 1024 * 1024 + 1);
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  expect([await count(), await count()]).toEqual([1, 1]);
  expect(told).toEqual([
    { path: huge, problem: 'has 16777217 bytes, at most 16777216' },
    { path: loop, problem: 'cannot be read (ELOOP)' },
  ]);
  rmSync(loop);
  await count();
  symlinkSync(loop, loop);
  await count();
  expect(told.length).toBe(3);
});

test.skipIf(!existsSync('/proc/self/mem'))('a file that is there and gives nothing is passed over', async () => {
  symlinkSync('/proc/self/mem', join(folder, 'mem'));
  expect(await showFolder(folder)).toMatchObject({ skipped: [{ path: 'mem', problem: 'cannot be read (EIO)' }] });
});

test('a folder that cannot be read is passed over with all that is in it; one that is absent holds nothing', async () => {
  writeFileSync(join(folder, 'file'), '');
  const path = join(folder, 'file');
  expect(await filesIn(path)).toEqual({ files: [], skipped: [{ path, problem: 'cannot be read (ENOTDIR)' }] });
  expect(await filesIn(join(folder, 'absent'))).toEqual({ files: [], skipped: [] });
});

test('T36: files beyond all that is kept are passed over', async () => {
  for (let i = 0; i < 17; i++) {
    writeFileSync(join(folder, `${i + 10}.dat`), '');
    truncateSync(join(folder, `${i + 10}.dat`), 16 * 1024 * 1024);
  }
  expect(await filesIn(folder)).toMatchObject({
    files: { length: 16 },
    skipped: [{ path: join(folder, '26.dat'), problem: expect.stringContaining('268435456 bytes together') }],
  });
  mkdirSync(join(folder, '00'));
  for (let i = 0; i < 4097; i++) writeFileSync(join(folder, '00', `${i}`), '');
  const { files, skipped } = await filesIn(folder);
  expect(files.length).toBe(4096);
  expect(skipped).toEqual([{ path: folder, problem: 'holds more than 4096 files' }]);
});

test('the log and the metrics learn what was passed over, with folders alone and among other sources', async () => {
  writeFileSync(join(folder, 'huge.crl'), '');
  truncateSync(join(folder, 'huge.crl'), 16 * 1024 * 1024 + 1);
  for (const sources of [[], [{ kind: 'folder' as const }]]) {
    const events: FetchEvent[] = [];
    const source = configuredCollateral(
      { sources, update: 'standard', refreshHours: 24, unknownSeconds: 600 },
      {
        folder,
        fetched: join(folder, '.fetched'),
        anchors: [],
        now: () => new Date(),
        clock: () => 0,
        random: () => 0,
      },
    );
    source.listen?.((event) => events.push(event));
    await source.collateral([{ name, proven: true }], new Date());
    source.close?.();
    expect(events).toEqual([
      expect.objectContaining({
        source: 'folder',
        item: join(folder, 'huge.crl'),
        outcome: 'failed',
        reason: 'skipped',
      }),
    ]);
  }
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

const sources = () => {
  const root = join(import.meta.dirname, '..');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.includes('.test.'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const);
};

test('T41: nothing in the service but one door goes out', () => {
  expect(sources().length).toBeGreaterThan(20);
  // The stand-in for Intel's services listens; nothing in production knows it.
  const out = /\bfetch\(|(?<!\{ METHODS \} from ')node:(http|https|http2|dgram|dns)'|\bconnect\(|undici/;
  const going = sources().filter(([path, text]) => !path.startsWith('testing/') && out.test(text));
  expect(going.map(([path]) => path)).toEqual(['collateral/door.ts']);
});

test('T47: nothing in the service can forge or simulate', () => {
  for (const [path, text] of sources()) {
    expect([path, /core\/testing|forge\.ts/.test(text)]).toEqual([path, false]);
    expect([path, !path.startsWith('testing/') && /['/]testing\//.test(text)]).toEqual([path, false]);
  }
});
