/** What Windows puts around TPM statements (Windows SDK, ncrypt.h and ntenclv.h). Little-endian, all of it. */
import { among, type Bytes, bytes, decode, type Of, rest, struct, u32be, u32le } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithmName, hashes } from './algorithms.ts';
import { counted, toEnd } from './fields.ts';
import { pcrCount } from './selection.ts';

/** `TPLA`: a quote with its signature and the values of all PCRs of one bank. */
export const PlatformClaim = struct({
  magic: among(u32be, [0x54504c41]),
  version: among(u32le, [0]),
  /** TPM_ALG_ID of the bank. */
  bank: u32le,
  signatureBytes: u32le,
  quoteBytes: u32le,
  pcrBytes: u32le,
  /** TPMT_SIGNATURE. */
  signature: counted((fields) => fields.signatureBytes),
  /** TPMS_ATTEST. */
  quote: counted((fields) => fields.quoteBytes),
  pcrs: counted((fields) => fields.pcrBytes),
});
export type PlatformClaim = Of<typeof PlatformClaim>;

/**
 * The values of a platform claim by PCR.
 * @throws {Malformed} when they are not 24 digests of the bank
 */
export function claimedPcrs({ bank, pcrs }: PlatformClaim, path: string): ReadonlyMap<number, Bytes> {
  const hash = hashes.get(bank);
  if (!hash) throw new Malformed(`${path}.bank`, 8, `is ${algorithmName(bank)}, which is no bank`);
  if (pcrs.length !== pcrCount * hash.size)
    throw new Malformed(`${path}.pcrs`, 20, `are ${pcrs.length} bytes, expected ${pcrCount} of ${hash.size}`);
  return new Map(
    Array.from({ length: pcrCount }, (_, index) => [index, pcrs.subarray(index * hash.size, (index + 1) * hash.size)]),
  );
}

export const EnclavePackage = struct({
  packageBytes: u32le,
  version: among(u32le, [1]),
  /** RSA-PSS with SHA-256. */
  scheme: among(u32le, [1]),
  statementBytes: u32le,
  signatureBytes: u32le,
  reserved: u32le,
  statement: counted((fields) => fields.statementBytes),
  signature: counted((fields) => fields.signatureBytes),
});

/** One more piece of a report, such as a module of the enclave. */
const Block = struct({
  type: u32le,
  blockBytes: u32le,
  data: counted((fields) => Math.max(0, fields.blockBytes - 8)),
});

export const EnclaveStatement = struct({
  reportBytes: u32le,
  version: among(u32le, [1]),
  /** What the enclave vouches for. */
  enclaveData: bytes(64),
  ownerId: bytes(32),
  uniqueId: bytes(32),
  authorId: bytes(32),
  familyId: bytes(16),
  imageId: bytes(16),
  enclaveSvn: u32le,
  secureKernelSvn: u32le,
  platformSvn: u32le,
  flags: u32le,
  signingLevel: u32le,
  enclaveType: u32le,
  blocks: rest,
});
const Module = struct({
  uniqueId: bytes(32),
  authorId: bytes(32),
  familyId: bytes(16),
  imageId: bytes(16),
  svn: u32le,
  name: rest,
});

export interface EnclaveReport {
  /** What is signed. */
  readonly signed: Bytes;
  readonly signature: Bytes;
  readonly statement: Of<typeof EnclaveStatement>;
}

/** Flags of an enclave that can be debugged: fully, dynamically, and with that in use. */
export const debugFlags = 0b111;

/**
 * Reads the report of a VBS enclave.
 * @throws {Malformed} naming the byte
 */
export function readEnclaveReport(input: Bytes): EnclaveReport {
  const around = decode(EnclavePackage, input);
  if (around.packageBytes !== input.length)
    throw new Malformed('packageBytes', 0, `says ${around.packageBytes}, and there are ${input.length}`);
  const statement = decode(EnclaveStatement, around.statement);
  if (statement.reportBytes !== around.statement.length)
    throw new Malformed(
      'statement.reportBytes',
      24,
      `says ${statement.reportBytes}, and the statement has ${around.statement.length}`,
    );
  for (const [i, { type, blockBytes, data }] of decode(toEnd(Block), statement.blocks).entries()) {
    if (blockBytes < 8) throw new Malformed(`statement.blocks.${i}.size`, undefined, `is ${blockBytes}, at least 8`);
    if (type === 1) decode(Module, data);
  }
  return { signed: around.statement, signature: around.signature, statement };
}
