/**
 * What one evaluation may spend: work, counted in steps, and text. Whatever takes time (conditions, functions, queries,
 * JSON read and written) spends a step for some 10 to 20 ns of it, so the worst evaluation ends after some 100 ms. The
 * published policy that does most, over a log of 220 KB, takes 500,000.
 */
import { AttestError } from '../errors.ts';
import { longestValues, mostSteps } from './limits.ts';

/** Counts work. */
export interface Steps {
  taken: number;
}

/** @throws {AttestError} when an evaluation has taken too many steps */
export function spend(steps: Steps, count: number): void {
  steps.taken += count;
  if (steps.taken > mostSteps) throw new AttestError('PolicyDenied', `more than ${mostSteps} steps in one evaluation`);
}

export class Budget implements Steps {
  taken = 0;
  #text = 0;

  /** Pays for values that a function made. @throws {AttestError} when the evaluation has made too much text */
  make(values: readonly unknown[]): void {
    for (const value of values) if (typeof value === 'string') this.#text += value.length;
    if (this.#text > longestValues)
      throw new AttestError('PolicyDenied', `more than ${longestValues} characters of values in one evaluation`);
  }
}
