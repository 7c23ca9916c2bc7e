/** Tells what a collateral folder holds. */
import { relative } from 'node:path';
import { commonName } from '@assay/core';
import { bytesOf, filesIn } from './files.ts';
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

/**
 * @returns what the folder holds, by kind and name, and the files that were not recognised
 * @throws {Error} the system's own when there is no such folder
 */
export async function showFolder(
  folder: string,
): Promise<{ readonly shown: readonly Shown[]; readonly strangers: readonly string[] }> {
  const { items, certificates, strangers } = await readHolding(folder);
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
      name: commonName(one.subject) ?? 'without a common name',
      from: one.notBefore,
      until: one.notAfter,
    })),
  ];
  const order = (a: Shown, b: Shown): number =>
    a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name) || a.from - b.from;
  return { shown: shown.sort(order), strangers: strangers.map((path) => relative(folder, path)) };
}

async function readHolding(folder: string): Promise<Holding> {
  const files: [string, Uint8Array][] = [];
  for (const found of await filesIn(folder)) {
    const bytes = await bytesOf(found);
    if (bytes) files.push([found.path, bytes]);
  }
  return holdingOf(files);
}
