/** The NIST curves in use: RFC 5480 names, sizes, and how their keys are encoded. */

export type Curve = 'P-256' | 'P-384' | 'P-521';

interface CurveRow {
  readonly oid: string;
  /** Bytes of one coordinate, of a private scalar, and of each half of a raw signature. */
  readonly bytes: number;
  readonly bits: number;
  /** How many points there are, in hexadecimal as wide as a scalar (SEC 2 §2.4.2, §2.5.1, §2.6.1). */
  readonly order: string;
}

export const curves: { readonly [curve in Curve]: CurveRow } = {
  'P-256': {
    oid: '1.2.840.10045.3.1.7',
    bytes: 32,
    bits: 256,
    order: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  },
  'P-384': {
    oid: '1.3.132.0.34',
    bytes: 48,
    bits: 384,
    order: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  },
  'P-521': {
    oid: '1.3.132.0.35',
    bytes: 66,
    bits: 521,
    order:
      '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  },
};

export const curveOf = (oid: string): Curve | undefined =>
  (Object.keys(curves) as Curve[]).find((curve) => curves[curve].oid === oid);

/** Algorithm identifiers of keys. */
export const keyOids = {
  ec: '1.2.840.10045.2.1',
  rsa: '1.2.840.113549.1.1.1',
  ed25519: '1.3.101.112',
} as const;
