/**
 * When a source may be asked again. Who asks to wait is waited for; who is down is left alone for longer and longer, and
 * then tried by one request alone; what a source has not got, or gave wrong, is not asked for again for a while.
 */
import { LRUCache } from 'lru-cache';
import type { CollateralFailure } from './failure.ts';

export interface PatienceOptions {
  readonly now: () => Date;
  /** A number from 0 (included) to 1 (excluded): services that failed together try again apart. */
  readonly random: () => number;
  /** How long a source is believed when it says that it has not got something, in milliseconds. */
  readonly unknownMilliseconds: number;
}

export interface Patience {
  /** Whether the source may be asked for this now. Who is told yes must report how it went. */
  readonly allows: (item: string) => boolean;
  readonly succeeded: (item: string) => void;
  readonly failed: (item: string, failure: Pick<CollateralFailure, 'says' | 'waitMilliseconds'>) => void;
}

/** Failures in a row before a source counts as down. */
const failuresToOpen = 4;
const shortestRest = 5000;
const longestRest = 300_000;
/** After a wrong answer, and after «wait» without saying how long. */
const wrongRest = 60_000;
const politeRest = 60_000;
/** Items that are remembered as absent or wrong. */
const mostItems = 4096;

export function patience({ now, random, unknownMilliseconds }: PatienceOptions): Patience {
  const resting = new LRUCache<string, number>({ max: mostItems });
  let failures = 0;
  let openUntil = 0;
  let isTrying = false;

  const rest = (milliseconds: number): number => now().getTime() + milliseconds * (1 + random() / 5);
  return {
    allows(item) {
      const time = now().getTime();
      if (time < openUntil || time < (resting.get(item) ?? 0)) return false;
      if (failures < failuresToOpen) return true;
      if (isTrying) return false;
      isTrying = true;
      return true;
    },
    succeeded(item) {
      resting.delete(item);
      failures = 0;
      isTrying = false;
    },
    failed(item, { says, waitMilliseconds }) {
      isTrying = false;
      if (says === 'busy') {
        openUntil = Math.max(openUntil, now().getTime() + (waitMilliseconds ?? politeRest));
        return;
      }
      if (says !== 'down') {
        // It answers: it is not down.
        failures = 0;
        resting.set(item, rest(says === 'absent' ? unknownMilliseconds : wrongRest));
        return;
      }
      failures++;
      if (failures < failuresToOpen) return;
      openUntil = Math.max(openUntil, rest(Math.min(longestRest, shortestRest * 2 ** (failures - failuresToOpen))));
    },
  };
}
