/**
 * Public areas to make keys by: endorsement keys (TCG EK Credential Profile, annex B), the storage key that others are
 * made under (TCG TPM 2.0 Provisioning Guidance), attestation keys, and keys that sign requests.
 */
import { createHash } from 'node:crypto';
import { type Bytes, concat, encode, fromHex, u32be } from '@assay/core/bytes';
import {
  algorithm,
  type Bank,
  type EccPublic,
  type ObjectAttribute,
  objectAttributes,
  type Public,
  type RsaPublic,
} from '@assay/core/tcg';

/** The hash of a bank or a scheme, with Node's library. */
export const hashed = (hash: Bank, ...parts: readonly Bytes[]): Bytes =>
  new Uint8Array(
    createHash(hash)
      .update(concat(...parts))
      .digest(),
  );

/** TPM_ECC_CURVE. */
const curveNumbers = { 'P-256': 3, 'P-384': 4 } as const;
export type KeyCurve = keyof typeof curveNumbers;

/** What a signing key signs with. TPMs fix both when a key is made. */
export type KeyKind =
  | { readonly type: 'RSA'; readonly padding?: 'PKCS1' | 'PSS'; readonly hash?: Bank }
  | { readonly type: KeyCurve; readonly hash?: Bank };

const none = { algorithm: algorithm.none, keyBits: undefined, mode: undefined };
const noScheme = { algorithm: algorithm.none, hash: undefined, more: undefined };
const aes = (keyBits: number) => ({ algorithm: algorithm.aes, keyBits, mode: algorithm.cfb });
const schemeOf = (scheme: number, hash: Bank) => ({ algorithm: scheme, hash: algorithm[hash], more: undefined });
const empty = new Uint8Array(0);

const allOf = (...names: readonly ObjectAttribute[]): number =>
  names.reduce((all, name) => all | objectAttributes[name], 0);
const bound: readonly ObjectAttribute[] = ['fixedTpm', 'fixedParent', 'sensitiveDataOrigin'];

interface Common {
  readonly nameAlg: Bank;
  readonly attributes: number;
  readonly authPolicy?: Bytes;
}
const commonOf = ({ nameAlg, attributes, authPolicy = empty }: Common) => ({
  nameAlg: algorithm[nameAlg],
  attributes,
  authPolicy,
});

const rsa = (common: Common, rest: Pick<RsaPublic, 'symmetric' | 'scheme'>, modulus: Bytes = empty): RsaPublic => ({
  type: algorithm.rsa,
  ...commonOf(common),
  ...rest,
  keyBits: 2048,
  exponent: 0,
  modulus,
});
const ecc = (
  common: Common,
  rest: Pick<EccPublic, 'symmetric' | 'scheme'>,
  curve: KeyCurve,
  coordinate: Bytes = empty,
): EccPublic => ({
  type: algorithm.ecc,
  ...commonOf(common),
  ...rest,
  curve: curveNumbers[curve],
  kdf: noScheme,
  x: coordinate,
  y: coordinate,
});

/** The storage key: P-256, made in a few milliseconds, and always the same one of a TPM. */
export const storageTemplate: Public = ecc(
  { nameAlg: 'sha256', attributes: allOf(...bound, 'userWithAuth', 'noDa', 'restricted', 'decrypt') },
  { symmetric: aes(128), scheme: noScheme },
  'P-256',
);

function signing(kind: KeyKind, attributes: number): Public {
  const common: Common = { nameAlg: 'sha256', attributes };
  if (kind.type === 'RSA') {
    const { padding = 'PKCS1', hash = 'sha256' } = kind;
    const scheme = padding === 'PSS' ? algorithm.rsaPss : algorithm.rsaSsa;
    return rsa(common, { symmetric: none, scheme: schemeOf(scheme, hash) });
  }
  const { hash = kind.type === 'P-384' ? 'sha384' : 'sha256' } = kind;
  return ecc(common, { symmetric: none, scheme: schemeOf(algorithm.ecdsa, hash) }, kind.type);
}

/** A key that signs what the TPM says of itself, and nothing from outside that could be taken for it. */
export const attestationTemplate = (kind: KeyKind): Public =>
  signing(kind, allOf(...bound, 'userWithAuth', 'noDa', 'restricted', 'sign'));

/** A key that signs anything, such as the request of an attestation. */
export const requestTemplate = (type: 'RSA' | 'P-256'): Public =>
  signing(type === 'RSA' ? { type, padding: 'PSS' } : { type }, allOf(...bound, 'userWithAuth', 'noDa', 'sign'));

/** TPM_CC_PolicySecret over TPM_RH_ENDORSEMENT, and TPM_CC_PolicyOR, as policies hash them. */
const [secretByEndorsement, either] = [fromHex('000001514000000b'), encode(u32be, 0x171)];

type EkHash = 'sha256' | 'sha384';
const sizes = { sha256: 32, sha384: 48 } as const;

/** PolicyC of the profile: what an NV index of the platform's owner may allow instead. */
const policyC: Readonly<Record<EkHash, Bytes>> = {
  sha256: fromHex('3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde'),
  sha384: fromHex('d6032ce61f2fb3c240eb3cf6a33237ef2b6a16f4293c22b455e261cffd217ad5b4947c2d73e63005eed2dc2b3593d165'),
};

/** The policies of endorsement keys: PolicyA of the low range, PolicyB of the high one, and B's two branches. */
export interface EkPolicies {
  readonly a: Bytes;
  readonly b: Bytes;
  readonly branches: readonly Bytes[];
}

/** @param hash of the endorsement key's name */
export function ekPolicies(hash: EkHash): EkPolicies {
  const zeros = new Uint8Array(sizes[hash]);
  // An empty reference is hashed in a second round.
  const a = hashed(hash, hashed(hash, zeros, secretByEndorsement));
  const branches = [a, policyC[hash]];
  return { a, b: hashed(hash, zeros, either, ...branches), branches };
}

/** An endorsement key as the profile names it, and the NV index that its certificate stands at. */
export interface EkTemplate {
  readonly name: string;
  readonly index: number;
  readonly area: Public;
}

const low = allOf(...bound, 'adminWithPolicy', 'restricted', 'decrypt');
const high = low | objectAttributes.userWithAuth;

/** Templates of the profile up to P-384, in the order in which they are looked for. */
export function ekTemplates(): readonly EkTemplate[] {
  const short = ekPolicies('sha256');
  const lowRange: Common = { nameAlg: 'sha256', attributes: low, authPolicy: short.a };
  const highRange: Common = { nameAlg: 'sha256', attributes: high, authPolicy: short.b };
  const long: Common = { nameAlg: 'sha384', attributes: high, authPolicy: ekPolicies('sha384').b };
  const with128 = { symmetric: aes(128), scheme: noScheme };
  // The low range fills the unique field with zeros, the high one leaves it empty: another field makes another key.
  return [
    { name: 'L-1', index: 0x01c0_0002, area: rsa(lowRange, with128, new Uint8Array(256)) },
    { name: 'L-2', index: 0x01c0_000a, area: ecc(lowRange, with128, 'P-256', new Uint8Array(32)) },
    { name: 'H-1', index: 0x01c0_0012, area: rsa(highRange, with128) },
    { name: 'H-2', index: 0x01c0_0014, area: ecc(highRange, with128, 'P-256') },
    { name: 'H-3', index: 0x01c0_0016, area: ecc(long, { symmetric: aes(256), scheme: noScheme }, 'P-384') },
  ];
}
