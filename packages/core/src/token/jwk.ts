/** Signing keys as they are published: their names, and entries of a JWK set (RFC 7517) as Azure Attestation writes it. */
import { type Bytes, base64, base64url, utf8 } from '../bytes/index.ts';
import { digest, sha256 } from '../crypto/digest.ts';

/**
 * The `kid` of a token-signing key: SHA-256 in standard base64 over the key's PEM text and one NUL byte, which is how
 * the original hashes a C string.
 * @param spki SubjectPublicKeyInfo in DER
 */
export function keyId(spki: Bytes): string {
  const lines = base64(spki).match(/.{1,64}/g) ?? [];
  return base64(sha256(utf8(`-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n\0`)));
}

/** The `kid` of a certificate: base64url SHA-1 of its DER. TPM tokens name their key so. */
export const certificateKeyId = (certificate: Bytes): string => base64url(digest('sha1', certificate));

/** One published key. The certificate carries the key: there is no `n`, `e`, `alg` or `use`. */
export interface PublishedKey {
  readonly x5c: readonly string[];
  readonly kid: string;
  readonly kty: 'RSA' | 'EC';
}

/**
 * An entry of `/certs`.
 * @param chain certificates in DER, the leaf first
 */
export const publishedKey = (chain: readonly Bytes[], kid: string, kty: PublishedKey['kty']): PublishedKey => ({
  x5c: chain.map(base64),
  kid,
  kty,
});
