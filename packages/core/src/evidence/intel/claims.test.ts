/** Claims: under which names, for whom, and out of nothing but what was signed. */
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, fromHex, hex, utf8 } from '../../bytes/index.ts';
import type { Claim, Json } from '../../claim.ts';
import { sha256 } from '../../crypto/index.ts';
import {
  claimDestinations,
  quoteClaims,
  sgxClaimNames,
  sgxIncomingClaims,
  tdxClaimNames,
  tdxIncomingClaims,
} from './claims.ts';
import type { QuoteFacts } from './facts.ts';
import { forgeIntel, type Wanted } from './forge.ts';
import { decodeQuote } from './quote.ts';
import { quoteSettings } from './settings.ts';

const forged = forgeIntel({ at: new Date('2026-03-01T12:00:00Z') });
const day = { from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 11, 31) };

/** Facts as verification gives them, of a quote that is not verified here. */
function claimsOf(submitted: Bytes, more: Partial<QuoteFacts> = {}): readonly Claim[] {
  const facts: QuoteFacts = {
    quote: decodeQuote(submitted),
    pck: {
      ppid: new Uint8Array(16),
      components: [],
      pceSvn: 0,
      cpuSvn: new Uint8Array(16),
      pceId: new Uint8Array(2),
      fmspc: fromHex('00906ed50000'),
      sgxType: 0,
    },
    tcb: { status: 'UpToDate', date: Date.UTC(2024, 2, 13), advisoryIds: ['INTEL-SA-1'], shortfalls: [] },
    evaluation: 17,
    dates: {
      pckChain: day,
      rootCrl: day,
      pckCrl: { ...day, until: Date.UTC(2026, 3, 1) },
      tcbInfoIssuers: day,
      tcbInfo: day,
      qeIdentityIssuers: day,
      qeIdentity: day,
    },
    hashes: {
      submitted: hex(sha256(submitted)),
      tcbInfo: 'a',
      tcbInfoIssuers: 'b',
      qeIdentity: 'c',
      qeIdentityIssuers: 'd',
      rootCrl: 'e',
    },
    ...more,
  };
  return quoteClaims(facts, { settings: quoteSettings.defaults });
}
const valuesOf = (wanted: Wanted, more?: Partial<QuoteFacts>): ReadonlyMap<string, Json> =>
  new Map(claimsOf(forged.quote(wanted), more).map(({ name, value }) => [name, value]));

test('what is bound nowhere and means nothing is left out, all else is there under its declared name', () => {
  const absent = ['x-ms-runtime', 'x-ms-inittime', 'x-ms-sgx-ehd', 'maa-ehd', 'aas-ehd'];
  const separated = ['config-id', 'config-svn', 'isv-extended-product-id', 'isv-family-id'].map(
    (name) => `x-ms-sgx-${name}`,
  );
  for (const [wanted, destinations] of [
    [{}, claimDestinations.sgx],
    [{ tee: 'tdx' }, claimDestinations.tdx],
  ] as const) {
    const claims = claimsOf(forged.quote(wanted));
    const expected = Object.entries(destinations).filter(([name]) => ![...absent, ...separated].includes(name));
    expect(claims.map(({ name, to }) => [name, to])).toEqual(expected);
  }
});

test('names that a token can carry are those that are not for policies alone', () => {
  for (const [names, destinations] of [
    [sgxClaimNames, claimDestinations.sgx],
    [tdxClaimNames, claimDestinations.tdx],
  ] as const)
    expect(names).toEqual(Object.keys(destinations).filter((name) => destinations[name] !== 'policy'));
});

test('what policies see is listed, each claim of the kind that is listed', () => {
  const kindOf = (value: Json): string =>
    typeof value === 'boolean' ? 'Boolean' : typeof value === 'number' ? 'Integer' : 'String';
  for (const [wanted, listed] of [
    [{}, sgxIncomingClaims],
    [{ tee: 'tdx' }, tdxIncomingClaims],
  ] as const) {
    const kinds = new Map(listed.map(({ name, kind }) => [name, kind]));
    const seen = claimsOf(forged.quote(wanted)).filter(({ to }) => to !== 'token');
    expect(seen.length).toBeGreaterThan(10);
    for (const { name, value } of seen) expect(kinds.get(name), name).toBe(kindOf(value));
  }
});

describe('an enclave', () => {
  const filled = (length: number, byte: number): Bytes => new Uint8Array(length).fill(byte);
  const report = {
    mrEnclave: filled(32, 0xa1),
    mrSigner: filled(32, 0xb2),
    isvProdId: 300,
    isvSvn: 400,
    reportData: filled(64, 0xc3),
    configId: filled(64, 0xd4),
    configSvn: 500,
    isvExtProdId: filled(16, 0xe5),
    isvFamilyId: filled(16, 0xf6),
  };

  test('each field under its name', () => {
    const values = valuesOf({ report: { ...report, attributes: fromHex(`87${'00'.repeat(15)}`) } });
    expect(Object.fromEntries(values)).toMatchObject({
      'x-ms-attestation-type': 'sgx',
      'x-ms-sgx-is-debuggable': true,
      'x-ms-sgx-mrenclave': 'a1'.repeat(32),
      'x-ms-sgx-mrsigner': 'b2'.repeat(32),
      'x-ms-sgx-product-id': 300,
      'x-ms-sgx-svn': 400,
      'x-ms-sgx-report-data': 'c3'.repeat(64),
      'x-ms-sgx-config-id': 'd4'.repeat(64),
      'x-ms-sgx-config-svn': 500,
      'x-ms-sgx-isv-extended-product-id': 'e5'.repeat(16),
      'x-ms-sgx-isv-family-id': 'f6'.repeat(16),
      'x-ms-sgx-tcbidentifier': 'azuredefault',
      $tee: 'sgx',
      '$is-debuggable': true,
      '$sgx-mrenclave': 'a1'.repeat(32),
      '$sgx-mrsigner': 'b2'.repeat(32),
      '$product-id': 300,
      $svn: 400,
      'x-assay-fmspc': '00906ed50000',
      'x-assay-tcb-date': '2024-03-13T00:00:00Z',
      'x-assay-collateral-expires': '2026-04-01T00:00:00Z',
    });
  });

  test('without key separation its fields are not claimed, whatever stands in them', () => {
    expect([...valuesOf({ report }).keys()].filter((name) => /config|isv/.test(name))).toEqual([]);
  });

  test('the hash of the quote is over what was sent, padding included', () => {
    const quote = forged.quote({ padding: utf8('padding') });
    const collateral = claimsOf(quote).find(({ name }) => name === 'x-ms-sgx-collateral')?.value;
    expect(collateral).toEqual({
      qeidcertshash: 'd',
      qeidcrlhash: 'e',
      qeidhash: 'c',
      quotehash: hex(sha256(quote)),
      tcbinfocertshash: 'b',
      tcbinfocrlhash: 'e',
      tcbinfohash: 'a',
    });
  });
});

describe('a trust domain', () => {
  test('each measurement under its name', () => {
    const names = {
      mrSeam: 'mrseam',
      mrSignerSeam: 'mrsignerseam',
      mrTd: 'mrtd',
      mrConfigId: 'mrconfigid',
      mrOwner: 'mrowner',
      mrOwnerConfig: 'mrownerconfig',
      rtmr0: 'rtmr0',
      rtmr1: 'rtmr1',
      rtmr2: 'rtmr2',
      rtmr3: 'rtmr3',
    };
    const fields = Object.keys(names);
    const report = Object.fromEntries(fields.map((field, i) => [field, new Uint8Array(48).fill(0x11 + i)]));
    const values = valuesOf({ tee: 'tdx', report });
    for (const [i, field] of fields.entries())
      expect(values.get(`tdx_${names[field as keyof typeof names]}`)).toBe((0x11 + i).toString(16).repeat(48));
  });

  test('the module’s version is one number: major in the second byte', () => {
    const teeTcbSvn = Uint8Array.from({ length: 16 }, (_, i) => [5, 1, 9][i] ?? 0);
    const values = valuesOf({ tee: 'tdx', report: { teeTcbSvn } });
    expect([values.get('tdx_seamsvn'), values.get('tdx_tee_tcb_svn')]).toEqual([261, `050109${'00'.repeat(13)}`]);
  });

  test('debug is said in all three ways', () => {
    for (const [tdAttributes, debug] of [
      [fromHex(`01${'00'.repeat(7)}`), true],
      [fromHex('00'.repeat(8)), false],
    ] as const) {
      const values = valuesOf({ tee: 'tdx', report: { tdAttributes } });
      expect([values.get('tdx_td_attributes_debug'), values.get('dbgstat')]).toEqual([
        debug,
        debug ? 'enabled' : 'disabled',
      ]);
    }
  });
});

test('bound data are a claim as JSON, or as bytes where they are none', () => {
  const bytes = utf8('bound');
  const plain = valuesOf({}, { runtime: { bytes } });
  expect(['x-ms-sgx-ehd', 'maa-ehd', 'aas-ehd', 'x-ms-runtime'].map((name) => plain.get(name))).toEqual([
    'Ym91bmQ',
    'Ym91bmQ',
    'Ym91bmQ',
    undefined,
  ]);
  const json = valuesOf({}, { runtime: { bytes, json: { a: 1 } }, init: { bytes, json: { b: 2 } } });
  expect([json.get('x-ms-runtime'), json.get('x-ms-inittime'), json.get('x-ms-sgx-ehd')]).toEqual([
    { a: 1 },
    { b: 2 },
    undefined,
  ]);
});

test('T21: nothing that stands in a quote outside what is signed becomes a claim', () => {
  for (const wanted of [{}, { tee: 'tdx', version: 5 }] satisfies Wanted[]) {
    const quote = forged.quote(wanted);
    const comparable = (claims: readonly Claim[]): Json =>
      claims.filter(({ name }) => !name.includes('collateral')).map(({ name, value }) => [name, value]);
    const before = comparable(claimsOf(quote));
    const { length } = decodeQuote(quote).signed;
    // Across signatures, keys, data of the quoting enclave and certificates, in steps that meet every field.
    for (let at = length + 4; at < quote.length; at += 7) {
      const changed = quote.map((byte, i) => (i === at ? byte ^ 0x20 : byte));
      try {
        expect(comparable(claimsOf(changed))).toEqual(before);
      } catch (error) {
        if (!(error instanceof Error && error.name === 'Malformed')) throw error;
      }
    }
    expect(comparable(claimsOf(concat(quote, utf8('padding'))))).toEqual(before);
  }
});
