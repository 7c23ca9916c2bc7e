/** Certificates of TPMs' keys in words (TCG EK and AIK credential profiles). Nothing is verified. */
import { readDer, tag, text, within } from '../../asn1/index.ts';
import { type Bytes, equal, hex } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { type Certificate, commonName, extensionOids, parseCertificate, pemBlocks } from '../../pki/index.ts';
import { attributesOf } from '../../pki/name.ts';
import { certificateRows, type Explanation, type Part, type Row, row } from '../explanation.ts';
import { policyOids } from './aik.ts';
import { microsoftTpmRoot } from './anchors.ts';
import { check } from './checks.ts';

/** More than any bundle of a maker's. */
const mostCertificates = 256;

/** Purposes of keys of TPMs, and of their CAs. */
const purposes: { readonly [oid: string]: string } = {
  '2.23.133.8.1': 'endorsement key (tcg-kp-EKCertificate)',
  '2.23.133.8.2': 'platform (tcg-kp-PlatformCertificate)',
  '2.23.133.8.3': 'attestation key (tcg-kp-AIKCertificate)',
  '1.3.6.1.4.1.311.21.36': 'CA of attestation keys (Microsoft)',
};

/** What Microsoft's CA knew of the TPM. */
const policies: { readonly [oid: string]: string } = {
  '1.3.6.1.4.1.311.21.30': 'the endorsement key was known to the CA',
  '1.3.6.1.4.1.311.21.31': 'the endorsement key’s certificate chain was checked',
  '1.3.6.1.4.1.311.21.32': 'the endorsement key was trusted on its first use',
};

const attributes: { readonly [oid: string]: string } = {
  '2.23.133.2.1': 'TPM manufacturer',
  '2.23.133.2.2': 'TPM model',
  '2.23.133.2.3': 'TPM version',
};

/** Certificates, DER or PEM, of which one at least is of a TPM's key or of a CA of such; undefined for all others. */
export function explainCertificates(file: Bytes): Omit<Explanation, 'length'> | undefined {
  const found = certificatesIn(file);
  if (!found?.some(isOfTpm)) return undefined;
  const first = found[0] as Certificate;
  const what = kindOf(first);
  return {
    what: found.length === 1 ? what : `${found.length} certificates, the first of them ${what}`,
    parts: found.map((one, i): Part => {
      const title = commonName(one.subject) ?? kindOf(one);
      return { title: `certificate ${i + 1} of ${found.length}: ${title}`, rows: rowsOf(one) };
    }),
    // An endorsement key signs nothing that is sent to a service.
    checks: isOf(first, '2.23.133.8.1') ? [] : Object.values(check).filter(({ id }) => id.startsWith('tpm.aik.')),
  };
}

function certificatesIn(file: Bytes): readonly Certificate[] | undefined {
  // Evidence that carries a chain in PEM is no text.
  const isText = !file.includes(0);
  try {
    const stored = storedCertificate(file);
    const ders = stored ? [stored] : isText ? pemBlocks(file, 'CERTIFICATE', mostCertificates) : [];
    return ders.map((der) => parseCertificate(der));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** Some makers write a header of seven bytes before a certificate in a TPM's memory: these three, a length, two more. */
const makersHeader = [0x10, 0x01, 0x00];

/** One certificate in DER, also as it was copied out of a TPM: behind its maker's header, before the filler of its place. */
function storedCertificate(file: Bytes): Bytes | undefined {
  const from = file.subarray(makersHeader.every((byte, i) => file[i] === byte) ? 7 : 0);
  if (from[0] !== 0x30) return undefined;
  const length = from[1] === 0x82 ? 4 + ((from[2] ?? 0) << 8) + (from[3] ?? 0) : from.length;
  const filler = from[length];
  const isFilled = (filler === 0 || filler === 0xff) && from.subarray(length).every((byte) => byte === filler);
  return isFilled ? from.subarray(0, length) : from;
}

const isMicrosoftRoot = ({ spki }: Certificate): boolean => equal(spki, microsoftTpmRoot);

const isOfTpm = (one: Certificate): boolean =>
  isMicrosoftRoot(one) ||
  [...(one.extendedKeyUsage ?? [])].some((oid) => purposes[oid] !== undefined) ||
  identityRows(one).length > 0;

const isOf = (one: Certificate, purpose: string): boolean => one.extendedKeyUsage?.has(purpose) === true;

function kindOf(one: Certificate): string {
  if (one.basicConstraints?.ca) return 'a certificate of a CA for keys of TPMs';
  if (isOf(one, '2.23.133.8.3')) return 'a certificate of an attestation key';
  if (isOf(one, '2.23.133.8.1')) return 'a certificate of an endorsement key';
  return isOf(one, '2.23.133.8.2') ? 'a certificate of a platform' : 'a certificate';
}

const rowsOf = (one: Certificate): readonly Row[] => [
  ...certificateRows(one, isMicrosoftRoot(one) ? 'Microsoft’s root of TPM keys, the one that is believed' : undefined),
  ...[...(one.extendedKeyUsage ?? [])].map((oid) => row('purpose', oid, purposes[oid])),
  ...usageRows(one),
  ...identityRows(one),
  ...policyRows(one),
  ...identifierRows(one),
];

function usageRows({ keyUsage }: Certificate): readonly Row[] {
  const named = Object.entries(keyUsage ?? {}).flatMap(([name, isSet]) => (isSet === true ? [name] : []));
  return named.length > 0 ? [row('usage', named.join(', '))] : [];
}

function policyRows(one: Certificate): readonly Row[] {
  try {
    return policyOids(one).map((oid) => row('policy', oid, policies[oid]));
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [row('policy', 'cannot be read', error.message)];
  }
}

/** What its issuer is looked for by: the file to import has this name and this key. */
const identifierRows = ({ authorityKeyIdentifier: id }: Certificate): readonly Row[] =>
  id ? [row('issuer’s key', hex(id), 'identifier of the key that signed it')] : [];

/** Who made the TPM: in the alternative name, a directory name. Makers write the three as one part or as three. */
function identityRows(one: Certificate): readonly Row[] {
  const extension = one.extensions.get(extensionOids.subjectAltName);
  if (!extension) return [];
  try {
    return readDer(extension.value, 'subjectAltName')
      .expect(tag.sequence)
      .children('name')
      .filter((name) => name.tag === directoryName)
      .flatMap((name) => within(name).expect(tag.sequence).children('part'))
      .flatMap(attributesOf)
      .flatMap(({ type, value }) => {
        const known = attributes[type];
        return known === undefined ? [] : [row(known, text(value), makerOf(text(value)))];
      });
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}

/** [4] EXPLICIT. */
const directoryName = 0xa4;

/** `id:494E5443`: four letters of TCG's vendor registry. */
function makerOf(value: string): string | undefined {
  const digits = /^id:([0-9A-Fa-f]{8})$/.exec(value)?.[1];
  const letters = digits
    ?.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16)))
    .replace(/[\0 ]+$/, '');
  return letters !== undefined && /^[\x20-\x7e]{2,4}$/.test(letters) ? letters : undefined;
}
