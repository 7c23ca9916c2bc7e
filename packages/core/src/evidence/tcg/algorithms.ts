/** Numbers of the TPM 2.0 library, part 2 (and of TCG's algorithm registry) that attestation meets, by name. */

/** TPM_ALG_ID. */
export const algorithm = {
  rsa: 0x0001,
  sha1: 0x0004,
  hmac: 0x0005,
  aes: 0x0006,
  keyedHash: 0x0008,
  xor: 0x000a,
  sha256: 0x000b,
  sha384: 0x000c,
  sha512: 0x000d,
  none: 0x0010,
  sm3: 0x0012,
  sm4: 0x0013,
  rsaSsa: 0x0014,
  rsaEs: 0x0015,
  rsaPss: 0x0016,
  oaep: 0x0017,
  ecdsa: 0x0018,
  ecdh: 0x0019,
  ecdaa: 0x001a,
  sm2: 0x001b,
  ecSchnorr: 0x001c,
  ecMqv: 0x001d,
  ecc: 0x0023,
  symCipher: 0x0025,
  camellia: 0x0026,
  sha3_256: 0x0027,
  sha3_384: 0x0028,
  sha3_512: 0x0029,
  ctr: 0x0040,
  ofb: 0x0041,
  cbc: 0x0042,
  cfb: 0x0043,
  ecb: 0x0044,
} as const;

/** The hashes that this package computes: their names double as names of PCR banks. */
export type Bank = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface HashAlgorithm {
  readonly id: number;
  readonly name: string;
  /** Bytes of a digest. */
  readonly size: number;
  /** Absent: known by size only (SM3, SHA-3). */
  readonly bank?: Bank;
}

const row = (id: number, name: string, size: number, bank?: Bank): HashAlgorithm => ({
  id,
  name,
  size,
  ...(bank && { bank }),
});

/** Hashes by TPM_ALG_ID. */
export const hashes: ReadonlyMap<number, HashAlgorithm> = new Map(
  [
    row(algorithm.sha1, 'sha1', 20, 'sha1'),
    row(algorithm.sha256, 'sha256', 32, 'sha256'),
    row(algorithm.sha384, 'sha384', 48, 'sha384'),
    row(algorithm.sha512, 'sha512', 64, 'sha512'),
    row(algorithm.sm3, 'sm3_256', 32),
    row(algorithm.sha3_256, 'sha3_256', 32),
    row(algorithm.sha3_384, 'sha3_384', 48),
    row(algorithm.sha3_512, 'sha3_512', 64),
  ].map((one) => [one.id, one]),
);

/** The bank of a TPM_ALG_ID; undefined for hashes that are not computed here. */
export const bankOf = (id: number): Bank | undefined => hashes.get(id)?.bank;

/** An algorithm for people: its name, else its number. */
export const algorithmName = (id: number): string =>
  hashes.get(id)?.name ?? names.get(id) ?? `0x${id.toString(16).padStart(4, '0')}`;

const names: ReadonlyMap<number, string> = new Map(Object.entries(algorithm).map(([name, id]) => [id, name]));

/** TPM_ECC_CURVE of the curves that are accepted. */
export const tpmCurves: ReadonlyMap<number, 'P-256' | 'P-384' | 'P-521'> = new Map([
  [3, 'P-256'],
  [4, 'P-384'],
  [5, 'P-521'],
]);

/** TPMA_OBJECT (part 2 §8.3): each attribute's bit. */
export const objectAttributes = {
  fixedTpm: 0x2,
  stClear: 0x4,
  fixedParent: 0x10,
  sensitiveDataOrigin: 0x20,
  userWithAuth: 0x40,
  adminWithPolicy: 0x80,
  firmwareLimited: 0x100,
  svnLimited: 0x200,
  noDa: 0x400,
  encryptedDuplication: 0x800,
  restricted: 0x1_0000,
  decrypt: 0x2_0000,
  sign: 0x4_0000,
  x509Sign: 0x8_0000,
} as const;

/** What a public area says of its key. */
export type ObjectAttribute = keyof typeof objectAttributes;

/** The attributes that are set, by name. */
export const attributeNames = (attributes: number): readonly ObjectAttribute[] =>
  (Object.keys(objectAttributes) as ObjectAttribute[]).filter((name) => (attributes & objectAttributes[name]) !== 0);
