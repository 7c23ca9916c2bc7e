/** X.509: certificates, revocation lists and paths, read and written. Knows no vendor; returns results, no appraisal. */
export { encodeAlgorithm, type SignatureAlgorithm } from './algorithm.ts';
export {
  alternativeNames,
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoint,
  crlNumber,
  extendedKeyUsage,
  type GeneralName,
  keyIdentifier,
  keyUsage,
  type NewExtension,
  opaqueExtension,
  subjectAltName,
  subjectKeyIdentifier,
} from './build.ts';
export { type Certificate, parseCertificate, type Signed } from './certificate.ts';
export { type Crl, crlBytes, parseCrl } from './crl.ts';
export type { BasicConstraints, Extension, Extensions, KeyUsage, KeyUsageName } from './extension.ts';
export {
  type CertificateSigner,
  issueCertificate,
  issueCrl,
  type NewCertificate,
  type NewCrl,
  type NewName,
  type NewRevocation,
} from './issue.ts';
export { commonName, encodeName, type NameParts, nameText, sameName } from './name.ts';
export { extensionOids } from './oids.ts';
export { type GoodPath, type PathOptions, walkPath } from './path.ts';
export { pemBlocks, pemLabels, toPem } from './pem.ts';
export type { BadPath, PathProblem, Span } from './problem.ts';
export {
  isCrlIssuedBy,
  isIssuedBy,
  isSelfIssued,
  isSelfSigned,
  isSignedBy,
  keyOf,
  maySignCertificates,
  maySignCrls,
} from './step.ts';
