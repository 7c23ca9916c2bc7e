import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, hex, utf8 } from '../../bytes/index.ts';
import type { JsonObject } from '../../claim.ts';
import type { NeedName } from '../../contract.ts';
import { parseCertificate, pemBlocks, toPem } from '../../pki/index.ts';
import { forgeIntel } from './forge.ts';
import { isMixedPem, recognise, signersOf, withoutMark } from './recognise.ts';

const at = new Date('2026-03-01T12:00:00Z');
const day = 86_400_000;
const [issued, until] = [at.getTime() - day, at.getTime() + 30 * day];
const forged = forgeIntel({ at });
const processor = forgeIntel({ at, ca: 'processor', fmspc: '00A067110000', evaluation: 19 });
const file = (name: NeedName): Bytes => forged.collateral.get(name) ?? expect.fail(name);

describe('everything that is forged', () => {
  const everything = [...forged.collateral, ...processor.collateral];
  test.each(everything)('%s', (name, bytes) => {
    const found = recognise(bytes);
    if (name.endsWith('-issuers')) {
      const certificates = pemBlocks(bytes, 'CERTIFICATE', 2).map(hex);
      expect(found).toMatchObject({ kind: 'certificates' });
      expect(found?.kind === 'certificates' && found.certificates.map(({ raw }) => hex(raw))).toEqual(certificates);
    } else expect(found).toMatchObject({ name, issued, until });
  });

  test('says which evaluation it is of', () => {
    expect(recognise(file('intel/qe-identity-tdx'))).toEqual({
      kind: 'qe-identity',
      name: 'intel/qe-identity-tdx',
      issued,
      until,
      evaluation: 17,
    });
    const newer = processor.collateral.get('intel/tcb-info-sgx-00a067110000') ?? utf8('');
    expect(recognise(newer)).toMatchObject({ kind: 'tcb-info', evaluation: 19 });
  });

  test('a CRL as DER, PEM or hexadecimal', () => {
    const der = file('intel/crl-root');
    const wanted = { kind: 'crl', name: 'intel/crl-root', issued, until };
    for (const spelling of [der, utf8(toPem('X509 CRL', der)), utf8(hex(der)), utf8(hex(der).toUpperCase())])
      expect(recognise(spelling)).toEqual(wanted);
  });

  test('a CRL that does not end, as one that does not', () => {
    const endless = forgeIntel({ at, crls: { root: { nextUpdate: undefined } } }).collateral.get('intel/crl-root');
    expect(recognise(endless ?? utf8(''))).toMatchObject({ until: Number.POSITIVE_INFINITY });
  });

  test('a document after a byte-order mark, or many blanks', () => {
    for (const before of ['\ufeff', ' '.repeat(100), '\r\n\t '.repeat(40), '\ufeff\n'])
      expect(recognise(concat(utf8(before), file('intel/qe-identity-sgx')))).toMatchObject({ kind: 'qe-identity' });
    expect(withoutMark(concat(utf8('\ufeff'), file('intel/qe-identity-sgx')))).toEqual(file('intel/qe-identity-sgx'));
    expect(withoutMark(file('intel/qe-identity-sgx'))).toEqual(file('intel/qe-identity-sgx'));
  });

  test('certificates as PEM or one as DER', () => {
    for (const after of ['', '\0', '\n\0\0'])
      expect(recognise(utf8(forged.chain + after))).toMatchObject({
        kind: 'certificates',
        certificates: { length: 3 },
      });
    expect(recognise(utf8(forged.chain.repeat(80)))).toMatchObject({ certificates: { length: 240 } });
    expect(recognise(forged.certificates.leaf)).toMatchObject({ kind: 'certificates', certificates: { length: 1 } });
  });
});

test('identities of other enclaves of Intel’s keep a name of their own', () => {
  for (const id of ['QVE', 'QAE']) {
    const other = forgeIntel({ at, qeIdentity: (body: JsonObject) => ({ ...body, id }) });
    expect(recognise(other.collateral.get('intel/qe-identity-sgx') ?? utf8(''))).toMatchObject({
      name: `intel/identity-${id.toLowerCase()}`,
    });
  }
});

test('T40: names are made of checked parts, whatever a file says of itself', () => {
  for (const change of [{ fmspc: '../../../etc' }, { fmspc: '00906ed5/../' }, { id: '../SGX' }]) {
    const odd = forgeIntel({ at, tcbInfo: (body: JsonObject) => ({ ...body, ...change }) });
    expect(recognise(odd.collateral.get('intel/tcb-info-sgx-00906ed50000') ?? utf8(''))).toBeUndefined();
  }
  const odd = forgeIntel({ at, qeIdentity: (body: JsonObject) => ({ ...body, id: '../../x' }) });
  expect(recognise(odd.collateral.get('intel/qe-identity-sgx') ?? utf8(''))).toBeUndefined();
});

describe('junk', () => {
  test.each<[string, Bytes]>([
    ['nothing', utf8('')],
    ['text', utf8('hello')],
    ['other JSON', utf8('{"a": 1}')],
    ['an array', utf8('[]')],
    ['broken JSON', utf8('{"tcbInfo": {')],
    ['a member twice', utf8('{"tcbInfo": {}, "tcbInfo": {}}')],
    ['an empty TCB info', utf8('{"tcbInfo": {}, "signature": ""}')],
    ['PEM of something else', utf8(toPem('PUBLIC KEY', Uint8Array.of(1, 2, 3)))],
    ['a broken certificate', utf8(toPem('CERTIFICATE', Uint8Array.of(0x30, 0)))],
    ['a certificate cut short', forged.certificates.leaf.subarray(0, -1)],
    ['a document that ends in NUL', concat(file('intel/qe-identity-sgx'), Uint8Array.of(0))],
    ['a CRL cut short', file('intel/crl-root').subarray(0, -1)],
    ['a CRL and more', concat(file('intel/crl-root'), Uint8Array.of(0, 1))],
    ['more certificates than any chain has', utf8(forged.chain.repeat(86))],
  ])('%s is not taken for anything', (_name, bytes) => expect(recognise(bytes)).toBeUndefined());

  test('certificates and a CRL in one file: neither of them is taken without the other', () => {
    const both = utf8(forged.chain + toPem('X509 CRL', file('intel/crl-root')));
    expect(recognise(both)).toBeUndefined();
    expect(isMixedPem(both)).toBe(true);
    expect([utf8(forged.chain), file('intel/crl-root'), forged.quote()].map(isMixedPem)).toEqual([false, false, false]);
  });

  test('a CRL of somebody else is not taken for one of Intel’s', () => {
    const other = forgeIntel({ at, crls: { root: { issuer: [['CN', 'Somebody']] } } });
    expect(recognise(other.collateral.get('intel/crl-root') ?? utf8(''))).toBeUndefined();
  });

  test('T5: any bytes, and any change of genuine files, are told or not, and nothing is thrown', () => {
    const files = [...forged.collateral.values()];
    const changed = fc.tuple(fc.nat(files.length - 1), fc.nat(), fc.nat(255)).map(([which, where, to]) => {
      const given = Uint8Array.from(files[which] ?? []);
      given[where % given.length] = to;
      return given;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), changed), (bytes) => {
        recognise(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

describe('signers', () => {
  const certificates = Object.values(forged.certificates).map((der) => parseCertificate(der));
  const strangers = Object.values(forgeIntel({ at, seed: 'strangers' }).certificates).map((der) =>
    parseCertificate(der),
  );

  test('of a document are those whose key signed it', () => {
    for (const name of ['intel/tcb-info-sgx-00906ed50000', 'intel/qe-identity-tdx'] as const)
      expect(signersOf(file(name), [...strangers, ...certificates]).map(({ raw }) => hex(raw))).toEqual([
        hex(forged.certificates.signer),
      ]);
  });

  test('are none among strangers, or of a document that was changed', () => {
    const info = file('intel/tcb-info-sgx-00906ed50000');
    expect(signersOf(info, strangers)).toEqual([]);
    const changed = utf8(new TextDecoder().decode(info).replace('"UpToDate"', '"Revoked"'));
    expect(signersOf(changed, certificates)).toEqual([]);
  });
});
