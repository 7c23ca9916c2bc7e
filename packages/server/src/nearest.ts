/** What somebody may have meant who wrote a name that there is not. */

/**
 * @param path with dots, as the candidates are; their last parts are compared, and the section decides between equals
 * @returns undefined where none is near
 */
export function nearest(path: string, candidates: readonly string[]): string | undefined {
  const [section, name] = parts(path);
  const most = Math.max(1, Math.floor(name.length / 3));
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const [itsSection, itsName] = parts(candidate);
    const distance = edits(name, itsName) + (section === itsSection ? 0 : 0.5);
    if (distance < (best?.distance ?? most + 1)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** Neither case nor what separates words makes a difference. */
function parts(path: string): readonly [section: string, name: string] {
  const plain = path.toLowerCase().replace(/[^a-z0-9.]/g, '');
  const dot = plain.lastIndexOf('.');
  return [plain.slice(0, Math.max(0, dot)), plain.slice(dot + 1)];
}

/** Letters to put in, take out, exchange for another or for their neighbour (optimal string alignment). */
function edits(a: string, b: string): number {
  let [before, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
