/**
 * Puts files into a collateral folder. Each is recognised by its content and stored unchanged as
 * `{need}/{issued}[-{evaluation}]-{digest}.{json,crl}`, certificates as `certificates/{digest}.pem`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AttestError, type Bytes, type Recognised, recognise } from '@assay/core';
import { longestFile } from './files.ts';

export interface Imported {
  /** As it was named. */
  readonly file: string;
  /** Where it stands now; absent when it was not taken. */
  readonly stored?: string;
  /** What it is, or why it was not taken. */
  readonly what: string;
}

/** @param to the folder, made where it is absent */
export async function importFiles(files: readonly string[], to: string): Promise<readonly Imported[]> {
  const done: Imported[] = [];
  for (const file of files) done.push(await importFile(file, to));
  return done;
}

async function importFile(file: string, to: string): Promise<Imported> {
  const about = await stat(file).catch(() => undefined);
  if (!about?.isFile()) return { file, what: 'there is no such file' };
  if (about.size > longestFile) return { file, what: `it has ${about.size} bytes, at most ${longestFile}` };
  const bytes = new Uint8Array(await readFile(file));
  const found = recognise(bytes);
  if (!found)
    return { file, what: 'it is not collateral: expected TCB info or QE identity as served, a CRL, or certificates' };
  return { file, ...(await storeFile(bytes, found, to)) };
}

/**
 * Puts bytes where they belong in a folder; a reader never sees half a file.
 * @param found what the bytes are
 */
export async function storeFile(
  bytes: Bytes,
  found: Recognised,
  to: string,
): Promise<{ readonly stored: string; readonly what: string }> {
  const { path, what } = placeOf(found, bytes);
  const stored = join(to, path);
  await mkdir(dirname(stored), { recursive: true });
  // Hidden, as whoever reads folders passes over hidden files.
  const draft = join(dirname(stored), `.${randomBytes(8).toString('hex')}`);
  await writeFile(draft, bytes);
  await rename(draft, stored);
  return { stored, what };
}

/** Names are made of checked parts: a file cannot say where it goes. */
const needName = /^[a-z0-9]+(\/[a-z0-9-]+)+$/;

function placeOf(found: Recognised, bytes: Bytes): { readonly path: string; readonly what: string } {
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  if (found.kind === 'certificates') {
    const { length } = found.certificates;
    // DER and PEM are both read back, whatever the name.
    return { path: join('certificates', `${digest}.pem`), what: `${length} certificate${length === 1 ? '' : 's'}` };
  }
  const { kind, name, issued, evaluation } = found;
  if (!needName.test(name))
    throw new AttestError(
      'RequestMalformed',
      'The name of a piece of collateral is made of small letters, digits and hyphens',
    );
  const day = new Date(issued).toISOString().slice(0, 10);
  const version = evaluation === undefined ? day : `${day}-${evaluation}`;
  return { path: join(...name.split('/'), `${version}-${digest}.${kind === 'crl' ? 'crl' : 'json'}`), what: name };
}
