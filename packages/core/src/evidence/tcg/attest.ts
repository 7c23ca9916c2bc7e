/** What a TPM signs about itself: TPMS_ATTEST (TPM 2.0 library, part 2 §10.12), big-endian throughout. */
import { among, chosen, constant, list, type Of, struct, u8, u16be, u32be, u64be } from '../../bytes/index.ts';
import { b2 } from './fields.ts';
import { Selection } from './selection.ts';

/** TPM_GENERATED_VALUE: a restricted key signs nothing from outside that begins so. */
export const generated = 0xff544347;
/** TPM_ST_ATTEST_*. */
export const attestType = { certify: 0x8017, quote: 0x8018, creation: 0x801a } as const;

/** Longest name: a hash algorithm and the longest hash. */
export const longestName = 66;

/** TPMS_CLOCK_INFO. The two counts are obfuscated unless the key is in the endorsement or platform hierarchy. */
export const ClockInfo = struct({
  /** Milliseconds of power so far. */
  clock: u64be,
  resetCount: u32be,
  restartCount: u32be,
  /** 1: the clock has not gone back. */
  safe: among(u8, [0, 1]),
});

const before = { magic: constant(u32be, generated) };
const after = {
  /** The qualified name of the signing key. */
  qualifiedSigner: b2(longestName),
  /** What the caller asked to be signed along: a challenge. */
  extraData: b2(longestName),
  clockInfo: ClockInfo,
  /** Obfuscated like the counts. */
  firmwareVersion: u64be,
};

const QuoteInfo = struct({ selection: list(u32be, Selection, 16), pcrDigest: b2(64) });
const CertifyInfo = struct({ name: b2(longestName), qualifiedName: b2(longestName) });
const CreationInfo = struct({ objectName: b2(longestName), creationHash: b2(64) });

/** A statement on values of PCRs. */
export const Quote = struct({ ...before, type: among(u16be, [attestType.quote]), ...after, attested: QuoteInfo });
export type Quote = Of<typeof Quote>;

/** A statement that a key is in the TPM. */
export const Certify = struct({ ...before, type: among(u16be, [attestType.certify]), ...after, attested: CertifyInfo });
export type Certify = Of<typeof Certify>;

/** Any of the statements known here: for tools. Verifiers ask for the one they expect. */
export const Attest = struct({
  ...before,
  type: u16be,
  ...after,
  attested: chosen('type', (fields: { type: number }) => fields.type, {
    [attestType.quote]: QuoteInfo,
    [attestType.certify]: CertifyInfo,
    [attestType.creation]: CreationInfo,
  }),
});
export type Attest = Of<typeof Attest>;
