import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateKey, type KeyKind, publicSpki, type Scheme } from '../crypto/index.ts';
import { AttestError } from '../errors.ts';
import * as build from './build.ts';
import { parseCertificate } from './certificate.ts';
import { issueCertificate, issueCrl } from './issue.ts';
import { toPem } from './pem.ts';

function openssl(...args: string[]): string {
  try {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return `refused: ${(error as { stderr?: string; stdout?: string }).stdout}${(error as { stderr?: string }).stderr}`;
  }
}
const present = openssl('version').startsWith('OpenSSL 3');

describe.skipIf(!present)('OpenSSL 3 agrees (skipped where the command is absent)', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'assay-issue-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };

  test.each<[Scheme, KeyKind]>([
    ['ecdsa-sha256', 'P-256'],
    ['ecdsa-sha384', 'P-384'],
    ['rsa-pkcs1-sha256', 'RSA-2048'],
    ['rsa-pss-sha384', 'RSA-2048'],
    ['ed25519', 'Ed25519'],
  ])('with a root, a leaf and a list signed by %s', (scheme, kind) => {
    const key = generateKey(kind);
    const [spki, leafSpki] = [publicSpki(key), publicSpki(generateKey('P-256'))];
    const signer = { scheme, key };
    const dates = { notBefore: Date.UTC(2020, 0, 1), notAfter: Date.UTC(2060, 0, 1) };
    const issuer = [
      ['C', 'US'],
      ['O', 'Test'],
      ['CN', 'Root'],
    ] as const;
    const id = build.keyIdentifier(spki);
    const root = issueCertificate({
      subject: issuer,
      issuer,
      serial: 1,
      ...dates,
      spki,
      extensions: [
        build.basicConstraints({ ca: true, pathLength: 0 }),
        build.keyUsage(['keyCertSign', 'cRLSign']),
        build.subjectKeyIdentifier(id),
      ],
      signer,
    });
    const leaf = issueCertificate({
      subject: [['CN', 'Leaf']],
      issuer: parseCertificate(root).subject,
      serial: Uint8Array.of(0x90, 1),
      ...dates,
      spki: leafSpki,
      extensions: [
        build.basicConstraints({}),
        build.keyUsage(['digitalSignature']),
        build.authorityKeyIdentifier(id),
        build.crlDistributionPoint('http://example.test/list.crl'),
        build.alternativeNames([
          { uri: 'https://example.test/' },
          { dns: 'example.test' },
          { ip: Uint8Array.of(127, 0, 0, 1) },
        ]),
        build.extendedKeyUsage(['1.3.6.1.5.5.7.3.1']),
      ],
      signer,
    });
    const crl = (serial: number): string =>
      toPem(
        'X509 CRL',
        issueCrl({
          issuer,
          thisUpdate: Date.UTC(2020, 0, 1),
          nextUpdate: Date.UTC(2060, 0, 1),
          revoked: [{ serial, at: Date.UTC(2020, 0, 1) }],
          extensions: [build.crlNumber(1n), build.authorityKeyIdentifier(id)],
          signer,
        }),
      );
    const trusted = file('root.pem', toPem('CERTIFICATE', root));
    const checked = file('leaf.pem', toPem('CERTIFICATE', leaf));
    const verify = (list: string): string =>
      openssl(
        'verify',
        '-x509_strict',
        '-crl_check',
        '-attime',
        '1800000000',
        '-CRLfile',
        file('list.pem', list),
        '-CAfile',
        trusted,
        checked,
      );
    expect(verify(crl(0x9002))).toContain('leaf.pem: OK');
    expect(verify(crl(0x9001))).toContain('certificate revoked');

    const text = openssl('x509', '-in', checked, '-noout', '-text');
    for (const part of [
      'Serial Number: 36865',
      'CA:FALSE',
      'Digital Signature',
      'URI:http://example.test/list.crl',
      'URI:https://example.test/, DNS:example.test, IP Address:127.0.0.1',
      'TLS Web Server Authentication',
      'Not After : Jan  1 00:00:00 2060 GMT',
    ]) {
      expect(text).toContain(part);
    }
  });

  test('what openssl issues is read here', () => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'own.der')];
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      key,
      '-subj',
      '/C=US/O=Ünder/CN=own',
      '-utf8',
      '-outform',
      'DER',
      '-out',
      certificate,
    );
    const der = execFileSync('cat', [certificate]);
    const own = parseCertificate(new Uint8Array(der));
    expect(own.basicConstraints?.ca).toBe(true);
    expect(own.key().kind).toBe('EC');
  });
});

test('schemes that certificates cannot name are refused', () => {
  const key = generateKey('P-256');
  const made = {
    subject: [['CN', 'x']] as const,
    issuer: [['CN', 'x']] as const,
    serial: 1,
    notBefore: 0,
    notAfter: 1,
    spki: publicSpki(key),
    extensions: [],
  };
  expect(() => issueCertificate({ ...made, signer: { scheme: 'ecdsa-sha256-raw', key } })).toThrow(AttestError);
  expect(() => issueCertificate({ ...made, signer: { scheme: 'ed25519', key } })).toThrow(AttestError);
});
