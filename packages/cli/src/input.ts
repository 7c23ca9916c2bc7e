/** What commands read: files and standard input within bounds, evidence in any of its spellings, times. */
import { createReadStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { AttestError, type Bytes, Malformed, reasonOf } from '@assay/core';
import { fromBase64, fromHex, latin1 } from '@assay/core/bytes';
import { CommandError } from './exit.ts';
import type { Terminal } from './ui.ts';

/** The largest file that is read, in bytes: CRLs of a few megabytes exist. */
const longestFile = 16 * 1024 * 1024;

/** @param name a path, or `-` for standard input */
export async function readInput(terminal: Pick<Terminal, 'stdin'>, name: string): Promise<Bytes> {
  const bytes = name === '-' ? await terminal.stdin() : await readNamed(name);
  if (bytes.length > longestFile) throw tooLong(name, bytes.length);
  return bytes;
}

async function readNamed(name: string): Promise<Bytes> {
  const about = await stat(name).catch((cause: unknown) => {
    throw new CommandError('usage', `${name} cannot be read: ${reasonOf(cause)}`, [], cause);
  });
  if (about.isDirectory()) throw new CommandError('usage', `${name} is a folder, expected a file`);
  if (about.size > longestFile) throw tooLong(name, about.size);
  try {
    return await readBounded(name);
  } catch (cause) {
    throw new CommandError('usage', `${name} cannot be read: ${reasonOf(cause)}`, [], cause);
  }
}

/** Devices and pipes do not say how long they are, and some have no end. */
async function readBounded(name: string): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of createReadStream(name, { end: longestFile })) chunks.push(chunk as Uint8Array);
  return new Uint8Array(Buffer.concat(chunks));
}

const tooLong = (name: string, length: number): CommandError =>
  new CommandError('usage', `${name} has ${length} bytes, at most ${longestFile} are read`);

/** @throws {CommandError} usage, unless there is such a folder and it can be read */
export async function requireFolder(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isDirectory()) throw new CommandError('usage', `${path} is a file, expected a folder`);
    await access(path, constants.R_OK | constants.X_OK);
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError('usage', `the folder ${path} cannot be read: ${reasonOf(cause)}`, [], cause);
  }
}

/**
 * Evidence as people hand it around: raw bytes, or one text of hexadecimal or base64 (either alphabet), in lines or not.
 * @throws {AttestError} EvidenceMalformed for text that is neither
 */
export function evidenceBytes(input: Bytes, name: string): Bytes {
  // Every binary format of evidence has zero bytes; no text has.
  if (
    input.length === 0 ||
    !input.every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127))
  )
    return input;
  const text = latin1(input).replace(/\s+/g, '');
  if (/^[0-9a-fA-F]*$/.test(text) && text.length % 2 === 0) return fromHex(text, name);
  try {
    return fromBase64(text, 'either', name);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    const where = { path: name, ...(cause.offset !== undefined && { offset: cause.offset }) };
    throw new AttestError(
      'EvidenceMalformed',
      `${name} is text, but neither hexadecimal nor base64: character ${cause.offset ?? 0} ${cause.problem}`,
      { where, cause },
    );
  }
}

/**
 * A moment: ISO 8601 in UTC (`2025-03-28`, `2025-03-28T12:00:00Z`), or seconds since 1970.
 * @throws {CommandError} usage for anything else
 */
export function momentOf(text: string, flag: string): Date {
  const seconds = /^\d{1,11}$/.test(text) ? Number(text) * 1000 : Number.NaN;
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|\+00:00))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  const time = Number.isNaN(iso) ? seconds : iso;
  // Date.parse rolls 30 February over to March: what comes back must be what was written.
  const isRolled = !Number.isNaN(iso) && !new Date(iso).toISOString().startsWith(text.slice(0, 10));
  if (Number.isNaN(time) || isRolled)
    throw new CommandError('usage', `${flag} takes a time, not «${text}»`, [
      'write it as 2025-03-28T12:00:00Z, or as seconds since 1970',
    ]);
  return new Date(time);
}

/** A moment for people: UTC, without milliseconds that are zero. */
export const momentText = (time: Date | number): string => {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'no end' : date.toISOString().replace('.000Z', 'Z');
};
