/** Files of the data folder: made once, readable by their owner alone, whole or not at all. */

import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import {
  type AttestError,
  type Bytes,
  exportPkcs8,
  generateKey,
  importPkcs8,
  type KeyKind,
  type PrivateKey,
  pemBlocks,
  toPem,
  utf8,
} from '@assay/core';
import { makeFolder } from '../make-folder.ts';
import { misconfigured } from '../misconfigured.ts';

/** A folder that only its owner may enter. */
export function privateFolder(path: string): string {
  try {
    makeFolder(path, 0o700);
    if (isOpen(path)) chmodSync(path, 0o700);
  } catch (cause) {
    throw unusable(path, 'cannot be made', cause);
  }
  return path;
}

/**
 * What a file holds, or what is made for it when it is absent. Of several processes that start at once on one folder
 * all get what the first of them made.
 * @throws {AttestError} ConfigurationInvalid when others than the owner may read the file
 */
export function madeOnce(path: string, make: () => string): string {
  const found = readPrivate(path);
  if (found !== undefined) return found;
  const draft = writeDraft(path, make());
  try {
    linkSync(draft, path);
  } catch (cause) {
    if (!isCode(cause, 'EEXIST')) copyOnce(draft, path);
  } finally {
    unlinkSync(draft);
  }
  return readPrivate(path) ?? '';
}

/** Reads a file that nobody but its owner may read; undefined where there is none. */
export function readPrivate(path: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined;
    throw unusable(path, 'cannot be read', cause);
  }
  if (isOpen(path))
    throw unusable(path, 'may be read by others: run chmod 600 on it, or remove it and a new one is made');
  return text;
}

/** For file systems without hard links. */
function copyOnce(draft: string, path: string): void {
  try {
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
  } catch (cause) {
    if (!isCode(cause, 'EEXIST')) throw unusable(path, 'cannot be written', cause);
  }
}

/** Puts another text in a file's place: readers see the old one or the new one. */
export function replace(path: string, text: string): void {
  const draft = writeDraft(path, text);
  try {
    renameSync(draft, path);
  } catch (cause) {
    unlinkSync(draft);
    throw unusable(path, 'cannot be written', cause);
  }
}

/** A private key kept as PEM, made on first use. */
export function keptKey(path: string, kind: KeyKind): PrivateKey {
  const text = madeOnce(path, () => toPem('PRIVATE KEY', exportPkcs8(generateKey(kind))));
  try {
    const [key] = pemBlocks(utf8(text), 'PRIVATE KEY', 1, path);
    if (key) return importPkcs8(key, path);
  } catch (cause) {
    throw unusable(path, 'holds no private key that can be used', cause);
  }
  throw unusable(path, 'holds no private key');
}

/** Twenty bytes at most, positive (RFC 5280 §4.1.2.2). */
export function randomSerial(): Bytes {
  const serial = new Uint8Array(randomBytes(16));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}

function writeDraft(path: string, text: string): string {
  privateFolder(dirname(path));
  const draft = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    const file = openSync(draft, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw unusable(path, 'cannot be written', cause);
  }
  return draft;
}

/** Whether anyone but the owner has any right. Windows keeps rights elsewhere. */
const isOpen = (path: string): boolean => process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0;

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const unusable = (path: string, problem: string, cause?: unknown): AttestError =>
  misconfigured(`${path} ${problem}`, cause);
