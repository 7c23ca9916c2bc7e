/** What the demo's processes say to one another. Whole values, no handles: each could run on a machine of its own. */
import type { KeyBlob, TpmAddress } from '@assay/client';
import type { JsonObject } from '@assay/core';
import type { ForgedBoot } from '@assay/core/testing';
import type { SgxExpectation, TpmExpectation } from '@assay/relying-party';

export interface ServiceOrder {
  /** Settings by flag, as on the command line of `assay serve`. */
  readonly flags: Readonly<Record<string, string>>;
}
export interface Serving {
  readonly kind: 'serving';
  readonly issuer: string;
  /** The development CA's certificate, a file. */
  readonly authority: string;
  readonly insecure: readonly string[];
}

/** Where an enclave's evidence comes from. */
export type Platform =
  | { readonly kind: 'simulated'; readonly seed: string; readonly at: Date }
  | { readonly kind: 'recorded'; readonly quote: Uint8Array };

/** A machine that has booted, as its own software sees it. */
export interface Machine {
  readonly log: Uint8Array;
  readonly tpm:
    | {
        readonly kind: 'swtpm';
        readonly address: TpmAddress;
        readonly pid: number;
        readonly attestationKey: KeyBlob;
        readonly requestKey: KeyBlob;
        /** Of the attestation key, DER. */
        readonly certificate: Uint8Array;
      }
    | {
        readonly kind: 'forged';
        readonly seed: string;
        readonly at: Date;
        readonly pcrs: ForgedBoot['pcrs'];
      };
}

export type MachineOrder =
  /** Names the CA of attestation keys. */
  | { readonly kind: 'boot'; readonly seed: string; readonly at: Date }
  /** Extends a PCR behind the log's back. */
  | { readonly kind: 'extend' };
export interface MachineNews {
  readonly kind: 'running';
  readonly machine: Machine;
}

/** An enclave to be attested. */
export interface EnclaveErrand {
  readonly type: 'SgxEnclave';
  readonly platform: Platform;
  /** Damage on the way: one bit of the quote. */
  readonly flip?: { readonly byte: number; readonly bit: number };
}
/** A machine to be attested. */
export interface MachineErrand {
  readonly type: 'Tpm';
  readonly machine: Machine;
  /** What is sent as its log. */
  readonly log: Uint8Array;
  /** Bearer token of the service. */
  readonly bearer: string;
  /** Sends the first request once more, whatever is asked for now. */
  readonly again?: boolean;
}
export type Errand = EnclaveErrand | MachineErrand;

export interface ClientOrder {
  readonly endpoint: string;
  /** PEM. */
  readonly ca: string;
  readonly nonce: string;
  readonly errand: Errand;
}
export interface Collected {
  readonly kind: 'collected';
  /** Of the evidence as it is sent, in bytes. */
  readonly length: number;
  readonly runtimeData?: Uint8Array;
}
export interface Issued {
  readonly kind: 'issued';
  readonly token: string;
  readonly appraisal?: JsonObject;
  readonly milliseconds: number;
}
export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly check?: string;
  readonly appraisal?: JsonObject;
}
export type ClientNews = Collected | { readonly kind: 'sending'; readonly uri: string } | Issued | Refused;

/** Who the relying party expects. */
export type Expected = ({ readonly type: 'SgxEnclave' } & SgxExpectation) | ({ readonly type: 'Tpm' } & TpmExpectation);
export type RelyingPartyOrder =
  | { readonly kind: 'challenge' }
  | {
      readonly kind: 'verify';
      readonly token: string;
      readonly issuer: string;
      /** PEM. */
      readonly ca: string;
      readonly expected: Expected;
    };
export type RelyingPartyNews =
  | { readonly kind: 'nonce'; readonly nonce: string }
  | {
      readonly kind: 'believed';
      readonly claims: JsonObject;
      readonly header: JsonObject;
      readonly insecure: readonly string[];
    }
  | { readonly kind: 'disbelieved'; readonly message: string };

/** Any of them may end this way instead. */
export interface Failed {
  readonly kind: 'failed';
  readonly message: string;
}
