/**
 * Reference logs: a folder with one stored boot log per label, `LABEL.log`. Whoever operates the service puts them there;
 * a log that does not explain its quote is compared with them.
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttestError, type Bytes } from '@assay/core';
import { parseLog, type ReferenceLog, referenceBytes, referenceLimits, referenceLogs } from '@assay/core/tpm';
import { makeFolder } from '../make-folder.ts';
import { codeOf } from './files.ts';
import type { CollateralSource } from './source.ts';

/** Small letters, since not every file system tells them from capitals. */
const labelForm = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const extension = '.log';

/**
 * Stores a log in place of the one that had its label before; a reader never sees half a file.
 * @param folder made where it is absent
 * @returns the file's path
 * @throws {Malformed} for bytes that are no log
 * @throws {AttestError} RequestMalformed for a label that is none, a log that is too long, and one too many
 */
export async function setReferenceLog(folder: string, label: string, log: Bytes): Promise<string> {
  if (!labelForm.test(label))
    throw refused(
      `«${label}» is no label, expected at most 64 small letters, digits, dots, hyphens and underscores, the first a letter or digit`,
    );
  const { logs, bytes } = referenceLimits;
  if (log.length > bytes) throw refused(`the log has ${log.length} bytes, at most ${bytes} are stored`);
  parseLog(log);
  makeFolder(folder);
  const labels = await labelsIn(folder);
  if (!labels.includes(label) && labels.length >= logs)
    throw refused(`${folder} holds ${labels.length} logs, at most ${logs}: delete one that is needed no longer`);
  const path = join(folder, `${label}${extension}`);
  // Hidden, and so no label.
  const draft = join(folder, `.${randomBytes(8).toString('hex')}`);
  try {
    await writeFile(draft, log);
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => {});
    throw error;
  }
  return path;
}

const refused = (message: string): AttestError => new AttestError('RequestMalformed', message);

/** @param folder one that is absent holds nothing @returns in the order of their labels; what is too long is left out */
export async function referenceLogsIn(folder: string): Promise<readonly ReferenceLog[]> {
  const labels = (await labelsIn(folder)).slice(0, referenceLimits.logs);
  const logs = await Promise.all(labels.map((label) => readLog(join(folder, `${label}${extension}`))));
  return labels.flatMap((label, i) => {
    const log = logs[i];
    return log ? [{ label, log }] : [];
  });
}

async function labelsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(extension))
    .map((name) => name.slice(0, -extension.length))
    .filter((label) => labelForm.test(label))
    .sort();
}

async function readLog(path: string): Promise<Bytes | undefined> {
  try {
    const { size } = await stat(path);
    return size <= referenceLimits.bytes ? new Uint8Array(await readFile(path)) : undefined;
  } catch (error) {
    if (isOfSystem(error)) return undefined;
    throw error;
  }
}

/** What cannot be read is not held: these logs decide nothing, and must not keep a machine from its verdict. */
function noneHeld(error: unknown): readonly ReferenceLog[] {
  if (isOfSystem(error)) return [];
  throw error;
}

const isOfSystem = (error: unknown): boolean => codeOf(error) !== 'unknown';

export interface ReferenceOptions {
  /** How old the view of the folder may be, in milliseconds, before it is looked at again. */
  readonly staleMilliseconds?: number;
  /** Milliseconds of any steady clock. */
  readonly clock: () => number;
}

/** Answers for the reference logs, and leaves everything else to another source. */
export function withReferenceLogs(
  source: CollateralSource,
  folder: string,
  { staleMilliseconds = 5000, clock }: ReferenceOptions,
): CollateralSource {
  let view: { readonly bytes: Promise<Bytes>; readonly looked: number } | undefined;
  const current = (): Promise<Bytes> => {
    // Requests that come meanwhile wait for the same look.
    if (!view || clock() - view.looked >= staleMilliseconds)
      view = { bytes: referenceLogsIn(folder).catch(noneHeld).then(referenceBytes), looked: clock() };
    return view.bytes;
  };
  return {
    ...source,
    async collateral(needs, at) {
      const others = needs.filter(({ name }) => name !== referenceLogs.name);
      const have = await source.collateral(others, at);
      return others.length === needs.length ? have : new Map([...have, [referenceLogs.name, await current()]]);
    },
  };
}
