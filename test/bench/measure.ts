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
