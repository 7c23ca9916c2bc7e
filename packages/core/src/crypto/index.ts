/** The one door to `node:crypto`. */
export { open, seal } from './cipher.ts';
export type { Curve } from './curve.ts';
export { type DigestName, digest, digestOf, sha256 } from './digest.ts';
export { importSpki, type PublicKey, p256Point } from './key.ts';
export {
  exportPkcs8,
  generateKey,
  importPkcs8,
  type KeyKind,
  type PrivateKey,
  privateKeyFromScalar,
  publicSpki,
} from './private.ts';
export { type Scheme, signData, verifySignature } from './signature.ts';
