/**
 * The key that signs tokens, and the self-signed certificate that publishes it: made on first start, kept in the data
 * folder. The certificate carries no quote: this service runs outside an enclave, and says so by having none.
 */
import { join } from 'node:path';
import {
  alternativeNames,
  authorityKeyIdentifier,
  type Bytes,
  base64,
  basicConstraints,
  certificateKeyId,
  equal,
  issueCertificate,
  type KeyKind,
  keyId,
  keyIdentifier,
  keyUsage,
  type NewExtension,
  type PrivateKey,
  type PublishedKey,
  parseCertificate,
  pemBlocks,
  publicSpki,
  publishedKey,
  type Scheme,
  type Signer,
  type SigningAlgorithm,
  signData,
  subjectKeyIdentifier,
  toPem,
  utf8,
} from '@assay/core';
import { keptKey, madeOnce, randomSerial, replace } from './files.ts';

/** What signs tokens, and how it is published. */
export interface SigningKeys {
  readonly signer: Signer;
  /** The signer's certificate chain in standard base64. */
  readonly x5c: readonly string[];
  /** The entries of `/certs`. */
  readonly published: readonly PublishedKey[];
}

interface Algorithm {
  readonly key: KeyKind;
  /** For tokens; JWS has r and s bare, certificates have them in DER. */
  readonly token: Scheme;
  readonly certificate: Scheme;
}

const algorithms: { readonly [name in SigningAlgorithm]: Algorithm } = {
  RS256: { key: 'RSA-2048', token: 'rsa-pkcs1-sha256', certificate: 'rsa-pkcs1-sha256' },
  PS256: { key: 'RSA-2048', token: 'rsa-pss-sha256', certificate: 'rsa-pkcs1-sha256' },
  ES256: { key: 'P-256', token: 'ecdsa-sha256-raw', certificate: 'ecdsa-sha256' },
  ES384: { key: 'P-384', token: 'ecdsa-sha384-raw', certificate: 'ecdsa-sha384' },
};

/** Who the certificate speaks for. */
export interface Named {
  /** The provider's public URL. */
  readonly issuer: string;
  readonly name: string;
}

/** @param folder where keys are kept */
export function signingKeys(folder: string, alg: SigningAlgorithm, named: Named, now: Date): SigningKeys {
  const { key: kind, token, certificate: scheme } = algorithms[alg];
  // RS256 and PS256 share a key: its name says what it is, not how it is used.
  const key = keptKey(join(folder, `signing-${kind.toLowerCase()}-key.pem`), kind);
  const certificate = keptCertificate(
    join(folder, `signing-${kind.toLowerCase()}-certificate.pem`),
    key,
    named,
    now,
    () => selfSigned(key, scheme, named, now),
  );
  const kid = keyId(publicSpki(key));
  return {
    signer: { alg, kid, sign: async (input) => signData(token, key, input) },
    x5c: [base64(certificate)],
    // Tokens name the key in two ways, each by their type.
    published: [kid, certificateKeyId(certificate)].map((name) =>
      publishedKey([certificate], name, kind.startsWith('RSA') ? 'RSA' : 'EC'),
    ),
  };
}

/** The certificate of an earlier start, unless it ended or speaks for another key or another public URL. */
function keptCertificate(path: string, key: PrivateKey, named: Named, now: Date, make: () => Bytes): Bytes {
  const text = madeOnce(path, () => toPem('CERTIFICATE', make()));
  const [kept] = pemBlocks(utf8(text), 'CERTIFICATE', 1, path);
  if (kept) {
    const { spki, extensions, notAfter } = parseCertificate(kept);
    const names = extensions.get(alternativeNamesOid)?.value;
    const isOurs = equal(spki, publicSpki(key)) && names !== undefined && equal(names, namesOf(named).value);
    if (isOurs && now.getTime() < notAfter) return kept;
  }
  const made = make();
  replace(path, toPem('CERTIFICATE', made));
  return made;
}

const alternativeNamesOid = '2.5.29.17';
const namesOf = ({ issuer }: Named): NewExtension => alternativeNames([{ uri: issuer }]);

/** Longest common name that X.520 allows, in characters. */
const longestCommonName = 64;
const lifetimeYears = 10;

function selfSigned(key: PrivateKey, scheme: Scheme, named: Named, now: Date): Bytes {
  const name = [['CN', named.issuer.length <= longestCommonName ? named.issuer : named.name]] as const;
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + lifetimeYears);
  const id = keyIdentifier(publicSpki(key));
  return issueCertificate({
    subject: name,
    issuer: name,
    serial: randomSerial(),
    notBefore: now.getTime(),
    notAfter: notAfter.getTime(),
    spki: publicSpki(key),
    extensions: [
      basicConstraints({ ca: false }),
      keyUsage(['digitalSignature']),
      subjectKeyIdentifier(id),
      authorityKeyIdentifier(id),
      namesOf(named),
    ],
    signer: { scheme, key },
  });
}
