import { describe, expect, test } from 'vitest';
import { write } from '../asn1/index.ts';
import { generateKey, publicSpki } from '../crypto/index.ts';
import * as build from './build.ts';
import { parseCertificate } from './certificate.ts';
import { parseCrl } from './crl.ts';
import { issueCertificate, issueCrl } from './issue.ts';
import { encodeName, type NameParts } from './name.ts';
import { isInScope } from './scope.ts';

const key = generateKey('P-256');
const signer = { scheme: 'ecdsa-sha256', key } as const;
const issuer: NameParts = [['CN', 'CA']];

function certificate(...extensions: build.NewExtension[]) {
  const der = issueCertificate({
    subject: [['CN', 'x']],
    issuer,
    serial: 1,
    notBefore: 0,
    notAfter: 1,
    spki: publicSpki(key),
    extensions,
    signer,
  });
  return parseCertificate(der);
}
function list(...scope: Uint8Array[]) {
  const extension = { oid: '2.5.29.28', critical: true, value: write.sequence(...scope) };
  return parseCrl(issueCrl({ issuer, thisUpdate: 0, nextUpdate: 1, revoked: [], extensions: [extension], signer }));
}
const yes = (number: number): Uint8Array => write.implicit(number, write.boolean(true));
const uri = (address: string): Uint8Array => write.implicit(6, write.ia5String(address));
const directory = (parts: NameParts): Uint8Array => write.explicit(4, encodeName(parts));
const fullName = (...names: Uint8Array[]): Uint8Array => write.explicit(0, write.explicit(0, ...names));
const relative = write.explicit(0, write.tlv(0xa1, write.sequence(write.oid('2.5.4.3'), write.utf8String('Lists'))));
const points = (...all: Uint8Array[]): build.NewExtension => ({
  oid: '2.5.29.31',
  critical: false,
  value: write.sequence(...all.map((point) => write.sequence(point))),
});

const user = certificate();
const ca = certificate(build.basicConstraints({ ca: true }));
const pointed = certificate(build.crlDistributionPoint('http://a.test/1'));

describe('a list speaks', () => {
  test('for all certificates where nothing narrows it', () => {
    const plain = parseCrl(issueCrl({ issuer, thisUpdate: 0, nextUpdate: 1, revoked: [], extensions: [], signer }));
    expect([user, ca, pointed].map((one) => isInScope(plain, one))).toEqual([true, true, true]);
    expect([user, ca].map((one) => isInScope(list(), one))).toEqual([true, true]);
  });

  test('for users or for CAs', () => {
    expect([user, ca].map((one) => isInScope(list(yes(1)), one))).toEqual([true, false]);
    expect([user, ca].map((one) => isInScope(list(yes(2)), one))).toEqual([false, true]);
  });

  test('for those that name its distribution point', () => {
    expect(isInScope(list(fullName(uri('http://a.test/1'))), pointed)).toBe(true);
    expect(isInScope(list(fullName(uri('http://b.test/'), uri('http://a.test/1'))), pointed)).toBe(true);
    expect(isInScope(list(fullName(uri('http://a.test/2'))), pointed)).toBe(false);
    expect(isInScope(list(fullName(uri('http://a.test/1'))), user)).toBe(false);
  });

  test('whether the point is named in full or below the issuer, by the rules for names', () => {
    const inFull = fullName(
      directory([
        ['CN', 'ca'],
        ['CN', 'LISTS'],
      ]),
    );
    expect(isInScope(list(relative), certificate(points(relative)))).toBe(true);
    expect(isInScope(list(relative), certificate(points(inFull)))).toBe(true);
    expect(isInScope(list(inFull), certificate(points(relative)))).toBe(true);
    expect(isInScope(list(inFull), certificate(points(fullName(directory([['CN', 'Lists']])))))).toBe(false);
  });

  test('for none where it has some reasons only, attribute certificates, or other issuers’', () => {
    expect(isInScope(list(write.implicit(3, write.namedBits([1]))), user)).toBe(false);
    expect(isInScope(list(yes(4)), user)).toBe(false);
    expect(isInScope(list(yes(5)), user)).toBe(false);
  });

  test('not for a point that leaves lists to another issuer, or has some reasons only', () => {
    const point = fullName(uri('http://a.test/1'));
    const other = certificate({
      ...points(),
      value: write.sequence(write.sequence(point, write.explicit(2, directory(issuer)))),
    });
    const some = certificate({
      ...points(),
      value: write.sequence(write.sequence(point, write.implicit(1, write.namedBits([1])))),
    });
    expect([other, some].map((one) => isInScope(list(point), one))).toEqual([false, false]);
  });

  test.each<[string, Uint8Array]>([
    ['a flag of another value', write.tlv(0x81, Uint8Array.of(1))],
    ['a flag without a value', write.tlv(0x81)],
    ['something unknown', write.tlv(0x86, Uint8Array.of(1))],
    ['an empty point', write.explicit(0)],
  ])('for none where its scope cannot be read: %s', (_, part) => {
    expect(isInScope(list(part), pointed)).toBe(false);
  });
});
