/** Public keys as JSON Web Keys (RFC 7517, RFC 7518 §6): only what makes the key, none of what is said about it. */
import { type Bytes, fromBase64 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { curves } from './curve.ts';
import { ecPublicKey, type PublicKey, rsaPublicKey } from './key.ts';

/**
 * @param jwk members `kty`, and `n`, `e` or `crv`, `x`, `y`; others are not looked at
 * @throws {Malformed} for other kinds of keys, other encodings, and keys that `importSpki` refuses
 */
export function importJwk(jwk: { readonly [member: string]: unknown }, path = 'jwk'): PublicKey {
  const text = (name: string): string => {
    const value = jwk[name];
    if (typeof value !== 'string') throw new Malformed(`${path}.${name}`, undefined, 'is missing, or no string');
    return value;
  };
  const bytes = (name: string): Bytes => fromBase64(text(name), 'base64url', `${path}.${name}`);
  const kty = text('kty');
  if (kty === 'RSA') return rsaPublicKey(magnitude(bytes('n'), `${path}.n`), magnitude(bytes('e'), `${path}.e`), path);
  if (kty !== 'EC') throw new Malformed(`${path}.kty`, undefined, `is ${kty.slice(0, 20)}, expected RSA or EC`);
  const curve = text('crv');
  if (curve !== 'P-256' && curve !== 'P-384' && curve !== 'P-521')
    throw new Malformed(`${path}.crv`, undefined, 'is not P-256, P-384 or P-521');
  const coordinate = (name: string): Bytes => {
    const value = bytes(name);
    const { bytes: width } = curves[curve];
    if (value.length === width) return value;
    throw new Malformed(`${path}.${name}`, undefined, `has ${value.length} bytes, expected ${width}`);
  };
  return ecPublicKey(curve, coordinate('x'), coordinate('y'), path);
}

/** Base64urlUInt has as few bytes as will do (RFC 7518 §2). */
function magnitude(value: Bytes, path: string): Bytes {
  if (value.length === 0 || value.length > 1024) throw new Malformed(path, undefined, `has ${value.length} bytes`);
  if (value[0] === 0) throw new Malformed(path, undefined, 'begins with a zero byte');
  return value;
}
