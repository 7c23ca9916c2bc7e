/**
 * Contexts that may be used once: those that were, for as long as they could be used again. Each is a file whose making
 * succeeds once, so that all processes on one data folder know of it, also after a restart.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '@assay/core';
import { misconfigured } from './misconfigured.ts';

/** Files stand in folders by the time when they end, which go away as a whole. */
const windowMilliseconds = 600_000;
const windowOf = (time: Date): number => Math.floor(time.getTime() / windowMilliseconds);

/** Spends a key; false when it was spent before, or is past its time. */
export type Spend = (key: Bytes, until: Date, now: Date) => Promise<boolean>;

/**
 * Full, it refuses new keys rather than forget a spent one.
 * @param most keys of this process in one window
 */
export function spending(folder: string, most: number): Spend {
  const counts = new Map<number, number>();
  let cleaned = 0;

  async function clean(current: number): Promise<void> {
    if (current === cleaned) return;
    cleaned = current;
    for (const window of counts.keys()) if (window < current) counts.delete(window);
    const names = await readdir(folder).catch(() => []);
    for (const name of names)
      if (/^\d+$/.test(name) && Number(name) < current) await rm(join(folder, name), { recursive: true, force: true });
  }

  return async (key, until, now) => {
    if (until <= now) return false;
    await clean(windowOf(now));
    const window = windowOf(until);
    const count = counts.get(window) ?? 0;
    if (count >= most) return false;
    const name = createHash('sha256').update(key).digest('hex');
    const isFirst = await makeOnce(join(folder, String(window)), name);
    if (isFirst) counts.set(window, (counts.get(window) ?? 0) + 1);
    return isFirst;
  };
}

async function makeOnce(folder: string, name: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(join(folder, name), 'wx', 0o600);
    await file.close();
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw misconfigured(`The folder ${folder}, where spent contexts are kept, cannot be written`, cause);
  }
}
