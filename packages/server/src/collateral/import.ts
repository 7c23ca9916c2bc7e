/**
 * Puts files into a collateral folder. Each is recognised by its content and stored unchanged as
 * `{need}/{issued}[-{evaluation}]-{digest}.{json,crl}`, certificates as `certificates/{digest}.pem`.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AttestError, type Bytes, isMixedPem, type Recognised, recognise } from '@assay/core';
import { makeFolder } from '../make-folder.ts';
import { codeOf, longestFile } from './files.ts';
import { isDisowned } from './holding.ts';
import { readFolder } from './show.ts';

export interface Imported {
  /** As it was named. */
  readonly file: string;
  /** Where it stands now; absent when it was not taken. */
  readonly stored?: string;
  /** What it is, or why it was not taken. */
  readonly what: string;
  /** Who did not take it: the system, which did not let it be read or stored, or we, as it does not belong there. */
  readonly refusedBy?: 'system' | 'content';
  /** What speaks against it though it was taken. */
  readonly warning?: string;
}

/** @param to the folder, made where it is absent */
export async function importFiles(files: readonly string[], to: string): Promise<readonly Imported[]> {
  const done: Imported[] = [];
  for (const file of files) done.push(await importFile(file, to));
  if (done.every(({ stored }) => stored === undefined)) return done;
  // Whoever signs may be in any of the files, or have been there before.
  const { holding } = await readFolder(to);
  const disowned = new Set(holding.items.filter((item) => isDisowned(item, holding)).map(({ path }) => path));
  return done.map((one) =>
    one.stored !== undefined && disowned.has(one.stored) ? { ...one, warning: notSigned } : one,
  );
}

const notSigned = 'no certificate in the folder signed it, though those who sign such files are there: was it edited?';

async function importFile(file: string, to: string): Promise<Imported> {
  const read = await readOne(file);
  if ('what' in read) return read;
  const { bytes } = read;
  const found = recognise(bytes);
  if (!found) return { file, what: isMixedPem(bytes) ? mixed : stranger, refusedBy: 'content' };
  try {
    return { file, ...(await storeFile(bytes, found, to)) };
  } catch (error) {
    return refusedBySystem(file, `it cannot be stored in ${to}`, error);
  }
}

const stranger =
  'it is not collateral: expected TCB info or QE identity as served, a CRL, or certificates (256 at most in one file)';
const mixed = 'it holds certificates and a CRL: each kind needs a file of its own';

async function readOne(file: string): Promise<Imported | { readonly bytes: Bytes }> {
  try {
    const about = await stat(file);
    if (!about.isFile()) return { file, what: 'it is not a file', refusedBy: 'system' };
    if (about.size <= longestFile) return { bytes: new Uint8Array(await readFile(file)) };
    return { file, what: `it has ${about.size} bytes, at most ${longestFile}`, refusedBy: 'content' };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { file, what: 'there is no such file', refusedBy: 'system' };
    return refusedBySystem(file, 'it cannot be read', error);
  }
}

/** Only what the system says with a code of its own: anything else is a defect, and ends everything. */
function refusedBySystem(file: string, what: string, error: unknown): Imported {
  if (!(error instanceof Error && 'code' in error)) throw error;
  return { file, what: `${what} (${codeOf(error)})`, refusedBy: 'system' };
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
  makeFolder(dirname(stored));
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
