/** Files and folders that were passed over: nobody should learn of them by a verdict that they would have changed. */
import type { Skipped } from '@assay/server/collateral';
import { printWarning, type Terminal } from './ui.ts';

export const warnOfSkipped = (terminal: Pick<Terminal, 'err'>, { path, problem }: Skipped): void =>
  printWarning(terminal, `${path} ${problem}: it is passed over`);
