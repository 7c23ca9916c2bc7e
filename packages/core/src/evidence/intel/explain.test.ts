import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, fromHex, u32le, u64le, utf8 } from '../../bytes/index.ts';
import { sha256 } from '../../crypto/index.ts';
import type { Explanation, Row } from '../explanation.ts';
import { explainIntel } from './explain.ts';
import { forgeIntel, type Wanted } from './forge.ts';
import { OeEvidence } from './oe-evidence.ts';

const world = forgeIntel({ at: new Date('2026-01-01T00:00:00Z') });
const explained = (file: Bytes): Explanation => {
  const explanation = explainIntel(file);
  if (!explanation) return expect.fail('not recognised');
  return explanation;
};
const rowsOf = ({ parts }: Explanation): readonly Row[] => parts.flatMap(({ rows }) => rows);
const rowAt = (explanation: Explanation, path: string): Row | undefined =>
  rowsOf(explanation).find((one) => one.path === path);
const report = (quote: Bytes): Bytes =>
  concat(encode(u32le, 1), encode(u32le, 2), encode(u64le, BigInt(quote.length)), quote);
const evidence = (version: 2 | 3, uuid: string, data: Bytes): Bytes =>
  encode(OeEvidence, { version, format: fromHex(uuid), data });
const sgxEcdsa = 'a3a21e871b4d4014b70aa125d2fbcd8c';

describe('quotes', () => {
  const kinds: readonly (readonly [string, Wanted])[] = [
    ['SGX quote, version 3', {}],
    ['SGX quote, version 4', { version: 4 }],
    ['SGX quote, version 5', { version: 5 }],
    ['TDX quote, version 4', { tee: 'tdx' }],
    ['TDX quote, version 5', { tee: 'tdx', version: 5, bodyType: 2 }],
    ['TDX quote, version 5', { tee: 'tdx', version: 5, bodyType: 4 }],
  ];
  test.each(kinds)('%s: the fields cover every byte, each group before what is in it', (what, wanted) => {
    const quote = world.quote({ ...wanted, padding: new Uint8Array(8) });
    const explanation = explained(quote);
    expect(explanation.what).toBe(what);
    const rows = explanation.parts[0]?.rows ?? [];
    const covered = new Uint8Array(quote.length);
    for (const { path, offset = 0, length = 0 } of rows) {
      const parent = path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : undefined;
      if (parent !== undefined)
        expect(rows.findIndex((one) => one.path === parent)).toBeLessThan(rows.findIndex((one) => one.path === path));
      covered.fill(1, offset, offset + length);
    }
    expect(covered.every((byte) => byte === 1)).toBe(true);
    expect(rows.find(({ path }) => path === 'padding')?.meaning).toBe('zeros, under no signature');
  });

  test('meanings: bits by name, what is unused, what only looks reserved', () => {
    const attributes = fromHex('07000000000000000300000000000000');
    const explanation = explained(world.quote({ report: { attributes, reserved1: new Uint8Array(12).fill(1) } }));
    const at = (path: string) => rowAt(explanation, `signed.body.report.${path}`);
    expect(at('attributes')).toMatchObject({
      offset: 96,
      length: 16,
      meaning: 'INIT, DEBUG, MODE64BIT; XFRM x87, SSE',
    });
    expect(at('reserved1')?.meaning).toBe('reserved, yet not zero');
    expect(at('configId')?.meaning).toBe('not used');
    expect(rowAt(explanation, 'auth.qeReport.mrSigner')?.meaning).toBe('Intel, for quoting enclaves of SGX');
  });

  test('certificates, and what the platform’s says', () => {
    const { parts } = explained(world.quote());
    expect(parts.map(({ title }) => title)).toEqual([
      'quote',
      'certificate 1 of 3: Intel SGX PCK Certificate',
      'certificate 2 of 3: Intel SGX PCK Platform CA',
      'certificate 3 of 3: Intel SGX Root CA',
    ]);
    expect(parts[1]?.rows).toContainEqual({
      path: 'FMSPC',
      value: '00906ed50000',
      meaning: 'platform family: names its TCB info',
    });
  });

  test('a quote that only names its platform', () => {
    const certification = concat(new Uint8Array(384).fill(7), new Uint8Array(16), fromHex('0b00'), fromHex('0000'));
    const explanation = explained(world.quote({ certificationType: 3, certification }));
    expect(rowAt(explanation, 'certification.pceSvn')).toMatchObject({ offset: 400, value: '11' });
    const wrong = explained(world.quote({ certificationType: 3, certification: new Uint8Array(5) }));
    expect(rowAt(wrong, 'certification')?.meaning).toMatch(/need 384 bytes, 5 left/);
  });

  test('what is asked of it: nothing of TDs where it is an enclave’s', () => {
    const ids = (file: Bytes): readonly string[] => explained(file).checks.map(({ id }) => id);
    expect(ids(world.quote())).toContain('intel.quote.signed');
    expect(ids(world.quote()).filter((id) => /tdx|\.oe\./.test(id))).toEqual([]);
    expect(ids(world.quote({ tee: 'tdx' }))).toContain('intel.tdx.module');
    expect(ids(report(world.quote()))).toContain('intel.oe.layout');
  });

  test('every truncation is explained as far as it goes, and says where it ends', () => {
    const quote = world.quote();
    for (let length = 8; length < quote.length; length += 37) {
      const { what, problem, parts } = explained(quote.subarray(0, length));
      expect(what).toBe('a quote');
      expect(problem).toMatch(/ at byte \d+: /);
      expect(parts[0]?.rows.every(({ offset = 0 }) => offset <= length)).toBe(true);
    }
  });
});

describe('OpenEnclave', () => {
  test('a report: offsets are those of the file', () => {
    const explanation = explained(report(world.quote()));
    expect(explanation.what).toBe('OpenEnclave report with SGX quote, version 3');
    expect(rowAt(explanation, 'quote.signed.body.report.mrEnclave')).toMatchObject({ offset: 16 + 112, length: 32 });
  });

  test('evidence with custom claims: read, and whether the quote binds them', () => {
    const claims = concat(
      encode(u64le, 1n),
      encode(u64le, 1n),
      encode(u64le, 2n),
      encode(u64le, 3n),
      utf8('a\0'),
      fromHex('010203'),
    );
    const binding = concat(sha256(claims), new Uint8Array(32));
    const bound = explained(evidence(3, sgxEcdsa, concat(world.quote({ report: { reportData: binding } }), claims)));
    expect(bound.what).toBe('OpenEnclave evidence, version 3, format SGX_ECDSA, with SGX quote, version 3');
    expect(rowAt(bound, 'claims')?.meaning).toBe('bound by the report data');
    expect(rowAt(bound, 'claims.0')).toMatchObject({ value: '010203', meaning: 'a' });
    expect(rowAt(bound, 'data.quote.signed')).toMatchObject({ offset: 28, length: 432 });

    const loose = explained(evidence(3, sgxEcdsa, concat(world.quote(), claims)));
    expect(rowAt(loose, 'claims')?.meaning).toMatch(/^not bound/);
    const none = explained(evidence(3, sgxEcdsa, world.quote({ runtimeData: new Uint8Array() })));
    expect(rowAt(none, 'claims')?.meaning).toBe('none, as the report data say');
    const opaque = explained(evidence(3, sgxEcdsa, concat(world.quote(), utf8('other'))));
    expect(rowAt(opaque, 'form')?.meaning).toMatch(/^not OpenEnclave’s own/);
  });

  test('legacy evidence has a report header before the quote', () => {
    const explanation = explained(evidence(2, sgxEcdsa, concat(report(world.quote()), utf8('claims'))));
    expect(explanation.problem).toBeUndefined();
    expect(rowAt(explanation, 'data.quote.signed')).toMatchObject({ offset: 28 + 16 });
    const old = explained(evidence(3, 'c8303454d9234c2ca691df7def460a76', report(world.quote())));
    expect(old.what).toMatch(/LEGACY_REPORT_REMOTE, with SGX quote/);
  });

  test('a bare quote, a format that nobody can verify, one that is not known', () => {
    expect(explained(evidence(3, '1923d91e12d24c72b22025cd8dace871', world.quote())).what).toMatch(
      /RAW_SGX_QUOTE_ECDSA, with SGX quote/,
    );
    expect(rowAt(explained(evidence(3, '09268c336e0b45e58a2715644d0ef89a', utf8('x'))), 'format')?.meaning).toMatch(
      /SGX_LOCAL_ATTESTATION, a report for another enclave/,
    );
    expect(rowAt(explained(evidence(3, '00'.repeat(16), utf8('x'))), 'format')?.meaning).toMatch(/not known here$/);
    expect(explained(evidence(3, sgxEcdsa, utf8('x'))).problem).toMatch(/^data\.quote\..* at byte \d+/);
    expect(explained(evidence(3, sgxEcdsa, utf8('x')).subarray(0, 20)).problem).toMatch(/at byte/);
  });
});

test('collateral of every kind', () => {
  const what = Object.fromEntries([...world.collateral].map(([name, file]) => [name, explained(file).what]));
  expect(what).toMatchObject({
    'intel/crl-root': 'a certificate revocation list',
    'intel/crl-platform': 'a certificate revocation list',
    'intel/tcb-info-tdx-00906ed50000': 'TCB info, intel/tcb-info-tdx-00906ed50000',
    'intel/qe-identity-sgx': 'identity of a quoting enclave, intel/qe-identity-sgx',
    'intel/qe-identity-sgx-issuers': '2 certificates',
  });
  const info = explained(world.collateral.get('intel/tcb-info-tdx-00906ed50000') as Bytes);
  expect(info.parts.map(({ title }) => title)).toEqual([
    'TCB info',
    'levels, best first',
    'TDX module TDX_01, levels best first',
  ]);
});

test('nothing of Intel’s', () => {
  for (const file of [new Uint8Array(), utf8('hello'), utf8('{}'), fromHex('3000'), new Uint8Array(64)])
    expect(explainIntel(file)).toBeUndefined();
});
