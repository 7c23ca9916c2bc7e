/** What JMESPath does with texts, each in time that grows with their length and no faster, and paid for by it. */
import { type Steps, spend } from './budget.ts';
import { foldCase } from './undocumented.ts';

/** By code points, which is also the byte order of UTF-8. What two texts have in common is paid for. */
export function compareText(a: string, b: string, steps: Steps): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  spend(steps, 4 + (i >> 2));
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
/** Whether the unit at `at` is the second half of a pair. */
const closesPair = (text: string, at: number): boolean => isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1));

/** How many code points a text has. */
export function countPoints(text: string, steps: Steps): number {
  spend(steps, text.length >> 2);
  let count = text.length;
  for (let at = 1; at < text.length; at++) if (closesPair(text, at)) count--;
  return count;
}

/** A text's code points from the last to the first. */
export function reversed(text: string, steps: Steps): string {
  spend(steps, 2 * text.length);
  const units = new Uint16Array(text.length);
  for (let at = text.length - 1, to = 0; at >= 0; at--) {
    if (closesPair(text, at)) {
      units[to++] = text.charCodeAt(at - 1);
      units[to++] = text.charCodeAt(at--);
    } else units[to++] = text.charCodeAt(at);
  }
  let made = '';
  for (let at = 0; at < units.length; at += 4096) made += String.fromCharCode(...units.subarray(at, at + 4096));
  return made;
}

/** Whether two texts are equal but for the case of letters. */
export function equalFolded(a: string, b: string, steps: Steps): boolean {
  if (a.length !== b.length) return false;
  spend(steps, a.length >> 2);
  for (let at = 0; at < a.length; at++) if (foldCase(a.charCodeAt(at)) !== foldCase(b.charCodeAt(at))) return false;
  return true;
}

/** The engine's own search takes the product of both lengths at worst: it serves where that is at most this. */
const smallProduct = 1 << 14;

/** Whether a text contains another (Knuth, Morris and Pratt 1977). */
export function containsText(text: string, sought: string, steps: Steps): boolean {
  const product = text.length * sought.length;
  if (product <= smallProduct) {
    spend(steps, product >> 4);
    return text.includes(sought);
  }
  if (sought.length > text.length) return false;
  spend(steps, (text.length + sought.length) >> 1);
  // How much of what is sought still matches when it fails to go on.
  const shorter = new Int32Array(sought.length);
  for (let at = 1, matched = 0; at < sought.length; at++) {
    matched = extended(matched, sought.charCodeAt(at));
    shorter[at] = matched;
  }
  for (let at = 0, matched = 0; at < text.length; at++) {
    matched = extended(matched, text.charCodeAt(at));
    if (matched === sought.length) return true;
  }
  return false;

  function extended(from: number, unit: number): number {
    let matched = from;
    while (matched > 0 && sought.charCodeAt(matched) !== unit) matched = shorter[matched - 1] as number;
    return sought.charCodeAt(matched) === unit ? matched + 1 : 0;
  }
}
