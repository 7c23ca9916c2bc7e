/** Remembered cryptography: run at most once per input, anchors and settings; the clock is asked every time. */
import { type Appraisal, type Check, settle } from './appraisal.ts';
import type { Bytes } from './bytes/index.ts';
import type { Context, Memo, Proven } from './contract.ts';
import { digestOf } from './crypto/digest.ts';
import { formatJson, isoTime } from './json/index.ts';

/** No memory at all: the command line and most tests. */
export const forgetful: Memo = (_key, make) => make();

/** What was vouched for, and how its dates stand to the time appraised for. */
export interface Voucher<T> {
  readonly value: T;
  readonly from: number;
  readonly until: number;
  readonly begun: boolean;
  readonly ended: boolean;
}

/**
 * @param what names the branch of the appraisal and the kind of thing in the memory's key
 * @param inputs all bytes that the outcome depends on, CRLs and issuers included
 * @param dated the check that notes whether the outcome is usable at the time appraised for (noted, not required); none
 *   for what holds at any time
 * @param make clock-free cryptography; a check that fails in it is on record before it throws, and nothing is kept
 */
export function vouch<T>(
  context: Pick<Context<unknown>, 'at' | 'anchors' | 'appraisal' | 'memo'>,
  what: string,
  inputs: readonly Bytes[],
  dated: Check | undefined,
  make: (appraisal: Appraisal) => Proven<T>,
): Voucher<T> {
  let fresh = false;
  const kept = context.memo<T>(`${what}:${nameOf(inputs, context.memo.digests)}:${context.anchors.id}`, () => {
    fresh = true;
    const branch = context.appraisal.within(what);
    const made = make(branch);
    const window = `${isoTime(made.from)} to ${isoTime(made.until)}`;
    return { ...made, window, shown: settle(branch.root, formatJson) };
  });
  if (!fresh) context.appraisal.graft(kept.shown, true);
  const time = context.at.getTime();
  const begun = kept.from <= time;
  const ended = time > kept.until;
  if (dated)
    context.appraisal.note(dated, begun && !ended, {
      expected: kept.window,
      observed: context.at,
      detail: what,
    });
  return { value: kept.value, from: kept.from, until: kept.until, begun, ended };
}

/** One name for all inputs in their order: digests of those that come again, and one of all others together. */
function nameOf(inputs: readonly Bytes[], digests: Memo['digests']): string {
  if (!digests) return digestOf(inputs);
  const known = inputs.map((input) => (comesAgain(input) ? digestOnce(input, digests) : ''));
  const others = inputs.filter((_, i) => known[i] === '');
  return `${known.join()}:${others.length === 0 ? '' : digestOf(others)}`;
}

/** Views on a request's body go with it; what has memory of its own and is worth it may come again. */
const comesAgain = (input: Bytes): boolean => input.length >= 256 && input.length === input.buffer.byteLength;

function digestOnce(input: Bytes, digests: WeakMap<Bytes, string>): string {
  const known = digests.get(input) ?? digestOf([input]);
  digests.set(input, known);
  return known;
}
