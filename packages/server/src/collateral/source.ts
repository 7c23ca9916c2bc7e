/** Where collateral comes from: the one interface that a folder, a cache in front of a vendor, or a store implements. */
import type { Bytes, Collateral, Need, NeedName } from '@assay/core';
import type { Reason } from './failure.ts';

export interface CollateralSource {
  /**
   * The newest bytes at hand for each need, valid at `at` where there are such. What is not at hand is left out: the
   * verifier says what that means.
   */
  readonly collateral: (needs: readonly Need[], at: Date) => Promise<Collateral>;
  /** Certificates (DER) for evidence that names its chain instead of carrying it. */
  readonly certificates: () => Promise<readonly Bytes[]>;
  /** Names someone who is told how each question to a source of the network ended. */
  readonly listen?: (listener: (event: FetchEvent) => void) => void;
  /** What is at hand, as last seen: for metrics. */
  readonly held?: () => readonly Held[];
  /** Whether it has nothing, and nowhere to fetch it from: then somebody has to bring it. */
  readonly isBare?: () => Promise<boolean>;
  /** Begins to refresh what is kept ahead of its end. */
  readonly start?: () => void;
  /** Ends connections and timers. */
  readonly close?: () => void;
}

/** One piece at hand; times are milliseconds since 1970. */
export interface Held {
  readonly name: NeedName;
  readonly issued: number;
  readonly until: number;
}

/** How one question ended. Nothing in it comes out of evidence but the platform in the item's name. */
export interface FetchEvent {
  /** As configured; `kept` for what was fetched before, `folder` for one that people fill. */
  readonly source: string;
  /** `intel/crl-root`, or the path of a file that was passed over. */
  readonly item: string;
  readonly outcome: 'new' | 'same' | 'older' | 'failed';
  /** Of a failure. */
  readonly reason?: Reason | 'not-kept' | 'skipped' | 'defect';
  readonly detail?: string;
}
