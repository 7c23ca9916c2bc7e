/** Compact JWS (RFC 7515 §7.1) by a request key, in software or in the TPM. */
import { type Bytes, base64url, utf8 } from '@assay/core/bytes';
import { jwsSignature, requestAlgorithm, type SigningKey } from './jwk.ts';
import type { TpmKey } from './keys.ts';
import { signDigest } from './statements.ts';
import { hashed } from './templates.ts';
import type { Tpm } from './tpm.ts';

/** What makes signatures of one algorithm. */
type Signer = Pick<SigningKey, 'alg' | 'sign'>;

/** A loaded key of the TPM as a signer. @throws {TpmError} `Unfit` for keys that cannot sign requests */
export const residentSigner = (tpm: Tpm, key: TpmKey): Signer => ({
  alg: requestAlgorithm(key.area),
  sign: async (input: Bytes) => jwsSignature(await signDigest(tpm, key, hashed('sha256', input))),
});

/** @param typ what the JWS is, in its header: a key signs more than one kind @throws {TpmError} */
export async function compactJws({ alg, sign }: Signer, typ: string, payload: object): Promise<string> {
  const signed = [{ alg, typ }, payload].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
  return `${signed}.${base64url(await sign(utf8(signed)))}`;
}
