/** Keys of a TPM and of Node as JSON Web Keys (RFC 7517), and their signatures as JWS has them (RFC 7518). */
import { constants, type KeyObject, sign as signWithNode } from 'node:crypto';
import { type Bytes, base64url, concat, encode, u32be } from '@assay/core/bytes';
import { algorithm, type Public, type Signature } from '@assay/core/tcg';
import { TpmError } from './error.ts';

/** Members in this order: the text of it is what gets hashed. */
export type PublicJwk =
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string };

const curveNames: Readonly<Record<number, string>> = { 3: 'P-256', 4: 'P-384', 5: 'P-521' };
const coordinateSizes: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48, 'P-521': 66 };

/** @throws {TpmError} `Unfit` for keys that JWK cannot say */
export function jwkOf(area: Public): PublicJwk {
  if (area.type === algorithm.rsa && 'modulus' in area)
    return { kty: 'RSA', n: base64url(area.modulus), e: base64url(exponentOf(area.exponent)) };
  if (area.type === algorithm.ecc && 'curve' in area) {
    const crv = curveNames[area.curve];
    if (crv !== undefined) {
      const size = coordinateSizes[crv] as number;
      return { kty: 'EC', crv, x: base64url(padded(area.x, size)), y: base64url(padded(area.y, size)) };
    }
  }
  throw new TpmError('Unfit', 'the key is neither RSA nor on one of the curves P-256, P-384 and P-521');
}

/** TPMs write 0 for the usual exponent. */
function exponentOf(exponent: number): Bytes {
  const written = encode(u32be, exponent === 0 ? 65537 : exponent);
  return written.subarray(written.findIndex((byte) => byte !== 0));
}

/** Some TPMs leave leading zeros away. */
const padded = (value: Bytes, size: number): Bytes => concat(new Uint8Array(Math.max(0, size - value.length)), value);

/** A private key in software that can sign a request: RSA of 2048 bits or more for PS256, P-256 for ES256. */
export interface SigningKey {
  readonly alg: 'PS256' | 'ES256';
  readonly jwk: PublicJwk;
  readonly sign: (input: Bytes) => Promise<Bytes>;
}

/** @throws {TypeError} for other kinds of keys */
export function softwareKey(key: KeyObject): SigningKey {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const isRsa = type === 'rsa' && (details?.modulusLength ?? 0) >= 2048;
  if (key.type !== 'private' || !(isRsa || (type === 'ec' && details?.namedCurve === 'prime256v1')))
    throw new TypeError('the request key must be a private key, RSA of at least 2048 bits or P-256');
  const { n, e, crv, x, y } = key.export({ format: 'jwk' }) as Record<string, string>;
  return isRsa
    ? {
        alg: 'PS256',
        jwk: { kty: 'RSA', n: n as string, e: e as string },
        sign: async (input) =>
          new Uint8Array(
            signWithNode('sha256', input, {
              key,
              padding: constants.RSA_PKCS1_PSS_PADDING,
              saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
            }),
          ),
      }
    : {
        alg: 'ES256',
        jwk: { kty: 'EC', crv: crv as string, x: x as string, y: y as string },
        sign: async (input) => new Uint8Array(signWithNode('sha256', input, { key, dsaEncoding: 'ieee-p1363' })),
      };
}

/** The algorithm by which a TPM's key signs a request. @throws {TpmError} `Unfit` for other schemes */
export function requestAlgorithm(area: Public): 'PS256' | 'ES256' {
  const scheme = 'scheme' in area ? area.scheme : undefined;
  if (scheme?.hash === algorithm.sha256) {
    if (scheme.algorithm === algorithm.rsaPss) return 'PS256';
    if (scheme.algorithm === algorithm.ecdsa && 'curve' in area && area.curve === 3) return 'ES256';
  }
  throw new TpmError('Unfit', 'a request key must sign by RSA-PSS or, on P-256, by ECDSA, each with SHA-256');
}

/** A TPM's signature as JWS has it. */
export function jwsSignature({ value }: Signature): Bytes {
  if ('signature' in value) return value.signature;
  return concat(padded(value.r, 32), padded(value.s, 32));
}
