/** Waiting for something for so long and no longer. */
import { TpmError } from './error.ts';

/**
 * @param message of the error when the time is over
 * @throws {TpmError} `TimedOut`
 */
export async function within<T>(timeoutMs: number, work: Promise<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TpmError('TimedOut', message)), timeoutMs);
  });
  // Whichever loses the race may still fail, with nobody left to hear of it.
  work.catch(() => {});
  try {
    return await Promise.race([work, over]);
  } finally {
    clearTimeout(timer);
  }
}
