/** Whether a key signed what a TPM is said to have signed, under every scheme that is accepted. */
import { type Bytes, concat } from '../../bytes/index.ts';
import { curves, leftPad, type PublicKey, type Scheme, verifySignature } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithm, algorithmName, bankOf } from './algorithms.ts';
import type { Public } from './public.ts';
import type { Signature } from './signature.ts';

/**
 * What is wrong with a signature; undefined where it verifies. RSAPSS takes any length of salt, as TPMs differ. Whether
 * SHA-1 is good enough is for the caller to ask: Windows' attestation keys sign with it.
 */
export function signatureProblem(signature: Signature, key: PublicKey, data: Bytes): string | undefined {
  const { scheme } = signature;
  const kind = scheme === algorithm.rsaSsa || scheme === algorithm.rsaPss ? 'RSA' : 'EC';
  if (key.kind !== kind) return `is of the scheme ${algorithmName(scheme)}, and the key is ${key.kind}`;
  const known = schemeOf(signature);
  if (!known)
    return `is of the scheme ${algorithmName(scheme)} with ${algorithmName(signature.value.hash)}, which is not accepted`;
  try {
    return verifySignature(known, key, data, plain(signature, key)) ? undefined : 'does not verify';
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

/** The scheme and hash of a signature as `crypto` knows it; undefined for what is not accepted. */
export function schemeOf({ scheme, value }: Signature): Scheme | undefined {
  const hash = bankOf(value.hash);
  if (scheme === algorithm.rsaSsa) return hash && `rsa-pkcs1-${hash}`;
  if (hash === undefined || hash === 'sha1') return undefined;
  if (scheme === algorithm.rsaPss) return `rsa-pss-${hash}-any`;
  return scheme === algorithm.ecdsa ? `ecdsa-${hash}-raw` : undefined;
}

/** RSA: as it is. ECDSA: both halves as wide as the curve; longer ones are refused, even by zeros. */
function plain({ value }: Signature, key: PublicKey): Bytes {
  if ('signature' in value) return value.signature;
  if (key.kind !== 'EC') throw new Malformed('signature', undefined, 'has two halves, and the key is no EC key');
  const width = curves[key.curve].bytes;
  return concat(leftPad(value.r, width, 'signature.r'), leftPad(value.s, width, 'signature.s'));
}

/** How a signature differs from what the public area of its key allows; undefined where it does not. */
export function schemeProblem(signature: Signature, area: Public): string | undefined {
  if (area.type !== algorithm.rsa && area.type !== algorithm.ecc) return 'is by an object that is no asymmetric key';
  const fixed = area.scheme;
  if (fixed.algorithm === algorithm.none) return undefined;
  if (fixed.algorithm === signature.scheme && fixed.hash === signature.value.hash) return undefined;
  const [is, must] = [
    [signature.scheme, signature.value.hash],
    [fixed.algorithm, fixed.hash ?? algorithm.none],
  ].map((pair) => pair.map((id) => algorithmName(id as number)).join(' with '));
  return `is ${is}, and the key signs ${must} only`;
}
