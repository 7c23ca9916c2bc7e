/** Tokens: what is said, in which form, signed by whom. */
export {
  type Content,
  type Form,
  type HeaderParts,
  issuedForm,
  type Times,
  timesOf,
  writeHeader,
  writePayload,
} from './form.ts';
export { certificateKeyId, keyId, type PublishedKey, publishedKey } from './jwk.ts';
export { type Signer, type SigningAlgorithm, signed, unsecured } from './jws.ts';
export {
  type PolicyAlgorithm,
  type PolicyEnvelope,
  type PolicySigning,
  policyAlgorithms,
  policyTokenHash,
  readPolicyEnvelope,
  signPolicy,
  unsignedPolicy,
  verifyPolicy,
} from './policy-envelope.ts';
export { policyHash } from './policy-hash.ts';
export { type PolicySigner, type SignerRule, signerClaim } from './policy-signer.ts';
