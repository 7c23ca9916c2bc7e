import { describe, expect, test } from 'vitest';
import { type Bytes, concat, decode, encode, u16be, utf8 } from '../../bytes/index.ts';
import { toPem } from '../../pki/index.ts';
import type { Explanation, Row } from '../explanation.ts';
import { explainTpm } from './explain-structures.ts';
import { forgeBoot, forgeTpm } from './forge.ts';
import { linuxBoot } from './forge-log.ts';
import { keyFile, readKeyFile } from './key-file.ts';
import { Public } from './public.ts';

const tpm = forgeTpm({ at: new Date('2026-05-01T00:00:00Z') });
const boot = forgeBoot(linuxBoot());
const quoted = tpm.quote({ boot, extraData: Uint8Array.of(1, 2), select: [{ bank: 'sha256', indices: [0, 1, 7] }] });
const certified = tpm.certify(tpm.resident.area, Uint8Array.of(3));

function explained(file: Bytes): Explanation {
  return explainTpm(file) ?? expect.fail('not recognised');
}
const rowAt = ({ parts }: Explanation, path: string): Row | undefined =>
  parts.flatMap(({ rows }) => rows).find((row) => row.path === path);
const sized = (inner: Bytes): Bytes => concat(encode(u16be, inner.length), inner);

describe('statements', () => {
  test.each([
    ['TPMS_ATTEST', quoted.attest, 0],
    ['TPM2B_ATTEST', sized(quoted.attest), 2],
  ])('a quote as %s', (_, file, base) => {
    const found = explained(file);
    expect([found.what, found.length, found.problem]).toEqual(['a quote (TPMS_ATTEST)', file.length, undefined]);
    expect(rowAt(found, 'magic')).toEqual({
      path: 'magic',
      offset: base,
      length: 4,
      value: '0xff544347',
      meaning: 'made by a TPM itself',
    });
    expect(rowAt(found, 'extraData')?.value).toBe('0102');
    expect(rowAt(found, 'attested.selection.0.select')?.meaning).toBe('PCR 0-1, 7');
    expect(rowAt(found, 'attested.selection.0.hash')?.meaning).toBe('sha256');
    expect(found.checks.map(({ id }) => id)).toContain('tpm.quote.freshness');
  });

  test('a certification', () => {
    const found = explained(certified.attest);
    expect(found.what).toBe('a certification of a key (TPMS_ATTEST)');
    expect(found.checks.map(({ id }) => id)).toEqual(['tpm.key.certify']);
  });

  test('one that ends too early is shown as far as it goes', () => {
    const found = explained(quoted.attest.subarray(0, 50));
    expect(found.what).toBe('a quote (TPMS_ATTEST)');
    expect(found.problem).toBe('clockInfo.clock at byte 46: need 8 bytes, 4 left');
    expect(rowAt(found, 'qualifiedSigner')).toBeDefined();
  });

  test('a signature', () => {
    const found = explained(quoted.signature);
    expect(found.what).toBe('a signature of a TPM (TPMT_SIGNATURE)');
    expect(rowAt(found, 'scheme')?.meaning).toBe('ecdsa');
  });
});

describe('keys', () => {
  test.each([
    ['a signing key', 'TPMT_PUBLIC', tpm.resident.area],
    ['a signing key', 'TPM2B_PUBLIC', sized(tpm.resident.area)],
    ['a storage or endorsement key', 'TPMT_PUBLIC', tpm.endorsement],
  ])('the public area of %s: %s', (what, structure, file) => {
    const found = explained(file);
    expect(found.what).toBe(`public area of ${what} (${structure})`);
    expect(rowAt(found, 'attributes')?.meaning).toMatch(/^fixedTpm, fixedParent, sensitiveDataOrigin/);
    expect(rowAt(found, 'name')?.value).toMatch(/^000b[0-9a-f]{64}$/);
    expect(rowAt(found, 'curve')?.meaning).toBe('P-256');
  });

  test('a file that its TPM alone can load, written and read', () => {
    const parts = { public: tpm.resident.area, private: Uint8Array.of(9, 9) };
    const file = utf8(keyFile(parts));
    expect(readKeyFile(file)).toEqual(parts);
    expect(explained(file).what).toBe('file of a signing key (TSS2 PRIVATE KEY)');
    expect(readKeyFile(utf8('nothing'))).toBeUndefined();
    const wrong = utf8(toPem('TSS2 PRIVATE KEY', Uint8Array.of(0x30, 0)));
    expect(() => readKeyFile(wrong)).toThrow(/key\.type/);
    expect(explained(wrong).problem).toMatch(/key\.type/);
  });

  test('a file of another kind, or under another parent, is refused', () => {
    const file = keyFile({ public: tpm.resident.area, private: Uint8Array.of(9) });
    const der = Buffer.from(file.replace(/-----.*-----|\s/g, ''), 'base64');
    const changed = (from: string, to: string): Bytes => {
      const at = der.indexOf(Buffer.from(from, 'hex'));
      expect(at).toBeGreaterThan(0);
      const out = new Uint8Array(der);
      out.set(Buffer.from(to, 'hex'), at);
      return utf8(toPem('TSS2 PRIVATE KEY', out));
    };
    expect(() => readKeyFile(changed('06066781050a0103', '06066781050a0104'))).toThrow(/another kind of key/);
    expect(() => readKeyFile(changed('020440000001', '020440000007'))).toThrow(/another than the owner’s storage key/);
  });
});

describe('certificates', () => {
  test.each([
    ['aik', 'a certificate of an attestation key', '2.23.133.8.3'],
    ['ek', 'a certificate of an endorsement key', '2.23.133.8.1'],
    ['issuer', 'a certificate of a CA for keys of TPMs', '1.3.6.1.4.1.311.21.36'],
  ] as const)('of %s', (who, what, purpose) => {
    const der = tpm.certificates[who];
    for (const file of [der, utf8(toPem('CERTIFICATE', der))]) {
      const found = explained(file);
      expect(found.what).toBe(what);
      expect(found.parts[0]?.rows).toContainEqual(expect.objectContaining({ path: 'purpose', value: purpose }));
    }
    expect(explained(der).checks.length > 0).toBe(who !== 'ek');
  });

  test('say who made the TPM', () => {
    const found = explained(tpm.certificates.ek);
    expect(rowAt(found, 'subject')?.value).toBe('empty');
    expect(rowAt(found, 'TPM manufacturer')).toEqual({
      path: 'TPM manufacturer',
      value: 'id:41535359',
      meaning: 'ASSY',
    });
    expect(rowAt(found, 'TPM model')?.value).toBe('simulated');
  });

  test.each([
    ['a maker’s header', [0x10, 0x01, 0x00, 0x03, 0x00, 0x00, 0x00], []],
    ['zeros behind it', [], [0, 0, 0]],
    ['both, with ones', [0x10, 0x01, 0x00, 0x03, 0x00, 0x00, 0x00], [0xff, 0xff]],
  ])('as a TPM’s memory holds them: %s', (_, before, after) => {
    const stored = concat(Uint8Array.from(before), tpm.certificates.ek, Uint8Array.from(after));
    expect(explained(stored).what).toBe('a certificate of an endorsement key');
    // Anything else behind it may be another certificate's: no part of it is passed over.
    expect(explainTpm(concat(stored, Uint8Array.of(1)))).toBeUndefined();
  });

  test('in a bundle', () => {
    const { aik, issuer, root } = tpm.certificates;
    const bundle = utf8([aik, issuer, root].map((der) => toPem('CERTIFICATE', der)).join(''));
    const found = explained(bundle);
    expect(found.what).toBe('3 certificates, the first of them a certificate of an attestation key');
    expect(found.parts.map(({ title }) => title)[2]).toBe('certificate 3 of 3: TPM Root CA');
  });
});

test('nothing that a TPM writes', () => {
  const other = tpm.certificates.root;
  for (const file of [new Uint8Array(0), utf8('text'), Uint8Array.of(0, 1), new Uint8Array(64), other, boot.log])
    expect(explainTpm(file)).toBeUndefined();
  // Begins as a public area, and does not read as one.
  expect(explainTpm(tpm.resident.area.subarray(0, 40))).toBeUndefined();
  expect(decode(Public, tpm.resident.area).type).toBe(0x23);
});
