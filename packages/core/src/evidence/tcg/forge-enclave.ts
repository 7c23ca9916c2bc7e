/** Reports of VBS enclaves made to order (Windows SDK, ntenclv.h), signed by a key that a forged boot measures. */
import { type Bytes, encode, utf8 } from '../../bytes/index.ts';
import { digest, type PrivateKey, signData } from '../../crypto/index.ts';
import { EnclavePackage, type EnclaveReport, EnclaveStatement } from './wrappers.ts';

export interface WantedEnclave {
  /** RSA. */
  readonly key: PrivateKey;
  /** Fields, applied before the report is signed. */
  readonly statement?: Partial<EnclaveReport['statement']>;
}

/** Bytes of a statement without blocks. */
const plainStatement = 224;

/** @param signed the text that the enclave vouches for */
export function forgeEnclaveReport({ key, statement: changed = {} }: WantedEnclave, signed: Bytes): Bytes {
  const filled = (label: string, length: number): Bytes => digest('sha256', utf8(label)).subarray(0, length);
  const blocks = changed.blocks ?? new Uint8Array(0);
  const statement = encode(EnclaveStatement, {
    reportBytes: plainStatement + blocks.length,
    version: 1 as const,
    enclaveData: digest('sha512', signed),
    ownerId: filled('owner', 32),
    uniqueId: filled('unique', 32),
    authorId: filled('author', 32),
    familyId: filled('family', 16),
    imageId: filled('image', 16),
    enclaveSvn: 3,
    secureKernelSvn: 2,
    platformSvn: 1,
    flags: 0,
    signingLevel: 0,
    enclaveType: 0,
    blocks,
    ...changed,
  });
  const signature = signData('rsa-pss-sha256', key, statement);
  return encode(EnclavePackage, {
    packageBytes: 24 + statement.length + signature.length,
    version: 1 as const,
    scheme: 1 as const,
    statementBytes: statement.length,
    signatureBytes: signature.length,
    reserved: 0,
    statement,
    signature,
  });
}
