/** A machine that has booted: the seam below which its TPM is a real one or not. */
import type { Machine } from '../messages.ts';

export interface RunningMachine {
  readonly machine: Machine;
  /** Extends a PCR without a word in the log. */
  readonly extendUnlogged: () => Promise<Machine>;
  readonly stop: () => Promise<void>;
}
