/** The one door to `node:crypto`. */
export { open, seal } from './cipher.ts';
export { type Curve, curves } from './curve.ts';
export { type DigestName, digest, digestOf, sha256 } from './digest.ts';
export { hmac } from './hmac.ts';
export { importJwk } from './jwk.ts';
export { ecPublicKey, importSpki, leftPad, type PublicKey, p256Point, rsaPublicKey } from './key.ts';
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
export { agree, encryptCfb, wrapOaep } from './wrap.ts';
