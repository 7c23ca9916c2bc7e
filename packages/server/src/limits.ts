/** Guards in front of the work: too much at a time is refused at once, before any of it is read where that is known. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { AttestError } from '@assay/core';
import { LRUCache } from 'lru-cache';

export interface Gate {
  /** Throws where one more piece of work would not be let in now. */
  readonly look: () => void;
  /** Lets one more piece of work in, or throws; the answer tells that it is done. */
  readonly enter: () => () => void;
}

/**
 * At most so many pieces of work at a time, and none while the process is late.
 * @param loopDelay milliseconds that the event loop is late on average; asked at each entry
 */
export function gate(inFlight: number, mostDelay: number, loopDelay: () => number): Gate {
  let inside = 0;
  function look(): void {
    if (inside >= inFlight)
      throw new AttestError('Overloaded', 'The service has as much to do as it takes on at a time. Try again.');
    if (mostDelay > 0 && loopDelay() > mostDelay)
      throw new AttestError('Overloaded', 'The service is late. Try again.');
  }
  return {
    look,
    enter() {
      look();
      inside++;
      let isInside = true;
      return () => {
        if (isInside) inside--;
        isInside = false;
      };
    },
  };
}

/** How late the event loop was on average over the last whole second. */
export function loopDelay(): { readonly milliseconds: () => number; readonly stop: () => void } {
  const histogram = monitorEventLoopDelay({ resolution: 20 });
  histogram.enable();
  let latest = 0;
  const timer = setInterval(() => {
    // Before the first sample the mean is not a number.
    latest = Number.isFinite(histogram.mean) ? histogram.mean / 1e6 : 0;
    histogram.reset();
  }, 1000).unref();
  return {
    milliseconds: () => latest,
    stop() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}

/** Clients remembered; one that was forgotten starts with a full bucket. */
const mostClients = 10_000;
const burstSeconds = 10;

/**
 * So many a second for each client, and bursts of ten seconds' worth.
 * @param clock milliseconds of a steady clock
 * @returns throws when a client asks more
 */
export function clientLimit(perSecond: number, clock: () => number): (client: string) => void {
  if (perSecond === 0) return () => {};
  const burst = Math.max(1, perSecond * burstSeconds);
  const buckets = new LRUCache<string, { left: number; at: number }>({ max: mostClients });
  return (client) => {
    const now = clock();
    const bucket = buckets.get(client) ?? { left: burst, at: now };
    const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
    buckets.set(client, { left: Math.max(0, left - 1), at: now });
    if (left < 1)
      throw new AttestError('TooManyRequests', 'This client asks more often than the service allows. Try again later.');
  };
}
