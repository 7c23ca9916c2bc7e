/** Tells what a collateral folder holds. */
import { relative } from 'node:path';
import { bytesOf, filesIn, type Skipped } from './files.ts';
import { type Holding, holdingOf } from './holding.ts';

/** One thing held. Times are milliseconds since 1970. */
export interface Shown {
  readonly kind: 'tcb-info' | 'qe-identity' | 'crl' | 'certificate';
  /** The need it answers, or a certificate's subject. */
  readonly name: string;
  readonly from: number;
  readonly until: number;
  readonly evaluation?: number;
  /** From the folder; absent for certificates, which may stand in several files. */
  readonly path?: string;
}

/** @returns what the folder holds, by kind and name, the files that were not recognised, and what could not be read */
export async function showFolder(folder: string): Promise<{
  readonly shown: readonly Shown[];
  readonly strangers: readonly string[];
  readonly skipped: readonly Skipped[];
}> {
  const { holding, skipped } = await readFolder(folder);
  const { items, certificates, strangers } = holding;
  const shown: Shown[] = [
    ...items.map(({ kind, name, issued, until, evaluation, path }) => ({
      kind,
      name,
      from: issued,
      until,
      ...(evaluation !== undefined && { evaluation }),
      path: relative(folder, path),
    })),
    ...certificates.map((one) => ({
      kind: 'certificate' as const,
      name: one.commonName ?? 'without a common name',
      from: one.notBefore,
      until: one.notAfter,
    })),
  ];
  const order = (a: Shown, b: Shown): number =>
    a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name) || a.from - b.from;
  return {
    shown: shown.sort(order),
    strangers: strangers.map((path) => relative(folder, path)),
    skipped: skipped.map(({ path, problem }) => ({ path: relative(folder, path), problem })),
  };
}

/** What a folder holds at this moment, and what of it could not be read. */
export async function readFolder(
  folder: string,
): Promise<{ readonly holding: Holding; readonly skipped: readonly Skipped[] }> {
  const { files, skipped } = await filesIn(folder);
  const unread = [...skipped];
  const read: [string, Uint8Array][] = [];
  for (const file of files) {
    const { bytes, skipped } = await bytesOf(file);
    if (bytes) read.push([file.path, bytes]);
    if (skipped) unread.push(skipped);
  }
  return { holding: holdingOf(read), skipped: unread };
}
