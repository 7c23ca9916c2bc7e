/** Reads a folder that people fill: every regular file below it, within bounds, hidden ones left out. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AttestError, type Bytes } from '@assay/core';

/** A CRL with a hundred thousand entries has 4 MB. */
export const longestFile = 16 * 1024 * 1024;
const mostFiles = 4096;
const mostBytes = 256 * 1024 * 1024;
const deepestFolder = 4;

/** A file as it is on disk, and what tells whether it changed. */
export interface Found {
  readonly path: string;
  readonly size: number;
  readonly version: string;
  /** When it was last written, in milliseconds since 1970. */
  readonly modified: number;
}

/**
 * @returns files in order of their paths
 * @throws {AttestError} ConfigurationInvalid when there are more or larger files than the service keeps
 */
export async function filesIn(folder: string): Promise<readonly Found[]> {
  const found: Found[] = [];
  await walk(folder, 0, found);
  const bytes = found.reduce((sum, { size }) => sum + size, 0);
  if (bytes > mostBytes) throw tooMuch(folder, `holds ${bytes} bytes, at most ${mostBytes}`);
  return found;
}

async function walk(folder: string, depth: number, found: Found[]): Promise<void> {
  const names = (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  for (const name of names) {
    const path = join(folder, name);
    // Links are followed: orchestrators mount files as links. The depth ends any circle of them.
    const about = await stat(path).catch(() => undefined);
    if (about?.isDirectory() && depth < deepestFolder) await walk(path, depth + 1, found);
    if (!about?.isFile()) continue;
    if (found.length >= mostFiles) throw tooMuch(folder, `holds more than ${mostFiles} files`);
    if (about.size > longestFile) throw tooMuch(path, `has ${about.size} bytes, at most ${longestFile}`);
    found.push({
      path,
      size: about.size,
      version: `${about.ino}:${about.size}:${about.mtimeMs}`,
      modified: about.mtimeMs,
    });
  }
}

/** The same for a folder that need not be there. */
export async function filesInIfAny(folder: string): Promise<readonly Found[]> {
  return filesIn(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
}

/** The file's bytes; undefined when it went away meanwhile. */
export async function bytesOf({ path }: Found): Promise<Bytes | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  return bytes && bytes.length <= longestFile ? new Uint8Array(bytes) : undefined;
}

const tooMuch = (path: string, problem: string): AttestError =>
  new AttestError('ConfigurationInvalid', `The collateral in ${path} ${problem}`);
