/** The known name that a misspelt one most likely means. */

/** Names longer than this are not compared: the work grows with the product of two lengths. */
const longestName = 100;

/** @returns the closest name, if it differs in few enough letters to be meant */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(4, Math.ceil(name.length / 3)) + 1;
  if (name.length > longestName) return undefined;
  for (const each of known) {
    if (Math.abs(each.length - name.length) >= least || each.length > longestName) continue;
    const distance = editDistance(name.toLowerCase(), each.toLowerCase());
    if (distance < least) [best, least] = [each, distance];
  }
  return best;
}

/** Letters to put in, take out or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    above = row;
  }
  return above[b.length] ?? 0;
}
