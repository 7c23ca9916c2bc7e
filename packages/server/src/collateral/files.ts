/**
 * Reads a folder that people fill: every regular file below it, within bounds, hidden ones left out. What cannot be read
 * or is more than is kept is passed over and told: one bad file must not hide the others.
 */
import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '@assay/core';

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

/** What is passed over, and why: a file, or a folder with all that is in it. */
export interface Skipped {
  readonly path: string;
  readonly problem: string;
}

export interface Listing {
  /** In order of their paths. */
  readonly files: readonly Found[];
  readonly skipped: readonly Skipped[];
}

/** @param folder one that is absent holds nothing */
export async function filesIn(folder: string): Promise<Listing> {
  const listing = { files: [] as Found[], skipped: [] as Skipped[] };
  let left = mostBytes;
  const skip = (path: string, problem: string): void => {
    listing.skipped.push({ path, problem });
  };
  const unread = (path: string) => (error: unknown) => {
    // What is gone meanwhile, or a link to it, is not there.
    if (codeOf(error) !== 'ENOENT') skip(path, `cannot be read (${codeOf(error)})`);
    return undefined;
  };
  const isFull = (): boolean => listing.files.length + listing.skipped.length >= mostFiles;

  async function walk(within: string, depth: number): Promise<void> {
    const names = (await readdir(within).catch(unread(within))) ?? [];
    for (const name of names.filter((one) => !one.startsWith('.')).sort()) {
      if (isFull()) return;
      const path = join(within, name);
      // Links are followed: orchestrators mount files as links. The depth ends any circle of them.
      const about = await stat(path).catch(unread(path));
      if (about?.isDirectory() && depth < deepestFolder) await walk(path, depth + 1);
      if (!about?.isFile()) continue;
      const { size, mtimeMs: modified } = about;
      if (size > longestFile) skip(path, `has ${size} bytes, at most ${longestFile}`);
      else if (size > left) skip(path, `is too much: files have ${mostBytes} bytes together at most`);
      else {
        left -= size;
        listing.files.push({ path, size, version: versionOf(about), modified });
      }
    }
  }

  await walk(folder, 0);
  if (isFull()) skip(folder, `holds more than ${mostFiles} files`);
  return listing;
}

/** What tells whether a file changed. */
export const versionOf = ({ ino, size, mtimeMs }: Stats): string => `${ino}:${size}:${mtimeMs}`;

/** @returns the file's bytes, or why there are none; neither when it went away meanwhile */
export async function bytesOf({ path }: Found): Promise<{ readonly bytes?: Bytes; readonly skipped?: Skipped }> {
  try {
    const bytes = new Uint8Array(await readFile(path));
    if (bytes.length <= longestFile) return { bytes };
    return { skipped: { path, problem: `has ${bytes.length} bytes, at most ${longestFile}` } };
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? {} : { skipped: { path, problem: `cannot be read (${codeOf(error)})` } };
  }
}

/** Hands on only what was not there the last time: folders are looked at again every few seconds. */
export function onlyNew(tell: (skipped: Skipped) => void): (skipped: readonly Skipped[]) => void {
  let told = new Set<string>();
  return (skipped) => {
    const now = new Map(skipped.map((one) => [`${one.path}\0${one.problem}`, one]));
    for (const [key, one] of now) if (!told.has(key)) tell(one);
    told = new Set(now.keys());
  };
}

/** The system's name of a failure, which quotes nothing. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
