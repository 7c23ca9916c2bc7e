/** The single steps of a path, for verifiers that prescribe an order of their own. */

import { type PublicKey, verifySignature } from '../crypto/index.ts';
import { Malformed } from '../errors.ts';
import type { Certificate, Signed } from './certificate.ts';
import type { Crl } from './crl.ts';
import { sameName } from './name.ts';

/** Whether the signature is by this key, under a supported algorithm. */
export const isSignedBy = ({ signatureAlgorithm: { scheme }, tbs, signature }: Signed, key: PublicKey): boolean =>
  scheme !== undefined && verifySignature(scheme, key, tbs, signature);

/** Whether the child names the issuer and carries its signature. Whether the issuer may issue is not looked at. */
export function isIssuedBy(child: Certificate, issuer: Certificate): boolean {
  const key = keyOf(issuer);
  return key !== undefined && sameName(child.issuer, issuer.subject) && isSignedBy(child, key);
}

/** Whether the certificate names itself as issuer and carries its own signature. */
export const isSelfSigned = (certificate: Certificate): boolean => isIssuedBy(certificate, certificate);

/** Whether subject and issuer have one name (RFC 5280 §6.1: such certificates do not count for path lengths). */
export const isSelfIssued = (certificate: Certificate): boolean => sameName(certificate.subject, certificate.issuer);

/** Whether the list names the issuer, carries its signature, and the issuer may sign lists. */
export function isCrlIssuedBy(crl: Crl, issuer: Certificate): boolean {
  const key = keyOf(issuer);
  return key !== undefined && sameName(crl.issuer, issuer.subject) && maySignCrls(issuer) && isSignedBy(crl, key);
}

/** CA by basic constraints (which only version 3 has), and allowed to sign certificates. */
export const maySignCertificates = ({ basicConstraints, keyUsage }: Certificate): boolean =>
  basicConstraints?.ca === true && (keyUsage?.keyCertSign ?? true);

/** Key usage, where present, allows signing lists. */
export const maySignCrls = (certificate: Certificate): boolean => certificate.keyUsage?.cRLSign ?? true;

/** The certificate's key; undefined where it is of no supported kind. */
export function keyOf(certificate: Certificate): PublicKey | undefined {
  try {
    return certificate.key();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
