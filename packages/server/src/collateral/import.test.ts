import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bytes, type NeedName, toPem, utf8 } from '@assay/core';
import { concat } from '@assay/core/bytes';
import { forgeIntel } from '@assay/core/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { folderSource } from './folder.ts';
import { importFiles } from './import.ts';

const at = new Date('2026-03-01T12:00:00Z');
const later = new Date('2026-03-02T12:00:00Z');
const forged = forgeIntel({ at });
const info: NeedName = 'intel/tcb-info-sgx-00906ed50000';
const piece = (name: NeedName, of = forged): Bytes => of.collateral.get(name) ?? expect.fail(name);
const text = (bytes: Bytes): string => new TextDecoder().decode(bytes);

let folder = '';
let to = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-import-'));
  to = join(folder, 'to');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: Bytes | string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};
const have = (needs: readonly NeedName[]) =>
  folderSource(to, { clock: () => 0 }).collateral(
    needs.map((name) => ({ name, proven: true })),
    later,
  );

/** Copies that are not what was signed: laid out anew, or edited to be newer than the genuine one. */
const document = text(piece(info));
const copies: readonly (readonly [string, string])[] = [
  ...[1, 2, 4].map((indent) => [`indented by ${indent}`, JSON.stringify(JSON.parse(document), null, indent)] as const),
  ['of a later date', document.replace('"2026-02-28T12:00:00Z"', '"2026-03-01T13:00:00Z"')],
  ['of a higher evaluation', document.replace('"tcbEvaluationDataNumber":17', '"tcbEvaluationDataNumber":18')],
];

test.each(copies)('a copy %s does not hide the genuine document, and is warned of', async (_what, copy) => {
  expect(copy).not.toBe(document);
  const genuine = file('info.json', document);
  const issuers = file('issuers.pem', piece(`${info}-issuers`));
  const [taken, bad] = await importFiles([genuine, file('copy.json', copy), issuers], to);
  expect(taken).not.toHaveProperty('warning');
  expect(bad).toMatchObject({ stored: expect.any(String), warning: expect.stringContaining('no certificate') });
  const found = await have([info, `${info}-issuers`]);
  expect(text(found.get(info) ?? expect.fail())).toBe(document);
  expect(found.get(`${info}-issuers`)).toBeDefined();
});

test('an edited list does not hide the genuine one where its issuer is at hand', async () => {
  const root = piece('intel/crl-root');
  const stranger = piece('intel/crl-root', forgeIntel({ at: later, seed: 'strangers' }));
  const names = ['root.crl', 'strange.crl', 'issuers.pem'];
  const files = [root, stranger, piece(`${info}-issuers`)].map((bytes, i) => file(names[i] ?? '', bytes));
  expect((await importFiles(files, to)).map(({ warning }) => warning !== undefined)).toEqual([false, true, false]);
  expect((await have(['intel/crl-root'])).get('intel/crl-root')).toEqual(root);
});

test('without anyone who signs such files nothing is known of a signature', async () => {
  const [taken] = await importFiles([file('info.json', copies[0]?.[1] ?? '')], to);
  expect(taken).toMatchObject({ stored: expect.any(String) });
  expect(taken).not.toHaveProperty('warning');
});

test('a document after a byte-order mark is stored as it is, and handed out without it', async () => {
  const marked = concat(utf8('\ufeff'), piece(info));
  const [taken] = await importFiles([file('info.json', marked), file('issuers.pem', piece(`${info}-issuers`))], to);
  expect(new Uint8Array(readFileSync(taken?.stored ?? ''))).toEqual(marked);
  expect(taken).not.toHaveProperty('warning');
  expect((await have([info])).get(info)).toEqual(piece(info));
});

test('certificates and a CRL in one file are refused by name, not half taken', async () => {
  const both = forged.chain + toPem('X509 CRL', piece('intel/crl-root'));
  expect(await importFiles([file('both.pem', both)], to)).toMatchObject([
    { what: 'it holds certificates and a CRL: each kind needs a file of its own', refusedBy: 'content' },
  ]);
});

test('what the system refuses is told file by file, and the rest is taken', async () => {
  const pem = file('chain.pem', forged.chain);
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  mkdirSync(join(folder, 'inner'));
  truncateSync(file('huge', ''), 16 * 1024 * 1024 + 1);
  const files = [join(folder, 'absent'), loop, join(folder, 'inner'), join(folder, 'huge'), pem];
  expect((await importFiles(files, to)).map(({ what, refusedBy }) => [what, refusedBy])).toEqual([
    ['there is no such file', 'system'],
    ['it cannot be read (ELOOP)', 'system'],
    ['it is not a file', 'system'],
    ['it has 16777217 bytes, at most 16777216', 'content'],
    ['3 certificates', undefined],
  ]);
  for (const [place, code] of [
    [pem, 'ENOTDIR'],
    [join(pem, 'below'), 'ENOTDIR'],
    ['/proc/nowhere', 'ENOENT'],
  ])
    expect(await importFiles([pem], place ?? '')).toEqual([
      { file: pem, what: `it cannot be stored in ${place} (${code})`, refusedBy: 'system' },
    ]);
});
