/** JSON Web Signatures, compact form (RFC 7515 §7.1, RFC 7519 §6.1): writing only. Reading is the relying party's. */
import { type Bytes, base64url, utf8 } from '../bytes/index.ts';

/** The algorithms that a token may be signed with (RFC 7518 §3.1). */
export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'ES384';

/** A key that signs, wherever it is: in this process, in a KMS, behind PKCS#11. */
export interface Signer {
  readonly alg: SigningAlgorithm;
  /** As published in the signing certificates (jwk.ts). */
  readonly kid: string;
  /** Signs in the form that `alg` asks for; ECDSA as r and s, one after the other. */
  readonly sign: (input: Bytes) => Promise<Bytes>;
}

/**
 * A signed token.
 * @param header JSON text; whoever writes it names the signer's algorithm and key in it
 * @param payload JSON text
 */
export async function signed(header: string, payload: string, signer: Signer): Promise<string> {
  const input = signingInput(header, payload);
  return `${input}.${base64url(await signer.sign(utf8(input)))}`;
}

/** A token without a signature: it ends in a dot. Nobody may rely on it; drafts of policies are tried out with it. */
export const unsecured = (header: string, payload: string): string => `${signingInput(header, payload)}.`;

const signingInput = (header: string, payload: string): string =>
  `${base64url(utf8(header))}.${base64url(utf8(payload))}`;
