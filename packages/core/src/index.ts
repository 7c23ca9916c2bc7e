/**
 * The core of Assay: bytes in, facts, claims and tokens out. Offline and pure: time, randomness, anchors, memory and
 * collateral are handed in.
 */
export {
  Appraisal,
  type Attachment,
  type Check,
  type CheckTable,
  checks,
  close,
  describe,
  type Entry,
  type Finding,
  type Outcome,
  Refusal,
  type Section,
  type Seen,
  writeAppraisal,
} from './appraisal.ts';
export { appraise, attest, attestChecks, type Grant, type Prepared, requirePermit, type World } from './attest.ts';
export { type Bytes, base64, base64url, equal, fromBase64, hex, utf8 } from './bytes/index.ts';
export type { Claim, Json, JsonObject } from './claim.ts';
export type {
  Anchors,
  AnyType,
  AttestationType,
  Bound,
  Collateral,
  Context,
  Desk,
  Memo,
  Need,
  NeedName,
  Property,
  Received,
  Settings,
  Submission,
  TcbBaseline,
  TokenForm,
  Verifier,
  Vouched,
} from './contract.ts';
export {
  exportPkcs8,
  generateKey,
  importPkcs8,
  type KeyKind,
  open,
  type PrivateKey,
  publicSpki,
  type Scheme,
  seal,
  signData,
} from './crypto/index.ts';
export { type Actor, AttestError, type ErrorCode, errorTable, Malformed, reasonOf, type Where } from './errors.ts';
export {
  intelRoot,
  isMixedPem,
  issuersOf,
  type Recognised,
  type RecognisedCertificates,
  type RecognisedItem,
  recognise,
  signersOf,
  withoutMark,
} from './evidence/intel/index.ts';
export { aikIssuersPem, aikNeedsAnsweredBy } from './evidence/tcg/aik.ts';
export { aikFamily, microsoftTpmRoot } from './evidence/tcg/anchors.ts';
export { formatJson, isObject, parseJson } from './json/index.ts';
export {
  alternativeNames,
  authorityKeyIdentifier,
  basicConstraints,
  type Certificate,
  commonName,
  extendedKeyUsage,
  type GeneralName,
  isIssuedBy,
  isSelfIssued,
  issueCertificate,
  keyIdentifier,
  keyUsage,
  type NewExtension,
  parseCertificate,
  pemBlocks,
  subjectKeyIdentifier,
  toPem,
} from './pki/index.ts';
export { typeNamed, types } from './registry.ts';
export {
  type Content as TokenContent,
  certificateKeyId,
  issuedForm,
  keyId,
  type PublishedKey,
  policyHash,
  publishedKey,
  type Signer,
  type SigningAlgorithm,
  signed,
  timesOf,
  unsecured,
  writeHeader,
  writePayload,
} from './token/index.ts';
export { forgetful, type Voucher, vouch } from './vouch.ts';
