import { describe, expect, test } from 'vitest';
import { write } from '../asn1/index.ts';
import { concat, hex, utf8 } from '../bytes/index.ts';
import { generateKey, publicSpki, type Scheme, signData } from '../crypto/index.ts';
import { Malformed } from '../errors.ts';
import * as build from './build.ts';
import { parseCertificate } from './certificate.ts';
import { issueCertificate, type NewCertificate } from './issue.ts';
import { commonName, nameText } from './name.ts';
import { walkPath } from './path.ts';
import { toPem } from './pem.ts';
import { isIssuedBy, isSelfSigned } from './step.ts';

const key = generateKey('P-256');
const usual: NewCertificate = {
  subject: [
    ['C', 'US'],
    ['CN', 'Leaf'],
  ],
  issuer: [['CN', 'CA']],
  serial: 0x80n,
  notBefore: Date.UTC(2020, 0, 1),
  notAfter: Date.UTC(2050, 0, 1),
  spki: publicSpki(key),
  extensions: [
    build.basicConstraints({ ca: true, pathLength: 3 }),
    build.keyUsage(['digitalSignature', 'cRLSign']),
    build.extendedKeyUsage(['2.23.133.8.1']),
    build.subjectKeyIdentifier(Uint8Array.of(1)),
    build.authorityKeyIdentifier(Uint8Array.of(2)),
    build.subjectAltName(['https://example.test/']),
    build.opaqueExtension('1.2.3', true, 'x'),
  ],
  signer: { scheme: 'ecdsa-sha256', key },
};
const issue = (other: Partial<NewCertificate> = {}): Uint8Array => issueCertificate({ ...usual, ...other });
const parse = (other: Partial<NewCertificate> = {}) => parseCertificate(issue(other));

test('every part is read as it was written', () => {
  const der = issue();
  const certificate = parseCertificate(der);
  expect(hex(certificate.raw)).toBe(hex(der));
  expect([
    certificate.version,
    certificate.serialHex,
    commonName(certificate.subject),
    nameText(certificate.issuer),
  ]).toEqual([3, '0080', 'Leaf', 'CN=CA']);
  expect([certificate.notBefore, certificate.notAfter]).toEqual([usual.notBefore, usual.notAfter]);
  expect(certificate.spki).toEqual(usual.spki);
  expect(certificate.signatureAlgorithm).toEqual({ oid: '1.2.840.10045.4.3.2', scheme: 'ecdsa-sha256' });
  expect(certificate.basicConstraints).toEqual({ ca: true, pathLength: 3 });
  expect(
    Object.entries(certificate.keyUsage ?? {})
      .filter(([, set]) => set)
      .map(([usage]) => usage),
  ).toEqual(['digitalSignature', 'cRLSign']);
  expect([...(certificate.extendedKeyUsage ?? [])]).toEqual(['2.23.133.8.1']);
  expect([certificate.subjectKeyIdentifier, certificate.authorityKeyIdentifier]).toEqual([
    Uint8Array.of(1),
    Uint8Array.of(2),
  ]);
  expect(certificate.extensions.get('1.2.3')).toEqual({
    critical: true,
    value: write.sequence(write.octetString(utf8('x'))),
  });
});

test('the key is imported once, and only when asked for', () => {
  const certificate = parse();
  expect(certificate.key()).toBe(certificate.key());
  const foreign = write.sequence(write.sequence(write.oid('1.2.840.10040.4.1')), write.bitString(Uint8Array.of(0)));
  const without = parse({ spki: foreign });
  expect(() => without.key()).toThrow(
    'certificate.subjectPublicKeyInfo.algorithm.algorithm at byte 4: is a key of kind 1.2.840.10040.4.1',
  );
});

test('plain certificates have no extensions', () => {
  const plain = parse({ version: 1, extensions: [], serial: 0 });
  expect([plain.version, plain.extensions.size, plain.keyUsage, plain.basicConstraints, plain.serialHex]).toEqual([
    1,
    0,
    undefined,
    undefined,
    '00',
  ]);
});

test.each<[Scheme, Parameters<typeof generateKey>[0]]>([
  ['ecdsa-sha256', 'P-256'],
  ['ecdsa-sha384', 'P-384'],
  ['ecdsa-sha512', 'P-521'],
  ['rsa-pkcs1-sha256', 'RSA-2048'],
  ['rsa-pkcs1-sha384', 'RSA-2048'],
  ['rsa-pkcs1-sha512', 'RSA-2048'],
  ['rsa-pss-sha256', 'RSA-2048'],
  ['rsa-pss-sha384', 'RSA-2048'],
  ['rsa-pss-sha512', 'RSA-2048'],
  ['ed25519', 'Ed25519'],
])('signed with %s, its own signature verifies', (scheme, kind) => {
  const own = generateKey(kind);
  const certificate = parse({ subject: usual.issuer, spki: publicSpki(own), signer: { scheme, key: own } });
  expect(certificate.signatureAlgorithm.scheme).toBe(scheme);
  expect(isSelfSigned(certificate)).toBe(true);
  expect(isIssuedBy(parse(), certificate)).toBe(false);
});

describe('refused', () => {
  const ecdsa384 = write.sequence(write.oid('1.2.840.10045.4.3.3'));
  const twice = [build.keyUsage(['cRLSign']), build.keyUsage(['cRLSign'])];
  const extension = (oid: string, value: Uint8Array): Partial<NewCertificate> => ({
    extensions: [{ oid, critical: false, value }],
  });
  test.each<[string, Partial<NewCertificate>, string]>([
    [
      'an algorithm inside that differs from the one outside',
      { innerAlgorithm: ecdsa384 },
      'certificate.tbs.signature at byte 17: is another algorithm than the one outside',
    ],
    ['an extension twice', { extensions: twice }, 'has 2.5.29.15 a second time'],
    [
      'a serial number of 21 bytes',
      { serial: new Uint8Array(21).fill(1) },
      'certificate.tbs.serialNumber at byte 13: has 21 bytes, at most 20',
    ],
    ['extensions in version 2', { version: 2 }, 'needs version 3'],
    ['no issuer', { issuer: [] }, 'certificate.tbs.issuer'],
    [
      'basic constraints with more inside',
      extension('2.5.29.19', write.sequence(write.boolean(true), write.integer(0), write.integer(0))),
      'has 3 bytes left over',
    ],
    [
      'a path length without CA',
      extension('2.5.29.19', write.sequence(write.integer(0))),
      'is a path length without CA',
    ],
    [
      'a negative path length',
      extension('2.5.29.19', write.sequence(write.boolean(true), write.integer(-1))),
      'is negative',
    ],
    [
      'bytes after an extension',
      extension('2.5.29.15', concat(write.namedBits([5]), Uint8Array.of(0))),
      'has 1 bytes left over',
    ],
    ['no purposes', extension('2.5.29.37', write.sequence()), 'has 0 purposes'],
    ['no alternative names', extension('2.5.29.17', write.sequence()), 'has no name'],
    [
      'an alternative name of no kind',
      extension('2.5.29.17', write.sequence(write.utf8String('x'))),
      'is not a general name',
    ],
  ])('%s', (_, other, message) => {
    expect(() => parse(other)).toThrow(Malformed);
    expect(() => parse(other)).toThrow(message);
  });

  test('T36: any truncation, anything after the end, more extensions than any has', () => {
    const der = issue();
    for (let length = 0; length < der.length; length++)
      expect(() => parseCertificate(der.subarray(0, length))).toThrow(Malformed);
    expect(() => parseCertificate(concat(der, Uint8Array.of(0)))).toThrow(
      `certificate at byte ${der.length}: has 1 bytes left over`,
    );
    const many = Array.from({ length: 65 }, (_, i) => build.opaqueExtension(`1.2.${i}`, false, 'x'));
    expect(() => parse({ extensions: many })).toThrow('has more than 64 extensions');
  });

  test('parts that a version does not have, and version 1 written out', () => {
    const algorithm = write.sequence(write.oid('1.2.840.10045.4.3.2'));
    const name = write.sequence(write.set(write.sequence(write.oid('2.5.4.3'), write.utf8String('x'))));
    const dates = write.sequence(write.time(0), write.time(0));
    const frame = (version: Uint8Array, ...rest: Uint8Array[]): Uint8Array => {
      const tbs = write.sequence(version, write.integer(1), algorithm, name, dates, name, usual.spki, ...rest);
      return write.sequence(tbs, algorithm, write.bitString(signData('ecdsa-sha256', key, tbs)));
    };
    const version = (number: number): Uint8Array => write.explicit(0, write.integer(number));
    expect(parseCertificate(frame(version(2))).version).toBe(3);
    expect(() => parseCertificate(frame(version(2), write.explicit(3, write.sequence())))).toThrow(
      'is empty: it must be left out instead',
    );
    const unique = write.tlv(0x81, Uint8Array.of(0, 1));
    expect(parseCertificate(frame(version(1), unique)).version).toBe(2);
    expect(() => parseCertificate(frame(new Uint8Array(0), unique))).toThrow('needs version 2');
    expect(() => parseCertificate(frame(version(0)))).toThrow('is version 1, which must be left out');
    expect(() => parseCertificate(frame(version(3)))).toThrow('is 3, at most 2');
    expect(() => parseCertificate(frame(version(2), write.explicit(4, write.nothing())))).toThrow('left over');
  });
});

test('T51: a certificate that carries another as PEM is itself, and nothing but itself', () => {
  const root = { subject: usual.issuer, extensions: [build.basicConstraints({ ca: true })] };
  const genuineRoot = parse(root);
  const genuineLeaf = issue({ extensions: [] });
  expect(isIssuedBy(parseCertificate(genuineLeaf), genuineRoot)).toBe(true);

  const foreign = generateKey('P-256');
  const pem = utf8(toPem('CERTIFICATE', genuineLeaf));
  const forged = parse({
    spki: publicSpki(foreign),
    extensions: [{ oid: '2.16.840.1.113730.1.13', critical: false, value: pem }],
    signer: { scheme: 'ecdsa-sha256', key: foreign },
  });
  expect(forged.key().spki).toEqual(publicSpki(foreign));
  expect(isIssuedBy(forged, genuineRoot)).toBe(false);
  expect(walkPath([forged, genuineRoot], { anchors: [genuineRoot.spki], crls: 'elsewhere' })).toMatchObject({
    ok: false,
    problem: 'signature',
    index: 0,
  });
  // PEM text is no certificate, and neither is PEM before or after one.
  for (const input of [pem, concat(pem, genuineLeaf), concat(genuineLeaf, pem)])
    expect(() => parseCertificate(input)).toThrow(Malformed);
});
