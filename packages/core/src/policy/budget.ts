/** What one evaluation may spend. Both bounds are far above what policies need and stop those made to burn time. */
import { AttestError } from '../errors.ts';
import { longestValues, mostComparisons } from './limits.ts';

export class Budget {
  #comparisons = 0;
  #text = 0;

  /** Claims compared, read or added. @throws {AttestError} when there were too many */
  compare(times: number): void {
    this.#comparisons += times;
    if (this.#comparisons > mostComparisons)
      throw new AttestError('PolicyDenied', `more than ${mostComparisons} comparisons in one evaluation`);
  }

  /** @throws {AttestError} when the evaluation has made too much text */
  make(values: Iterable<unknown>): void {
    for (const value of values) if (typeof value === 'string') this.#text += value.length;
    if (this.#text > longestValues)
      throw new AttestError('PolicyDenied', `more than ${longestValues} characters of values in one evaluation`);
  }
}
