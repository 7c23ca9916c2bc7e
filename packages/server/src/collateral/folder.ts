/**
 * Collateral from a folder: for air-gapped services and recorded evidence. Files may have any names and stand in any
 * folders below; each is recognised by its content. What is put there is noticed without a restart.
 */
import type { Bytes } from '@assay/core';
import { bytesOf, filesIn, onlyNew, type Skipped } from './files.ts';
import { choose, type Holding, holdingOf } from './holding.ts';
import type { CollateralSource } from './source.ts';

export interface FolderOptions {
  /** How old the view of the folder may be, in milliseconds, before it is looked at again. */
  readonly staleMilliseconds?: number;
  /** Milliseconds of any steady clock. */
  readonly clock: () => number;
  /** Told about each new view. */
  readonly seen?: (holding: Holding) => void;
  /** Told about each thing that is passed over, once. */
  readonly skipped?: (skipped: Skipped) => void;
}

/** @param folder one that is absent holds nothing, and may appear later */
export function folderSource(folder: string, options: FolderOptions): CollateralSource {
  const current = folderView(folder, options);
  return {
    collateral: async (needs, at) => choose(await current(), needs, at),
    certificates: async () => (await current()).certificates.map(({ raw }) => raw),
  };
}

/** @returns gives what the folder holds, as of a moment ago at most */
export function folderView(
  folder: string,
  { staleMilliseconds = 5000, clock, seen, skipped: passedOver = () => {} }: FolderOptions,
): () => Promise<Holding> {
  const kept = new Map<string, { readonly version: string; readonly bytes: Bytes }>();
  let view: { readonly holding: Holding; readonly looked: number } | undefined;
  let looking: Promise<Holding> | undefined;
  const tell = onlyNew(passedOver);

  async function look(): Promise<Holding> {
    const { files, skipped } = await filesIn(folder);
    const unread = [...skipped];
    const paths = new Set(files.map(({ path }) => path));
    const gone = [...kept.keys()].filter((path) => !paths.has(path));
    for (const path of gone) kept.delete(path);
    let isSame = view !== undefined && gone.length === 0;
    for (const file of files) {
      if (kept.get(file.path)?.version === file.version) continue;
      const { bytes, skipped } = await bytesOf(file);
      if (bytes) kept.set(file.path, { version: file.version, bytes });
      if (skipped) unread.push(skipped);
      // One that could not be read before either changes nothing.
      if (bytes || kept.delete(file.path)) isSame = false;
    }
    tell(unread);
    const holding =
      isSame && view ? view.holding : holdingOf([...kept].map(([path, { bytes }]) => [path, bytes] as const));
    if (!isSame) seen?.(holding);
    view = { holding, looked: clock() };
    return holding;
  }

  return async () => {
    if (view && clock() - view.looked < staleMilliseconds) return view.holding;
    // Requests that come meanwhile wait for the same look.
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
}
