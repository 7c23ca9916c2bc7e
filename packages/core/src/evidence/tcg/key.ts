/** From a public area to a key that verifies, and to the name by which a TPM knows it (TPM 2.0 library, part 1 §16). */
import { oid, readDer, tag, wholeBytes, write } from '../../asn1/index.ts';
import { type Bytes, concat, decode, encode, u16be } from '../../bytes/index.ts';
import { digest, ecPublicKey, importSpki, type PublicKey, rsaPublicKey } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithm, algorithmName, bankOf, tpmCurves } from './algorithms.ts';
import { Public } from './public.ts';

/**
 * The key of a public area.
 * @throws {Malformed} for kinds of keys, curves and sizes that are not accepted, and points that are not on their curve
 */
export function publicKeyOf(area: Public, path = 'public'): PublicKey {
  if (area.type === algorithm.rsa) {
    const { modulus, exponent, keyBits } = area;
    if (modulus.length * 8 !== keyBits)
      throw new Malformed(`${path}.modulus`, undefined, `is ${modulus.length * 8} bits, expected ${keyBits}`);
    return rsaPublicKey(modulus, exponent === 0 ? 65537 : exponent, path);
  }
  if (area.type === algorithm.ecc) {
    const curve = tpmCurves.get(area.curve);
    if (!curve)
      throw new Malformed(`${path}.curve`, undefined, `is ${area.curve}, expected P-256 (3), P-384 (4) or P-521 (5)`);
    return ecPublicKey(curve, area.x, area.y, path);
  }
  throw new Malformed(`${path}.type`, undefined, `is ${algorithmName(area.type)}, expected rsa or ecc`);
}

/**
 * The name of an object: its hash algorithm, then the hash of its public area.
 * @param area a whole TPMT_PUBLIC, as it was sent
 * @throws {Malformed} when the area does not read, or hashes with an algorithm that is not accepted
 */
export function nameOf(area: Bytes, path = 'public'): Bytes {
  const { nameAlg } = decode(Public, area);
  const bank = bankOf(nameAlg);
  if (!bank)
    throw new Malformed(`${path}.nameAlg`, 2, `is ${algorithmName(nameAlg)}, expected sha1, sha256, sha384 or sha512`);
  return concat(encode(u16be, nameAlg), digest(bank, area));
}

/** How an RSA key is named that may only be encrypted to. Infineon's endorsement certificates of 2014 and later do so. */
const rsaesOaep = '1.2.840.113549.1.1.7';
const rsaEncryption = '1.2.840.113549.1.1.1';

/**
 * The key of an endorsement certificate, to compare with a TPM's and to encrypt to. It is no key to verify with, although
 * it could: hence an entrance of its own.
 * @param spki SubjectPublicKeyInfo in DER
 * @throws {Malformed} for keys that are neither RSA nor on an accepted curve
 */
export function endorsementKey(spki: Bytes, path = 'spki'): PublicKey {
  const fields = readDer(spki, path).expect(tag.sequence).fields();
  const algorithm = oid(fields.next('algorithm', tag.sequence).fields().next('algorithm'));
  if (algorithm !== rsaesOaep) return importSpki(spki, path);
  const key = wholeBytes(fields.next('key', tag.bitString));
  fields.end();
  const plain = write.sequence(write.oid(rsaEncryption), write.nothing());
  return importSpki(write.sequence(plain, write.bitString(key)), path);
}
