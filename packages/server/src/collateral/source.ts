/** Where collateral comes from: the one interface that a folder, a cache in front of a vendor, or a store implements. */
import type { Bytes, Collateral, Need } from '@assay/core';

export interface CollateralSource {
  /**
   * The newest bytes at hand for each need, valid at `at` where there are such. What is not at hand is left out: the
   * verifier says what that means.
   */
  readonly collateral: (needs: readonly Need[], at: Date) => Promise<Collateral>;
  /** Certificates (DER) for evidence that names its chain instead of carrying it. */
  readonly certificates: () => Promise<readonly Bytes[]>;
}
