/** A CA for attestation keys, as a TPM's vendor runs one: a root, and what it issues. */
import type { Bytes } from '@assay/core';
import { generateKey, publicSpki } from '@assay/core/crypto';
import { basicConstraints, extendedKeyUsage, issueCertificate, keyUsage, type NewExtension } from '@assay/core/pki';

export interface Vendor {
  /** DER. */
  readonly root: Bytes;
  /** @param spki SubjectPublicKeyInfo of an attestation key @returns its certificate, DER */
  readonly certify: (spki: Bytes) => Bytes;
}

export function vendor(): Vendor {
  const key = generateKey('P-256');
  const name = [['CN', 'Attestation keys of this test']] as const;
  const issue = (spki: Bytes, serial: number, extensions: readonly NewExtension[]): Bytes =>
    issueCertificate({
      subject: name,
      issuer: name,
      serial,
      notBefore: Date.now() - 86_400_000,
      notAfter: Date.now() + 86_400_000,
      spki,
      extensions,
      signer: { scheme: 'ecdsa-sha256', key },
    });
  return {
    root: issue(publicSpki(key), 1, [basicConstraints({ ca: true }), keyUsage(['keyCertSign'])]),
    certify: (spki) =>
      issue(spki, 2, [
        basicConstraints({ ca: false }),
        keyUsage(['digitalSignature']),
        extendedKeyUsage(['2.23.133.8.3']),
      ]),
  };
}
