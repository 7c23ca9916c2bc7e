/** Certificates of a fake vendor of TPMs: a root, a CA for attestation keys, and one of each kind below it. */
import { write } from '../../asn1/index.ts';
import { type Bytes, utf8 } from '../../bytes/index.ts';
import { type PrivateKey, privateKeyFromScalar, publicSpki, sha256 } from '../../crypto/index.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  encodeName,
  extendedKeyUsage,
  extensionOids,
  issueCertificate,
  keyIdentifier,
  keyUsage,
  type NewCertificate,
  type NewExtension,
  subjectKeyIdentifier,
} from '../../pki/index.ts';

export type TpmHolder = 'root' | 'issuer' | 'aik' | 'ek';

/** Changes to one certificate, applied before it is signed (`without`: extensions left out, by OID). */
export type TpmCertificateChanges = Partial<NewCertificate> & { readonly without?: readonly string[] };

const day = 86_400_000;

/** The key of one holder in the world of a seed: the same every time. */
export const forgedKey = (seed: string, label: string): PrivateKey =>
  privateKeyFromScalar('P-256', sha256(utf8(`assay forge tpm ${seed} ${label}`)));

const organisation = [['O', 'Assay simulated TPM, of no vendor']] as const;
const names = {
  root: encodeName([...organisation, ['CN', 'TPM Root CA']]),
  issuer: encodeName([...organisation, ['CN', 'Attestation key CA']]),
  aik: encodeName([]),
  ek: encodeName([]),
};

/** Who made the TPM (TCG EK credential profile §3.2.9): a directory name, critical where the subject is empty. */
function identity(): NewExtension {
  const attribute = (id: string, value: string): Bytes =>
    write.set(write.sequence(write.oid(id), write.utf8String(value)));
  const name = write.sequence(
    attribute('2.23.133.2.1', 'id:41535359'),
    attribute('2.23.133.2.2', 'simulated'),
    attribute('2.23.133.2.3', 'id:00010000'),
  );
  return { oid: extensionOids.subjectAltName, critical: true, value: write.sequence(write.explicit(4, name)) };
}

const anyPolicy: NewExtension = {
  oid: extensionOids.certificatePolicies,
  critical: true,
  value: write.sequence(write.sequence(write.oid('2.5.29.32.0'))),
};

const purposes = { aik: '2.23.133.8.3', ek: '2.23.133.8.1', privacyCa: '1.3.6.1.4.1.311.21.36' };

const extensionsOf: { readonly [who in TpmHolder]: readonly NewExtension[] } = {
  root: [basicConstraints({ ca: true }), keyUsage(['keyCertSign', 'cRLSign'])],
  issuer: [
    basicConstraints({ ca: true, pathLength: 0 }),
    keyUsage(['digitalSignature', 'keyCertSign']),
    extendedKeyUsage([purposes.privacyCa, purposes.aik]),
  ],
  aik: [
    basicConstraints({ ca: false }),
    keyUsage(['digitalSignature']),
    extendedKeyUsage([purposes.aik]),
    anyPolicy,
    identity(),
  ],
  ek: [basicConstraints({ ca: false }), keyUsage(['keyAgreement']), extendedKeyUsage([purposes.ek]), identity()],
};

export interface ForgedPki {
  readonly keys: { readonly [who in TpmHolder]: PrivateKey };
  readonly certificates: { readonly [who in TpmHolder]: Bytes };
}

/** @param spki of attestation keys that are not the world's own */
export function forgePki(
  at: Date,
  seed: string,
  changes: { readonly [who in TpmHolder]?: TpmCertificateChanges },
  spki: { readonly aik?: Bytes },
): ForgedPki {
  const key = (label: string): PrivateKey => forgedKey(seed, label);
  const keys = { root: key('root'), issuer: key('issuer'), aik: key('aik'), ek: key('ek') };
  const time = Math.floor(at.getTime() / 1000) * 1000;
  const certify = (who: TpmHolder, by: 'root' | 'issuer', serial: number): Bytes => {
    const subject = (who === 'aik' ? spki.aik : undefined) ?? publicSpki(keys[who]);
    return issueCertificate({
      subject: names[who],
      issuer: names[by],
      serial,
      notBefore: time - 365 * day,
      notAfter: time + 3650 * day,
      spki: subject,
      extensions: [
        ...extensionsOf[who],
        subjectKeyIdentifier(keyIdentifier(subject)),
        authorityKeyIdentifier(keyIdentifier(publicSpki(keys[by]))),
      ].filter(({ oid }) => !changes[who]?.without?.includes(oid)),
      signer: { scheme: 'ecdsa-sha256', key: keys[by] },
      ...changes[who],
    });
  };
  return {
    keys,
    certificates: {
      root: certify('root', 'root', 1),
      issuer: certify('issuer', 'root', 2),
      aik: certify('aik', 'issuer', 3),
      ek: certify('ek', 'issuer', 4),
    },
  };
}
