/**
 * Writes certificates and lists: for the certificate of the token-signing key, and for forged worlds in tests. Every
 * field can be overridden, so that wrong ones can be made too. Nothing is checked.
 */
import { write } from '../asn1/index.ts';
import { type Bytes, Writer } from '../bytes/index.ts';
import { type PrivateKey, type Scheme, signData } from '../crypto/index.ts';
import { AttestError } from '../errors.ts';
import { encodeAlgorithm } from './algorithm.ts';
import { encodeExtensions, type NewExtension } from './build.ts';
import { encodeName, type NameParts } from './name.ts';

export interface CertificateSigner {
  readonly scheme: Scheme;
  readonly key: PrivateKey;
}

/** A name by its parts, or in DER as another certificate has it. */
export type NewName = NameParts | Bytes;

export interface NewCertificate {
  readonly subject: NewName;
  readonly issuer: NewName;
  /** A number, or the magnitude in big-endian bytes. */
  readonly serial: bigint | number | Bytes;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly spki: Bytes;
  readonly extensions: readonly NewExtension[];
  readonly signer: CertificateSigner;
  readonly version?: 1 | 2 | 3;
  /** AlgorithmIdentifier (DER) inside the signed part, where it shall differ from the one outside. */
  readonly innerAlgorithm?: Bytes;
  /** The signature, where it shall not be the signer's. */
  readonly signature?: Bytes;
}

export interface NewRevocation {
  readonly serial: bigint | number | Bytes;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly extensions?: readonly NewExtension[];
}

export interface NewCrl {
  readonly issuer: NewName;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly revoked: readonly NewRevocation[];
  readonly extensions: readonly NewExtension[];
  readonly signer: CertificateSigner;
  readonly innerAlgorithm?: Bytes;
  readonly signature?: Bytes;
}

const nameOf = (name: NewName): Bytes => (name instanceof Uint8Array ? name : encodeName(name));

/**
 * @returns the certificate in DER
 * @throws {AttestError} `Defect` for a scheme that certificates cannot name, or a key of another kind than the scheme's
 */
export function issueCertificate(made: NewCertificate): Bytes {
  const { version = 3, extensions } = made;
  const algorithm = algorithmOf(made.signer);
  const tbs = write.sequence(
    ...(version === 1 ? [] : [write.explicit(0, write.integer(version - 1))]),
    write.integer(made.serial),
    made.innerAlgorithm ?? algorithm,
    nameOf(made.issuer),
    write.sequence(write.time(made.notBefore), write.time(made.notAfter)),
    nameOf(made.subject),
    made.spki,
    ...(extensions.length === 0 ? [] : [write.explicit(3, encodeExtensions(extensions))]),
  );
  return seal(tbs, algorithm, made);
}

/**
 * @returns the list in DER, of version 2
 * @throws {AttestError} `Defect` as `issueCertificate` does
 */
export function issueCrl(made: NewCrl): Bytes {
  const algorithm = algorithmOf(made.signer);
  const entries = made.revoked.map(({ serial, at, extensions = [] }) =>
    write.sequence(
      write.integer(serial),
      write.time(at),
      ...(extensions.length === 0 ? [] : [encodeExtensions(extensions)]),
    ),
  );
  const tbs = write.sequence(
    write.integer(1),
    made.innerAlgorithm ?? algorithm,
    nameOf(made.issuer),
    write.time(made.thisUpdate),
    ...(made.nextUpdate === undefined ? [] : [write.time(made.nextUpdate)]),
    ...(entries.length === 0 ? [] : [write.sequence(together(entries))]),
    ...(made.extensions.length === 0 ? [] : [write.explicit(0, encodeExtensions(made.extensions))]),
  );
  return seal(tbs, algorithm, made);
}

/** Lists can be longer than a call has room for arguments. */
function together(entries: readonly Bytes[]): Bytes {
  const all = new Writer();
  for (const entry of entries) all.put(entry);
  return all.done();
}

function algorithmOf({ scheme }: CertificateSigner): Bytes {
  const algorithm = encodeAlgorithm(scheme);
  if (!algorithm) throw new AttestError('Defect', `Certificates cannot be signed with ${scheme}`);
  return algorithm;
}

const seal = (
  tbs: Bytes,
  algorithm: Bytes,
  { signer, signature }: Pick<NewCertificate, 'signer' | 'signature'>,
): Bytes => write.sequence(tbs, algorithm, write.bitString(signature ?? signData(signer.scheme, signer.key, tbs)));
