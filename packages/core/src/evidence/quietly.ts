/** Where data that do not read are no failure: nothing is asked of them, and they say nothing. */
import { Malformed } from '../errors.ts';

/** @returns undefined for what does not read */
export function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
