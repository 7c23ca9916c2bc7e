/** Tokens: what is said, in which form, signed by whom. */
export { type Content, type Form, type HeaderParts, type Times, timesOf, writeHeader, writePayload } from './form.ts';
export { certificateKeyId, keyId, type PublishedKey, publishedKey } from './jwk.ts';
export { type Signer, type SigningAlgorithm, signed, unsecured } from './jws.ts';
export { policyHash } from './policy-hash.ts';
