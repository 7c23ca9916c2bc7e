/** Signature algorithms as certificates and CRLs name them (RFC 4055, 5758, 8410) and the schemes they stand for. */
import { constructedContext, type Node, nothing, oid, smallInteger, tag, write } from '../asn1/index.ts';
import type { Bytes } from '../bytes/index.ts';
import type { Scheme } from '../crypto/index.ts';

export interface SignatureAlgorithm {
  readonly oid: string;
  /** Undefined for algorithms that are not supported: nothing verifies under them. */
  readonly scheme: Scheme | undefined;
}

/** Algorithms whose parameters say nothing. */
const plain = {
  '1.2.840.10045.4.3.2': 'ecdsa-sha256',
  '1.2.840.10045.4.3.3': 'ecdsa-sha384',
  '1.2.840.10045.4.3.4': 'ecdsa-sha512',
  '1.2.840.113549.1.1.11': 'rsa-pkcs1-sha256',
  '1.2.840.113549.1.1.12': 'rsa-pkcs1-sha384',
  '1.2.840.113549.1.1.13': 'rsa-pkcs1-sha512',
  '1.3.101.112': 'ed25519',
} as const;
const pss = '1.2.840.113549.1.1.10';
const mgf1 = '1.2.840.113549.1.1.8';
const hashes = {
  '2.16.840.1.101.3.4.2.1': { scheme: 'rsa-pss-sha256', length: 32 },
  '2.16.840.1.101.3.4.2.2': { scheme: 'rsa-pss-sha384', length: 48 },
  '2.16.840.1.101.3.4.2.3': { scheme: 'rsa-pss-sha512', length: 64 },
} as const;

const lookUp = <T>(table: { readonly [oid: string]: T }, dotted: string): T | undefined =>
  Object.hasOwn(table, dotted) ? table[dotted] : undefined;

/**
 * Reads an AlgorithmIdentifier. NULL parameters make no difference where RFC 4055 §5 (RSA) wants them written but lets
 * them be absent, and where RFC 5758 §3.2 (ECDSA) wants them absent but makers of TPMs write them.
 * @throws {Malformed} when a known algorithm has other parameters than its specification allows
 */
export function signatureAlgorithm(algorithm: Node): SignatureAlgorithm {
  const fields = algorithm.expect(tag.sequence).fields();
  const dotted = oid(fields.next('oid'));
  const scheme = lookUp(plain, dotted);
  if (scheme) {
    if (fields.more) nothing(fields.next('parameters'));
    fields.end();
    return { oid: dotted, scheme };
  }
  if (dotted !== pss || !fields.more) return { oid: dotted, scheme: undefined };
  const parameters = fields.next('parameters');
  fields.end();
  return { oid: dotted, scheme: pssScheme(parameters) };
}

/** RSASSA-PSS-params (RFC 4055 §3.1): one hash for all, a salt as long as it. Other combinations have no scheme. */
function pssScheme(parameters: Node): Scheme | undefined {
  const fields = parameters.expect(tag.sequence).fields();
  const hash = fields.explicit('hash', constructedContext(0));
  const mask = fields.explicit('mask', constructedContext(1));
  const salt = fields.explicit('salt', constructedContext(2));
  // The trailer's only value is its default, which DER would leave out; AMD's older certificates write it.
  const trailer = fields.explicit('trailer', constructedContext(3));
  fields.end();
  if (trailer && smallInteger(trailer, 0xff) !== 1) trailer.fail('is a trailer other than 1');
  if (!hash || !mask || !salt) return undefined;
  const found = lookUp(hashes, hashOid(hash));
  const masked = mask.expect(tag.sequence).fields();
  if (oid(masked.next('function')) !== mgf1) return undefined;
  const same = hashOid(masked.next('hash')) === hashOid(hash);
  masked.end();
  return found && same && smallInteger(salt, 0xffff) === found.length ? found.scheme : undefined;
}

function hashOid(algorithm: Node): string {
  const fields = algorithm.expect(tag.sequence).fields();
  const dotted = oid(fields.next('oid'));
  if (fields.more) nothing(fields.next('parameters'));
  fields.end();
  return dotted;
}

/** The AlgorithmIdentifier (DER) of a scheme that certificates can name; undefined for raw ECDSA. */
export function encodeAlgorithm(scheme: Scheme): Bytes | undefined {
  for (const [dotted, named] of Object.entries(plain)) {
    if (named !== scheme) continue;
    return write.sequence(write.oid(dotted), ...(scheme.startsWith('rsa') ? [write.nothing()] : []));
  }
  for (const [dotted, hash] of Object.entries(hashes)) {
    if (hash.scheme !== scheme) continue;
    const algorithm = write.sequence(write.oid(dotted), write.nothing());
    const mask = write.sequence(write.oid(mgf1), algorithm);
    const salt = write.integer(hash.length);
    const parameters = [write.explicit(0, algorithm), write.explicit(1, mask), write.explicit(2, salt)];
    return write.sequence(write.oid(pss), write.sequence(...parameters));
  }
  return undefined;
}
