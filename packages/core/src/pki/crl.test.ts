import { describe, expect, test } from 'vitest';
import { write } from '../asn1/index.ts';
import { concat, hex, utf8 } from '../bytes/index.ts';
import { generateKey } from '../crypto/index.ts';
import { Malformed } from '../errors.ts';
import * as build from './build.ts';
import { crlBytes, parseCrl } from './crl.ts';
import { issueCrl, type NewCrl } from './issue.ts';
import { nameText } from './name.ts';
import { toPem } from './pem.ts';

const key = generateKey('P-256');
const reason = { oid: '2.5.29.21', critical: false, value: write.enumerated(1) };
const usual: NewCrl = {
  issuer: [['CN', 'CA']],
  thisUpdate: Date.UTC(2026, 0, 1),
  nextUpdate: Date.UTC(2026, 1, 1),
  revoked: [
    { serial: 0x80n, at: Date.UTC(2025, 0, 1), extensions: [reason] },
    { serial: 5, at: Date.UTC(2025, 0, 1) },
  ],
  extensions: [build.crlNumber(300n), build.authorityKeyIdentifier(Uint8Array.of(7))],
  signer: { scheme: 'ecdsa-sha256', key },
};
const issue = (other: Partial<NewCrl> = {}): Uint8Array => issueCrl({ ...usual, ...other });
const parse = (other: Partial<NewCrl> = {}) => parseCrl(issue(other));

test('every part is read as it was written', () => {
  const der = issue();
  const crl = parseCrl(der);
  expect(hex(crl.raw)).toBe(hex(der));
  expect([nameText(crl.issuer), crl.thisUpdate, crl.nextUpdate, crl.number]).toEqual([
    'CN=CA',
    usual.thisUpdate,
    usual.nextUpdate,
    '012c',
  ]);
  expect([...crl.revoked]).toEqual(['0080', '05']);
  expect([crl.authorityKeyIdentifier, crl.unknownCritical]).toEqual([Uint8Array.of(7), []]);
  expect(crl.signatureAlgorithm.scheme).toBe('ecdsa-sha256');
});

test('an empty list, and one that does not say when the next one comes', () => {
  const crl = parse({ revoked: [], extensions: [], nextUpdate: undefined });
  expect([crl.revoked.size, crl.nextUpdate, crl.number]).toEqual([0, undefined, undefined]);
});

describe('T14: what would change the meaning of a list is told', () => {
  const narrowed = { oid: '2.5.29.28', value: write.sequence(write.tlv(0x81, Uint8Array.of(0xff))) };
  const entry = (extension: build.NewExtension): Partial<NewCrl> => ({
    revoked: [
      { serial: 1, at: 0, extensions: [reason] },
      { serial: 2, at: 0, extensions: [reason, extension] },
    ],
  });
  test.each<[string, Partial<NewCrl>, readonly string[]]>([
    ['a critical extension that nobody knows', { extensions: [build.opaqueExtension('1.2.3', true, 'x')] }, ['1.2.3']],
    ['one that is not critical', { extensions: [build.opaqueExtension('1.2.3', false, 'x')] }, []],
    ['a scope', { extensions: [{ ...narrowed, critical: true }] }, ['2.5.29.28']],
    ['a scope that is not critical', { extensions: [{ ...narrowed, critical: false }] }, ['2.5.29.28']],
    ['a delta', { extensions: [{ oid: '2.5.29.27', critical: true, value: write.integer(1) }] }, ['2.5.29.27']],
    ['a critical extension of an entry', entry(build.opaqueExtension('1.2.4', true, 'x')), ['1.2.4']],
    ['another issuer of an entry', entry({ oid: '2.5.29.29', critical: true, value: write.sequence() }), ['2.5.29.29']],
    ['a critical reason', entry({ oid: '2.5.29.24', critical: true, value: write.generalizedTime(0) }), []],
  ])('%s', (_, other, ids) => {
    expect(parse(other).unknownCritical).toEqual(ids);
  });
});

describe('refused', () => {
  test.each<[string, Partial<NewCrl>, string]>([
    [
      'an algorithm inside that differs from the one outside',
      { innerAlgorithm: write.sequence(write.oid('1.2.840.10045.4.3.3')) },
      'is another algorithm than the one outside',
    ],
    ['no issuer', { issuer: [] }, 'crl.tbs.issuer'],
    ['an extension twice', { extensions: [build.crlNumber(1n), build.crlNumber(1n)] }, 'has 2.5.29.20 a second time'],
    [
      'a number that is none',
      { extensions: [{ oid: '2.5.29.20', critical: false, value: write.utf8String('1') }] },
      'crlNumber at byte 0: is UTF8 STRING, expected INTEGER',
    ],
    [
      'an entry whose extension is there twice',
      { revoked: [{ serial: 1, at: 0, extensions: [reason, reason] }] },
      'has 2.5.29.21 a second time',
    ],
  ])('%s', (_, other, message) => {
    expect(() => parse(other)).toThrow(Malformed);
    expect(() => parse(other)).toThrow(message);
  });

  test('T36: any truncation, anything after the end, and lists without a bound', () => {
    const der = issue();
    for (let length = 0; length < der.length; length++)
      expect(() => parseCrl(der.subarray(0, length))).toThrow(Malformed);
    expect(() => parseCrl(concat(der, Uint8Array.of(0)))).toThrow('has 1 bytes left over');
    expect(() => crlBytes(new Uint8Array(3 * (16 << 20) + 1))).toThrow('is 50331649 bytes, at most 50331648');
    expect(() => parseCrl(new Uint8Array((16 << 20) + 1))).toThrow('is 16777217 bytes, at most 16777216');
  });

  test('an entry with a date that does not exist, wherever it stands', () => {
    const der = issue({
      revoked: [
        { serial: 1, at: 0 },
        { serial: 2, at: 0 },
      ],
    });
    const at = Buffer.from(der).lastIndexOf('700101000000Z');
    const broken = Uint8Array.from(der);
    broken.set(utf8('701301000000Z'), at);
    expect(() => parseCrl(broken)).toThrow('crl.tbs.revokedCertificates.entry.revocationDate');
  });

  test('a version written out, and extensions without one', () => {
    const algorithm = write.sequence(write.oid('1.2.840.10045.4.3.2'));
    const name = write.sequence(write.set(write.sequence(write.oid('2.5.4.3'), write.utf8String('x'))));
    const frame = (...tbs: Uint8Array[]): Uint8Array =>
      write.sequence(write.sequence(...tbs), algorithm, write.bitString(new Uint8Array(8)));
    expect(parseCrl(frame(algorithm, name, write.time(0))).revoked.size).toBe(0);
    expect(() => parseCrl(frame(write.integer(0), algorithm, name, write.time(0)))).toThrow(
      'is version 1, which must be left out',
    );
    const extensions = write.explicit(0, build.encodeExtensions([build.crlNumber(1n)]));
    expect(() => parseCrl(frame(algorithm, name, write.time(0), extensions))).toThrow('needs version 2');
  });
});

describe('any form that is served', () => {
  const der = issue();
  const digits = hex(der);
  test.each<[string, Uint8Array]>([
    ['DER', der],
    ['PEM', utf8(toPem('X509 CRL', der))],
    ['PEM with CRLF and NUL', utf8(`${toPem('X509 CRL', der).replaceAll('\n', '\r\n')}\0`)],
    ['hexadecimal', utf8(digits)],
    ['hexadecimal, upper case', utf8(digits.toUpperCase())],
    ['hexadecimal in lines, with NUL', utf8(` ${digits.replace(/.{64}/g, '$&\r\n')}\n\0`)],
  ])('%s', (_, input) => {
    expect(hex(crlBytes(input))).toBe(digits);
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'is neither DER, nor PEM, nor hexadecimal text'],
    ['other text', utf8('<html>'), 'is neither DER, nor PEM, nor hexadecimal text'],
    ['PEM of something else', utf8(toPem('CERTIFICATE', der)), 'is PEM without a block of X509 CRL'],
    ['two lists', utf8(toPem('X509 CRL', der).repeat(2)), 'has more than 1 blocks of X509 CRL'],
    ['hexadecimal that ends within a byte', utf8(digits.slice(1)), 'has an odd number of digits'],
    ['hexadecimal with something else', utf8(`${digits}zz`), 'is not a hexadecimal digit'],
  ])('but not %s', (_, input, message) => {
    expect(() => crlBytes(input)).toThrow(message);
  });
});
