/**
 * Public keys out of SubjectPublicKeyInfo (RFC 5280 §4.1.2.7; RFC 3279, 5480, 8410). Everything is checked by the own
 * DER reader before OpenSSL sees it. Importing costs more than verifying, so keys are kept by whoever holds them.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { integerBytes, type Node, nothing, oid, readDer, tag, wholeBytes, within, write } from '../asn1/index.ts';
import { type Bytes, base64url, concat } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { type Curve, curveOf, curves, keyOids } from './curve.ts';

interface Imported {
  /** Strength as usually named: bits of the modulus, or of the curve. */
  readonly bits: number;
  /** The SubjectPublicKeyInfo in DER. */
  readonly spki: Bytes;
  /** Node's own object. For `crypto/` alone. */
  readonly handle: KeyObject;
}

export type PublicKey =
  | (Imported & { readonly kind: 'EC'; readonly curve: Curve })
  | (Imported & { readonly kind: 'RSA' })
  | (Imported & { readonly kind: 'Ed25519' });

/** Bits of RSA moduli that are accepted. */
const rsaBits = { least: 2048, most: 8192 };

/**
 * A key to verify with: EC on P-256, P-384 or P-521 (named curve, uncompressed point), RSA of 2048 to 8192 bits, Ed25519.
 * @param spki SubjectPublicKeyInfo in DER, nothing after it
 * @throws {Malformed} for any other key, any other encoding, and points that are not on the curve
 */
export function importSpki(spki: Bytes, path = 'spki'): PublicKey {
  const fields = readDer(spki, path).expect(tag.sequence).fields();
  const algorithm = fields.next('algorithm', tag.sequence);
  const key = fields.next('key', tag.bitString);
  fields.end();

  const parameters = algorithm.fields();
  const kind = parameters.next('algorithm');
  const name = oid(kind);
  switch (name) {
    case keyOids.ec: {
      const parameter = parameters.next('curve');
      parameters.end();
      const dotted = oid(parameter);
      const curve = curveOf(dotted) ?? parameter.fail(`names the curve ${dotted}, expected P-256, P-384 or P-521`);
      checkPoint(key, curve);
      return { kind: 'EC', curve, bits: curves[curve].bits, spki, handle: pointHandle(curve, key) };
    }
    case keyOids.rsa: {
      nothing(parameters.next('parameters'));
      parameters.end();
      return { kind: 'RSA', bits: checkModulus(key), spki, handle: handleOf(spki, key) };
    }
    case keyOids.ed25519: {
      parameters.end();
      const { length } = wholeBytes(key);
      if (length !== 32) key.fail(`is an Ed25519 key of ${length} bytes, expected 32`);
      return { kind: 'Ed25519', bits: 256, spki, handle: handleOf(spki, key) };
    }
    default:
      return kind.fail(`is a key of kind ${name}, expected EC, RSA or Ed25519`);
  }
}

/**
 * The P-256 key of a bare point, as quotes carry it.
 * @param xy 64 bytes: x then y, big-endian
 * @throws {Malformed} unless the point is on the curve
 */
export function p256Point(xy: Bytes, path = 'point'): PublicKey {
  if (xy.length !== 64) throw new Malformed(path, 0, `is ${xy.length} bytes, expected 64`);
  return importSpki(ecSpki('P-256', concat(Uint8Array.of(4), xy)), path);
}

/**
 * The RSA key of a bare modulus and exponent, as TPMs and JWKs carry it.
 * @param modulus big-endian
 * @throws {Malformed} as `importSpki` does
 */
export function rsaPublicKey(modulus: Bytes, exponent: Bytes | number, path = 'key'): PublicKey {
  const key = write.sequence(write.integer(modulus), write.integer(exponent));
  const algorithm = write.sequence(write.oid(keyOids.rsa), write.nothing());
  return importSpki(write.sequence(algorithm, write.bitString(key)), path);
}

/**
 * The EC key of bare coordinates. Leading zeros may be missing, as some TPMs strip them.
 * @throws {Malformed} when a coordinate is longer than the curve, or the point is not on it
 */
export function ecPublicKey(curve: Curve, x: Bytes, y: Bytes, path = 'key'): PublicKey {
  const width = curves[curve].bytes;
  const point = concat(Uint8Array.of(4), leftPad(x, width, `${path}.x`), leftPad(y, width, `${path}.y`));
  return importSpki(ecSpki(curve, point), path);
}

/**
 * A big-endian number at a fixed width.
 * @throws {Malformed} when it is longer
 */
export function leftPad(value: Bytes, width: number, path = 'number'): Bytes {
  if (value.length > width) throw new Malformed(path, 0, `is ${value.length} bytes, at most ${width}`);
  return value.length === width ? value : concat(new Uint8Array(width - value.length), value);
}

/** @param point uncompressed: 04, x, y */
export const ecSpki = (curve: Curve, point: Bytes): Bytes =>
  write.sequence(write.sequence(write.oid(keyOids.ec), write.oid(curves[curve].oid)), write.bitString(point));

function checkPoint(key: Node, curve: Curve): void {
  const point = wholeBytes(key);
  const length = 1 + 2 * curves[curve].bytes;
  if (point.length !== length || point[0] !== 4) {
    key.fail(
      `is a point of ${point.length} bytes beginning with ${point[0]}, expected ${length} bytes beginning with 4 (uncompressed)`,
    );
  }
}

/** @returns bits of the modulus */
function checkModulus(key: Node): number {
  wholeBytes(key);
  const fields = within(key, 1).expect(tag.sequence).fields();
  const modulus = fields.next('modulus');
  const exponent = fields.next('exponent');
  fields.end();
  const [n, e] = [positive(modulus), positive(exponent)];
  const bits = n.length * 8 - Math.clz32(n[0] as number) + 24;
  if (bits < rsaBits.least || bits > rsaBits.most)
    modulus.fail(`has ${bits} bits, expected ${rsaBits.least} to ${rsaBits.most}`);
  if (((n[n.length - 1] as number) & 1) === 0) modulus.fail('is even');
  if (((e[e.length - 1] as number) & 1) === 0 || (e.length === 1 && e[0] === 1))
    exponent.fail('is not an odd number above 1');
  // What OpenSSL takes with a modulus of any size; real keys have 3 or 65537.
  if (e.length > 8) exponent.fail(`is ${e.length} bytes long, at most 8`);
  return bits;
}

/** The magnitude of a positive INTEGER without its leading zero. */
function positive(node: Node): Bytes {
  const content = integerBytes(node);
  if ((content[0] as number) >= 0x80) node.fail('is negative');
  return content[0] === 0 && content.length > 1 ? content.subarray(1) : content;
}

/** A point by its coordinates: OpenSSL's decoder of SubjectPublicKeyInfo costs half as much again. */
function pointHandle(curve: Curve, key: Node): KeyObject {
  const point = wholeBytes(key);
  const { bytes } = curves[curve];
  const [x, y] = [base64url(point.subarray(1, 1 + bytes)), base64url(point.subarray(1 + bytes))];
  try {
    return createPublicKey({ key: { kty: 'EC', crv: curve, x, y }, format: 'jwk' });
  } catch {
    return key.fail('is not a valid key: a point that is not on the curve');
  }
}

function handleOf(spki: Bytes, key: Node): KeyObject {
  try {
    return createPublicKey({
      key: Buffer.from(spki.buffer, spki.byteOffset, spki.length),
      format: 'der',
      type: 'spki',
    });
  } catch {
    return key.fail('is not a valid key (for EC: a point that is not on the curve)');
  }
}
