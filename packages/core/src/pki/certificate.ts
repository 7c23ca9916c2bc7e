/**
 * X.509 certificates (RFC 5280 §4), by the own DER reader alone: what is verified is what is read. Node's class for them
 * looks for PEM inside DER first, and can be made to see another certificate than the one handed in.
 */
import {
  constructedContext,
  context,
  integerBytes,
  type Node,
  readDer,
  smallInteger,
  tag,
  time,
  wholeBytes,
} from '../asn1/index.ts';
import { type Bytes, equal, hex } from '../bytes/index.ts';
import { importSpki, type PublicKey } from '../crypto/index.ts';
import { type SignatureAlgorithm, signatureAlgorithm } from './algorithm.ts';
import {
  type BasicConstraints,
  checkSubjectAltName,
  type Extensions,
  type KeyUsage,
  readAuthorityKeyIdentifier,
  readBasicConstraints,
  readExtendedKeyUsage,
  readExtensions,
  readKeyUsage,
  readSubjectKeyIdentifier,
} from './extension.ts';
import { commonNameIn, nameParts } from './name.ts';
import { extensionOids } from './oids.ts';

/** Something with a signature over its own bytes. */
export interface Signed {
  /** The whole encoding. */
  readonly raw: Bytes;
  /** The part under the signature. */
  readonly tbs: Bytes;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
}

export interface Certificate extends Signed {
  readonly version: 1 | 2 | 3;
  /** Contents of the INTEGER, two's complement. May be zero (AMD's are) or negative (some old ones). */
  readonly serial: Bytes;
  /** The same in hexadecimal: DER is unique, so equal numbers have equal text. */
  readonly serialHex: string;
  /** Names in DER: see `name.ts`. */
  readonly issuer: Bytes;
  readonly subject: Bytes;
  /** The subject's last common name: the most particular one. */
  readonly commonName: string | undefined;
  /** Milliseconds since 1970, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Bytes;
  /**
   * The key, imported at first use and kept.
   * @throws {Malformed} for kinds of keys that are not supported
   */
  readonly key: () => PublicKey;
  readonly extensions: Extensions;
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: KeyUsage | undefined;
  readonly extendedKeyUsage: ReadonlySet<string> | undefined;
  readonly subjectKeyIdentifier: Bytes | undefined;
  readonly authorityKeyIdentifier: Bytes | undefined;
}

/** RFC 5280 §4.1.2.2; Intel's intermediate CAs have 20 octets and a zero for the sign before them. */
const longestSerial = 20;

/**
 * Reads one certificate. Signature, dates and issuer are not looked at.
 * @param der exactly one certificate
 * @throws {Malformed} for anything that RFC 5280 does not allow in DER; the byte is that of `der`
 */
export function parseCertificate(der: Bytes, path = 'certificate'): Certificate {
  const signed = readSigned(readDer(der, path));
  const fields = signed.body.fields();
  const version = fields.explicit('version', constructedContext(0));
  const number = version === undefined ? 1 : readVersion(version);
  const serial = fields.next('serialNumber');
  const serialBytes = integerBytes(serial);
  if (serialBytes.length - (serialBytes[0] === 0 ? 1 : 0) > longestSerial) {
    serial.fail(`has ${serialBytes.length} bytes, at most ${longestSerial}`);
  }
  signed.agrees(fields.next('signature', tag.sequence));
  const issuer = fields.next('issuer');
  if (nameParts(issuer).length === 0) issuer.fail('is empty');
  const validity = fields.next('validity', tag.sequence).fields();
  const notBefore = time(validity.next('notBefore'));
  const notAfter = time(validity.next('notAfter'));
  validity.end();
  const subject = fields.next('subject');
  const commonName = commonNameIn(nameParts(subject));
  const spki = fields.next('subjectPublicKeyInfo', tag.sequence).raw;
  // Unique identifiers: allowed since version 2, used by nobody.
  for (const id of [1, 2]) {
    const unique = fields.optional('uniqueId', context(id));
    if (unique && number < 2) unique.fail('needs version 2');
  }
  const list = fields.explicit('extensions', constructedContext(3));
  if (list && number !== 3) list.fail('needs version 3');
  fields.end();

  const extensions: Extensions = list ? readExtensions(list) : new Map();
  const extension = <T>(id: string, read: (value: Bytes) => T): T | undefined => {
    const found = extensions.get(id);
    return found && read(found.value);
  };
  extension(extensionOids.subjectAltName, checkSubjectAltName);
  let key: PublicKey | undefined;
  return {
    ...signed.parts,
    version: number,
    serial: serialBytes,
    serialHex: hex(serialBytes),
    issuer: issuer.raw,
    subject: subject.raw,
    commonName,
    notBefore,
    notAfter,
    spki,
    key: () => {
      key ??= importSpki(spki, `${path}.subjectPublicKeyInfo`);
      return key;
    },
    extensions,
    basicConstraints: extension(extensionOids.basicConstraints, readBasicConstraints),
    keyUsage: extension(extensionOids.keyUsage, readKeyUsage),
    extendedKeyUsage: extension(extensionOids.extendedKeyUsage, readExtendedKeyUsage),
    subjectKeyIdentifier: extension(extensionOids.subjectKeyIdentifier, readSubjectKeyIdentifier),
    authorityKeyIdentifier: extension(extensionOids.authorityKeyIdentifier, readAuthorityKeyIdentifier),
  };
}

function readVersion(version: Node): 2 | 3 {
  const number = smallInteger(version, 2);
  if (number === 0) version.fail('is version 1, which must be left out');
  return number === 1 ? 2 : 3;
}

/** The frame that certificates and CRLs share: body, algorithm, signature. */
export function readSigned(whole: Node): {
  readonly body: Node;
  readonly parts: Signed;
  /** Refuses a body that names another algorithm than the frame does. */
  readonly agrees: (inner: Node) => void;
} {
  const fields = whole.expect(tag.sequence).fields();
  const body = fields.next('tbs', tag.sequence);
  const algorithm = fields.next('signatureAlgorithm', tag.sequence);
  const signature = wholeBytes(fields.next('signature'));
  fields.end();
  return {
    body,
    parts: { raw: whole.raw, tbs: body.raw, signatureAlgorithm: signatureAlgorithm(algorithm), signature },
    agrees(inner) {
      if (!equal(inner.raw, algorithm.raw)) inner.fail('is another algorithm than the one outside');
    },
  };
}
