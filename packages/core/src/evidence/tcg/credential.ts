/**
 * A secret that only the TPM with one endorsement key and one attestation key can open: TPM2_MakeCredential done in
 * software (TPM 2.0 library, part 1 §24 and §11.4.10). The TPM opens it with TPM2_ActivateCredential.
 */
import { type Bytes, concat, encode, rest, sized, struct, u16be, u32be, utf8 } from '../../bytes/index.ts';
import {
  agree,
  type Curve,
  curves,
  type DigestName,
  digest,
  encryptCfb,
  hmac,
  leftPad,
  type PrivateKey,
  type PublicKey,
  privateKeyFromScalar,
  wrapOaep,
} from '../../crypto/index.ts';
import { AttestError, Malformed } from '../../errors.ts';
import { algorithm, algorithmName, bankOf, hashes, tpmCurves } from './algorithms.ts';
import { longestName } from './attest.ts';
import { publicKeyOf } from './key.ts';
import type { EccPublic, Public } from './public.ts';

/** Both parts are whole TPM2B structures, as TPM2_ActivateCredential takes them. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly blob: Bytes;
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly secret: Bytes;
}

const Sized = sized(u16be, rest);
const b2 = (value: Bytes): Bytes => encode(Sized, value);
const Point = struct({ x: Sized, y: Sized });

/**
 * @param ek public area of the endorsement key: restricted, with AES and a hash of its own
 * @param name of the attestation key
 * @param credential at most as long as the endorsement key's hash
 * @param random so many unpredictable bytes
 * @throws {Malformed} when the endorsement key cannot be used for this
 */
export function makeCredential(
  ek: Public,
  name: Bytes,
  credential: Bytes,
  random: (bytes: number) => Bytes,
): Credential {
  const hash = bankOf(ek.nameAlg);
  if (!hash) throw new Malformed('ek.nameAlg', 2, `is ${algorithmName(ek.nameAlg)}, which is not supported`);
  const length = hashes.get(ek.nameAlg)?.size ?? 0;
  if (name.length > longestName || credential.length > length)
    throw new AttestError(
      'Defect',
      `A credential of ${credential.length} bytes for a name of ${name.length} does not fit`,
    );
  if (ek.type !== algorithm.rsa && ek.type !== algorithm.ecc)
    throw new Malformed('ek.type', 0, `is ${algorithmName(ek.type)}, expected rsa or ecc`);
  if (ek.symmetric.algorithm !== algorithm.aes || ek.symmetric.mode !== algorithm.cfb)
    throw new Malformed('ek.symmetric', undefined, 'is not AES in CFB mode');
  const key = publicKeyOf(ek, 'ek');
  const { seed, secret } =
    ek.type === algorithm.ecc
      ? shareOnCurve(ek, key, hash, 'IDENTITY', ephemeral(ek, random))
      : shareByRsa(key, hash, 'IDENTITY', random(length), random(length));
  const bits = ek.symmetric.keyBits ?? 0;
  const identity = encryptCfb(kdfa(hash, seed, 'STORAGE', name, new Uint8Array(0), bits), b2(credential));
  const macKey = kdfa(hash, seed, 'INTEGRITY', new Uint8Array(0), new Uint8Array(0), length * 8);
  return { blob: b2(concat(b2(hmac(hash, macKey, identity, name)), identity)), secret: b2(secret) };
}

/** A seed known to both sides, and what tells it to the other one. */
export interface Shared {
  readonly seed: Bytes;
  readonly secret: Bytes;
}

/** @param label without its closing zero byte, which is added here as everywhere below */
export const shareByRsa = (key: PublicKey, hash: DigestName, label: string, seed: Bytes, oaepSeed: Bytes): Shared => ({
  seed,
  secret: wrapOaep(key, hash, utf8(`${label}\0`), seed, oaepSeed),
});

export function shareOnCurve(
  area: EccPublic,
  key: PublicKey,
  hash: DigestName,
  label: string,
  mine: PrivateKey,
): Shared {
  const { x, y } = pointOf(mine.public);
  const width = x.length;
  const z = agree(mine, key);
  const size = digestBits(hash);
  return {
    seed: kdfe(hash, z, label, x, leftPad(area.x, width, 'ek.x'), size),
    secret: encode(Point, { x, y }),
  };
}

/** A key for once: random scalars are drawn until one is below the curve's order. */
function ephemeral({ curve: number }: EccPublic, random: (bytes: number) => Bytes): PrivateKey {
  const curve = tpmCurves.get(number) as Curve;
  for (let tries = 0; tries < 64; tries++) {
    const scalar = random(curves[curve].bytes).slice();
    // P-521 uses one bit of its first byte.
    if (curve === 'P-521') scalar[0] = (scalar[0] ?? 0) & 1;
    try {
      return privateKeyFromScalar(curve, scalar);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
    }
  }
  throw new AttestError('Defect', 'The randomness handed in gave no key in 64 tries');
}

/** The coordinates of an EC key: the end of its SubjectPublicKeyInfo. */
function pointOf(key: PublicKey): { readonly x: Bytes; readonly y: Bytes } {
  const width = key.kind === 'EC' ? curves[key.curve].bytes : 0;
  const xy = key.spki.subarray(key.spki.length - 2 * width);
  return { x: xy.subarray(0, width), y: xy.subarray(width) };
}

const digestBits = (hash: DigestName): number =>
  8 * ([...hashes.values()].find(({ bank }) => bank === hash)?.size ?? 0);

/** Counter-mode key derivation (NIST SP 800-108) as TPMs have it. @param bits how many bits come out */
export const kdfa = (hash: DigestName, key: Bytes, label: string, u: Bytes, v: Bytes, bits: number): Bytes =>
  derive(hash, bits, (counter) => hmac(hash, key, counter, utf8(`${label}\0`), u, v, encode(u32be, bits)));

/** Concatenation key derivation (NIST SP 800-56A) as TPMs have it. @param z the agreed secret */
export const kdfe = (hash: DigestName, z: Bytes, label: string, u: Bytes, v: Bytes, bits: number): Bytes =>
  derive(hash, bits, (counter) => digest(hash, counter, z, utf8(`${label}\0`), u, v));

function derive(hash: DigestName, bits: number, block: (counter: Bytes) => Bytes): Bytes {
  const blocks = Math.ceil(bits / digestBits(hash));
  const out = concat(...Array.from({ length: blocks }, (_, i) => block(encode(u32be, i + 1)))).slice(
    0,
    Math.ceil(bits / 8),
  );
  // Bits that were not asked for are cleared, and they are the highest ones.
  if (bits % 8 !== 0) out[0] = (out[0] ?? 0) & ((1 << (bits % 8)) - 1);
  return out;
}
