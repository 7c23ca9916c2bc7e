/** Numbers that machines with other work to do can give: medians of turns taken by turns, and how far they spread. */

/** Calls a second over a slice of time. */
export async function perSecond(once: () => Promise<void> | void, milliseconds: number): Promise<number> {
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < milliseconds) {
    await once();
    done++;
  }
  return (done * 1000) / (performance.now() - begin);
}

const sorted = (values: readonly number[]): readonly number[] => [...values].sort((a, b) => a - b);

export const median = (values: readonly number[]): number => sorted(values)[values.length >> 1] ?? 0;

/** The median, and between which values the middle half lies. */
export function told(values: readonly number[], digits: number, unit: string): string {
  const all = sorted(values);
  const [low, high] = [all[all.length >> 2] ?? 0, all[(3 * all.length) >> 2] ?? 0];
  return `${median(values).toFixed(digits)}${unit} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

export type Work = () => unknown;
const rounds = 15;

/** Microseconds a call of each, by turns; a turn lasts some milliseconds. */
export async function byTurns(works: readonly Work[]): Promise<readonly (readonly number[])[]> {
  const times = works.map((): number[] => []);
  const counts: number[] = [];
  for (const work of works) {
    const begin = performance.now();
    let done = 0;
    while (performance.now() - begin < 300) {
      await work();
      done++;
    }
    counts.push(Math.max(1, Math.round((done * 25) / 300)));
  }
  for (let round = 0; round < rounds; round++)
    for (const [i, work] of works.entries()) {
      const count = counts[i] ?? 1;
      const begin = performance.now();
      for (let call = 0; call < count; call++) await work();
      times[i]?.push(((performance.now() - begin) * 1000) / count);
    }
  return times;
}

export const line = (name: string, times: readonly number[], note = ''): void =>
  console.log(`  ${name.padEnd(44)} ${told(times, 1, ' µs').padStart(34)}   ${note}`);

/** How many times as long as others something took, turn by turn. */
export const ratio = (times: readonly number[], others: readonly number[]): string =>
  `× ${told(
    times.map((time, turn) => time / (others[turn] ?? time)),
    2,
    '',
  )}`;
