/** Files that commands write: one by its path, or several into a folder. */
import { access, constants, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bytes, reasonOf } from '@assay/core';
import { makeFolder } from '@assay/server/collateral';
import { CommandError } from './exit.ts';

/**
 * Looks before the work whether a file can be written afterwards: what a service has answered by then is not asked twice.
 * @throws {CommandError} usage
 */
export async function requireWritable(path: string): Promise<void> {
  const folder = dirname(path);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    const isAbsent = (cause as { readonly code?: unknown }).code === 'ENOENT';
    const why = isAbsent ? `there is no folder ${folder}` : reasonOf(cause);
    throw new CommandError('usage', `${path} cannot be written: ${why}`, [], cause);
  });
}

/** @param mode of a file that is made, such as 0o600 for private keys @throws {CommandError} usage */
export async function writeOutput(path: string, content: Bytes | string, mode = 0o666): Promise<void> {
  await writeFile(path, content, { mode }).catch((cause: unknown) => {
    throw new CommandError('usage', `${path} cannot be written: ${reasonOf(cause)}`, [], cause);
  });
}

/** A file that its owner alone may read. One that is there already is kept: it may hold the only copy of a key. */
export async function writeSecret(path: string, content: string): Promise<void> {
  await writeFile(path, content, { mode: 0o600, flag: 'wx' }).catch((cause: unknown) => {
    const isThere = (cause as { readonly code?: unknown }).code === 'EEXIST';
    const why = isThere ? 'is there already, and is not written over' : `cannot be written: ${reasonOf(cause)}`;
    throw new CommandError('usage', `${path} ${why}`, [], cause);
  });
}

/** Writes files below a folder, making folders on the way. @throws {CommandError} usage */
export async function writeFolder(folder: string, files: ReadonlyMap<string, Bytes | string>): Promise<void> {
  try {
    for (const [name, content] of files) {
      const path = join(folder, name);
      makeFolder(dirname(path));
      await writeFile(path, content);
    }
  } catch (cause) {
    throw new CommandError('usage', `${folder} cannot be written to: ${reasonOf(cause)}`, [], cause);
  }
}
