/** Public areas: TPMT_PUBLIC and TPM2B_PUBLIC (TPM 2.0 library, part 2 §12.2), where a key says what it is for. */
import { among, type Cursor, type Layout, type Of, sized, struct, u16be, u32be } from '../../bytes/index.ts';
import { algorithm, objectAttributes } from './algorithms.ts';
import { b2, checked, when } from './fields.ts';

const known = Object.values(objectAttributes).reduce<number>((all, bit) => all | bit, 0);

const { none, xor, hmac, rsaSsa, rsaEs, rsaPss, oaep, ecdsa, ecdh, ecdaa, sm2, ecSchnorr, ecMqv } = algorithm;

/** TPMT_SYM_DEF(_OBJECT). */
const Symmetric = struct({
  algorithm: among(u16be, [none, algorithm.aes, xor, algorithm.sm4, algorithm.camellia]),
  /** Of XOR this is the hash. */
  keyBits: when((fields) => fields.algorithm !== none, u16be),
  mode: when((fields) => fields.algorithm !== none && fields.algorithm !== xor, u16be),
});

/** TPMT_RSA_SCHEME, TPMT_ECC_SCHEME, TPMT_KDF_SCHEME, TPMT_KEYEDHASH_SCHEME: an algorithm and, mostly, its hash. */
const scheme = (algorithms: readonly number[]) =>
  struct({
    algorithm: among(u16be, algorithms),
    hash: when((fields) => fields.algorithm !== none && fields.algorithm !== rsaEs, u16be),
    /** ECDAA: the counter. XOR: how the key is derived. */
    more: when((fields) => fields.algorithm === ecdaa || fields.algorithm === xor, u16be),
  });

const common = {
  nameAlg: u16be,
  attributes: checked(u32be, (value) =>
    (value & ~known) !== 0 ? `has reserved attributes set: 0x${((value & ~known) >>> 0).toString(16)}` : undefined,
  ),
  authPolicy: b2(64),
};
/** KDF1 (SP 800-56A), MGF1, KDF2, KDF1 (SP 800-108). */
const kdfs = [none, 0x0007, 0x0020, 0x0021, 0x0022];

const RsaPublic = struct({
  type: among(u16be, [algorithm.rsa]),
  ...common,
  symmetric: Symmetric,
  scheme: scheme([none, rsaSsa, rsaEs, rsaPss, oaep]),
  keyBits: u16be,
  /** 0 stands for 65537. */
  exponent: u32be,
  modulus: b2(1024),
});
const EccPublic = struct({
  type: among(u16be, [algorithm.ecc]),
  ...common,
  symmetric: Symmetric,
  scheme: scheme([none, ecdsa, ecdh, ecdaa, sm2, ecSchnorr, ecMqv]),
  curve: u16be,
  kdf: scheme(kdfs),
  x: b2(128),
  y: b2(128),
});
const KeyedHashPublic = struct({
  type: among(u16be, [algorithm.keyedHash]),
  ...common,
  scheme: scheme([none, hmac, xor]),
  unique: b2(64),
});
const SymCipherPublic = struct({
  type: among(u16be, [algorithm.symCipher]),
  ...common,
  symmetric: Symmetric,
  unique: b2(64),
});

export type RsaPublic = Of<typeof RsaPublic>;
export type EccPublic = Of<typeof EccPublic>;
export type Public = RsaPublic | EccPublic | Of<typeof KeyedHashPublic> | Of<typeof SymCipherPublic>;

const kinds: ReadonlyMap<number, Layout<Public>> = new Map(
  [RsaPublic, EccPublic, KeyedHashPublic, SymCipherPublic].map((layout, i) => [
    [algorithm.rsa, algorithm.ecc, algorithm.keyedHash, algorithm.symCipher][i] as number,
    layout as Layout<Public>,
  ]),
);

/** TPMT_PUBLIC: what names hash. Which of four kinds it is, its first field says. */
export const Public: Layout<Public> = {
  read: (from) => kindAt(from).read(from),
  write(value, to) {
    kinds.get(value.type)?.write(value, to);
  },
};

function kindAt(from: Cursor): Layout<Public> {
  // Fewer than two bytes: any kind says so.
  const type = from.left < 2 ? algorithm.rsa : from.view.getUint16(from.at);
  return (
    kinds.get(type) ??
    from.fail(
      `is a key of type 0x${type.toString(16).padStart(4, '0')}, expected RSA (1), ECC (23), keyed hash (8) or cipher (25)`,
    )
  );
}

/** TPM2B_PUBLIC: the same behind its length, which names do not hash. */
export const SizedPublic: Layout<Public> = sized(u16be, Public);
