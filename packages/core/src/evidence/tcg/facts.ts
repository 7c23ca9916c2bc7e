/** What verification of TPM evidence finds out: facts for the baseline, for claims, and for whoever asks why. */
import type { Bytes } from '../../bytes/index.ts';
import type { JsonObject } from '../../json/index.ts';
import type { Bank } from './algorithms.ts';
import type { Quote } from './attest.ts';
import type { Boot } from './boot.ts';
import type { CustomClaim } from './custom.ts';
import type { ImaCoverage } from './ima.ts';
import type { PcrValues } from './pcrs.ts';
import type { Explanation } from './replay.ts';
import type { SecureBoot } from './secure-boot.ts';
import type { Windows } from './windows.ts';
import type { EnclaveReport } from './wrappers.ts';

/** A statement on PCRs whose signature and values hold. */
export interface QuoteFacts {
  readonly quote: Quote;
  /** The hash that the attestation key signs with. */
  readonly hash: Bank;
  readonly pcrs: PcrValues;
}

/** What a quote and the logs beside it tell of one boot. */
export interface PlatformFacts extends QuoteFacts {
  /** The quoted bank that is relied on. */
  readonly bank: Bank;
  /** How the logs explain each PCR that this bank of the quote covers. */
  readonly explanations: ReadonlyMap<number, Explanation>;
  /** PCRs whose events are facts. */
  readonly explained: ReadonlySet<number>;
  readonly secureBoot: SecureBoot;
  readonly boot: Boot;
  /** By the provider's way of reading events. */
  readonly windows: Windows;
  /** By what digests prove, whatever the provider's way: for everything that is decided. */
  readonly provenWindows: Windows;
  readonly ima?: ImaCoverage;
  /** Whether Windows' counter of boots is that of the quote; undefined where there is none, or the TPM hides its own. */
  readonly isBootCounted: boolean;
  /** Whether a quote in the log agrees with the log; undefined where there is none. */
  readonly isTrustPointReached: boolean | undefined;
  /** Events as the claims show them. */
  readonly events: readonly JsonObject[];
}

export interface KeyFacts {
  /** As policies and tokens show it. */
  readonly jwk: JsonObject;
  /** How it is bound; absent for a key that nothing binds. */
  readonly info?: JsonObject;
}

export interface TpmFacts {
  readonly version: 1 | 2;
  readonly current: PlatformFacts;
  readonly boot?: PlatformFacts;
  readonly aik: {
    /** SubjectPublicKeyInfo. */
    readonly spki: Bytes;
    readonly validated: boolean;
    readonly policies: readonly string[];
  };
  readonly key: KeyFacts;
  readonly otherKeys: readonly KeyFacts[];
  /** Nothing binds the request's key to the TPM, and the provider lets it pass. */
  readonly isUnbound: boolean;
  readonly enclave?: EnclaveReport['statement'];
  readonly relyingPartyData?: string;
  readonly custom: readonly CustomClaim[];
  /** The provider that the evidence was sent to: its URL. */
  readonly provider?: string;
}
