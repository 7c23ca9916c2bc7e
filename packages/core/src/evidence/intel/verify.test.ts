/** The verifiers on forged worlds: accepted when nothing is wrong, refused by the right check when one thing is. */
import { describe, expect, test } from 'vitest';
import { Appraisal, Refusal } from '../../appraisal.ts';
import { appraise } from '../../attest.ts';
import { type Bytes, base64url, concat, encode, fromHex, hex, utf8 } from '../../bytes/index.ts';
import type { JsonObject } from '../../claim.ts';
import type { Collateral, NeedName, Submission } from '../../contract.ts';
import { privateKeyFromScalar, publicSpki, sha256 } from '../../crypto/index.ts';
import { extensionOids, opaqueExtension, pemBlocks } from '../../pki/index.ts';
import { forgetful } from '../../vouch.ts';
import { check } from './checks.ts';
import { isCollateralExpired, type QuoteFacts } from './facts.ts';
import { forgeIntel, type Wanted, type World } from './forge.ts';
import { OeReport, SgxReport } from './report.ts';
import { type QuoteSettings, quoteSettings } from './settings.ts';
import { oeReport, sgxQuote, tdQuote } from './verifier.ts';

const at = new Date('2026-03-01T12:00:00Z');
const day = 86_400_000;

interface Case {
  readonly world?: Partial<World>;
  readonly quote?: Wanted;
  readonly edit?: (quote: Bytes) => Bytes;
  readonly submission?: Partial<Submission>;
  readonly collateral?: (given: Map<NeedName, Bytes>, other: ReadonlyMap<NeedName, Bytes>) => void;
  readonly settings?: Partial<QuoteSettings>;
  readonly at?: Date;
  readonly verifier?: typeof sgxQuote;
  readonly anchors?: readonly Bytes[];
}

/** Everything of a verdict: facts, or the check that refused. The baseline is demanded too. */
async function run(given: Case): Promise<{ facts: QuoteFacts; appraisal: Appraisal }> {
  const forged = forgeIntel({ at, ...given.world });
  const other = forgeIntel({ at, seed: 'another world', ...given.world });
  const wanted = given.quote ?? {};
  const quote = (given.edit ?? ((same) => same))(forged.quote(wanted));
  const collateral = new Map(forged.collateral);
  given.collateral?.(collateral, other.collateral);
  const appraisal = new Appraisal();
  const settings = { ...quoteSettings.defaults, ...given.settings };
  const context = {
    at: given.at ?? at,
    settings,
    anchors: { id: 'test', of: () => given.anchors ?? [forged.anchor] },
    appraisal,
    memo: forgetful,
  };
  const verifier = given.verifier ?? (wanted.tee === 'tdx' ? tdQuote : sgxQuote);
  const world = { collateral: async (): Promise<Collateral> => collateral };
  const { facts, demands } = await appraise(verifier, { evidence: quote, ...given.submission }, world, context);
  appraisal.demand(demands);
  return { facts, appraisal };
}

const refusedBy = async (given: Case): Promise<Refusal> => {
  try {
    await run(given);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return expect.fail('was accepted');
};

describe('accepted', () => {
  const kinds: Wanted[] = [
    { version: 3 },
    { version: 4 },
    { version: 5 },
    { tee: 'tdx', version: 4 },
    { tee: 'tdx', version: 5, bodyType: 2 },
    { tee: 'tdx', version: 5, bodyType: 3 },
    { tee: 'tdx', version: 5, bodyType: 4 },
  ];
  test.each(kinds)('%o', async (quote) => {
    const { facts } = await run({ quote });
    expect(facts.tcb).toMatchObject({ status: 'UpToDate', advisoryIds: [], shortfalls: [] });
    expect(facts.evaluation).toBe(17);
  });

  test('with a processor CA, padding, runtime data and init data', async () => {
    const runtime = utf8('bound');
    const init = utf8('launched with');
    const configId = concat(sha256(init), new Uint8Array(32));
    const attributes = fromHex(`85${'00'.repeat(15)}`);
    const { facts } = await run({
      world: { ca: 'processor' },
      quote: { runtimeData: runtime, padding: new Uint8Array(70), report: { configId, attributes } },
      submission: { runtime: { bytes: runtime, kind: 'Binary' }, init: { bytes: init, kind: 'Binary' } },
    });
    expect(facts.runtime?.bytes).toBe(runtime);
  });

  test('OpenEnclave’s wrapper', async () => {
    let wrapped: Bytes = new Uint8Array(0);
    const wrap = (quote: Bytes): Bytes => (wrapped = encode(OeReport, { version: 1, type: 2, quote }));
    const { facts } = await run({ verifier: oeReport, edit: wrap });
    expect(facts.hashes.submitted).toBe(hex(sha256(wrapped)));
  });

  test.each([1, 2, 3])('certification type %i, its chain held beside it', async (certificationType) => {
    const forged = forgeIntel({ at });
    const others = forgeIntel({ at, seed: 'another world' });
    const certificates = [others, forged].flatMap(({ chain }) => pemBlocks(utf8(chain), 'CERTIFICATE', 3));
    await run({ quote: { certificationType, certification: new Uint8Array(404) }, submission: { certificates } });
  });

  test('a frozen baseline, only where the provider chose one', async () => {
    const late = {
      at: new Date(at.getTime() + 31 * day),
      world: { crls: { root: { nextUpdate: at.getTime() + 60 * day }, pck: { nextUpdate: at.getTime() + 60 * day } } },
    };
    await run({ ...late, settings: { collateral: 'azure-baseline' } });
    expect((await refusedBy(late)).check.id).toBe('intel.tcb-info.dated');
  });

  test('the exact last moment, and not one second later', async () => {
    await run({ at: new Date(at.getTime() + 30 * day) });
    const refusal = await refusedBy({ at: new Date(at.getTime() + 30 * day + 1000) });
    expect(refusal.code).toBe('CollateralExpired');
  });
});

test('T24: every status against the default baseline and one that accepts it', async () => {
  const byDefault = {
    UpToDate: true,
    SWHardeningNeeded: true,
    ConfigurationNeeded: false,
    ConfigurationAndSWHardeningNeeded: false,
    OutOfDate: false,
    OutOfDateConfigurationNeeded: false,
    Revoked: false,
  } as const;
  for (const [status, accepted] of Object.entries(byDefault) as [keyof typeof byDefault, boolean][]) {
    for (const quote of [{}, { tee: 'tdx' }] satisfies Wanted[]) {
      const given: Case = { world: { status }, quote };
      if (accepted) expect((await run(given)).facts.tcb.status).toBe(status);
      else expect((await refusedBy(given)).message).toContain(`found ${status}`);
      const lax: Case = { ...given, settings: { acceptedTcbStatuses: [status as 'OutOfDate'] } };
      if (status === 'Revoked') expect((await refusedBy(lax)).check.id).toBe('intel.tcb.status');
      else expect((await run(lax)).facts.tcb.status).toBe(status);
    }
  }
});

test('T2: a revoked quoting enclave, platform or TDX module is never accepted', async () => {
  for (const world of [{ qeStatus: 'Revoked' }, { moduleStatus: 'Revoked' }, { status: 'Revoked' }] as const) {
    const refusal = await refusedBy({ world, quote: { tee: 'tdx' } });
    expect([refusal.check.id, refusal.seen.observed]).toEqual(['intel.tcb.status', 'Revoked']);
  }
});

test('a level that is low says which component has what and needs what', async () => {
  const { message } = await refusedBy({ world: { status: 'OutOfDate' } });
  expect(message).toContain('SGX component 2 has 5, needs 6');
});

test('a forged quote is refused by the real root', async () => {
  const { intelRoot } = await import('./anchors.ts');
  expect((await refusedBy({ anchors: [intelRoot] })).check.id).toBe('intel.pck.path');
});

const flip =
  (index: number) =>
  (quote: Bytes): Bytes =>
    quote.map((byte, i) => (i === (index < 0 ? quote.length + index : index) ? byte ^ 1 : byte));
const replace =
  (name: NeedName, edit: (bytes: Bytes) => Bytes) =>
  (all: Map<NeedName, Bytes>): void => {
    all.set(name, edit(all.get(name) ?? new Uint8Array()));
  };
const take =
  (name: NeedName) =>
  (all: Map<NeedName, Bytes>, other: ReadonlyMap<NeedName, Bytes>): void => {
    all.set(name, other.get(name) ?? new Uint8Array());
  };
const text =
  (edit: (text: string) => string) =>
  (bytes: Bytes): Bytes =>
    utf8(edit(new TextDecoder().decode(bytes)));
const [info, identity] = ['intel/tcb-info-sgx-00906ed50000', 'intel/qe-identity-sgx'] as const;
const without =
  (name: string) =>
  (body: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));
const stranger = publicSpki(privateKeyFromScalar('P-256', sha256(utf8('a stranger'))));
const strangers = { scheme: 'ecdsa-sha256', key: privateKeyFromScalar('P-256', sha256(utf8('a stranger'))) } as const;
const revoked = (serial: number) => ({ revoked: [{ serial, at: at.getTime() - day }] });

/** One way at least to fail each declared check. */
const bad: { readonly [id in keyof typeof check]: readonly Case[] } = {
  'intel.oe.layout': [
    { verifier: oeReport },
    {
      verifier: oeReport,
      edit: (quote) => concat(encode(OeReport, { version: 1, type: 2, quote }), new Uint8Array(1)),
    },
  ],
  'intel.quote.layout': [
    { edit: (quote) => quote.subarray(0, -1) },
    { edit: () => new Uint8Array() },
    { edit: (quote) => concat(quote, new Uint8Array(40_000)) },
    { edit: flip(12) },
  ],
  'intel.quote.tee': [
    { quote: { tee: 'tdx' }, verifier: sgxQuote },
    { verifier: tdQuote, quote: { version: 4 } },
  ],
  'intel.quote.bound-data': [
    { submission: { runtime: { bytes: utf8('[]'), kind: 'JSON' } } },
    { submission: { runtime: { bytes: utf8('{"a":1,"a":2}'), kind: 'JSON' } } },
    { submission: { init: { bytes: utf8('{'), kind: 'JSON' } } },
  ],
  'intel.pck.certificates': [
    { quote: { certification: utf8(forgeIntel({ at }).chain.slice(0, 1600)) } },
    { quote: { certification: utf8('') } },
    { quote: { certificationType: 1, certification: new Uint8Array(36) } },
    { quote: { certification: utf8(`${forgeIntel({ at }).chain}${forgeIntel({ at }).chain}`) } },
  ],
  'intel.pck.names': [
    { world: { certificates: { leaf: { subject: [['CN', 'Somebody']] } } } },
    { world: { certificates: { issuer: { subject: [['CN', 'Somebody']] } } } },
  ],
  'intel.pck.path': [
    { anchors: [stranger] },
    { anchors: [] },
    { world: { certificates: { leaf: { signer: strangers } } } },
    { world: { certificates: { issuer: { signer: strangers } } } },
    { world: { certificates: { root: { signer: strangers } } } },
    { world: { certificates: { leaf: { issuer: [['CN', 'Somebody']] } } } },
    { world: { certificates: { leaf: { extensions: [opaqueExtension('1.2.3.4', true, 'unknown')] } } } },
  ],
  'intel.pck.profile': (['root', 'issuer', 'leaf'] as const).flatMap((who) =>
    [extensionOids.authorityKeyIdentifier, extensionOids.subjectKeyIdentifier, extensionOids.crlDistributionPoints].map(
      (oid): Case => ({ world: { certificates: { [who]: { without: [oid] } } } }),
    ),
  ),
  'intel.pck.extension': [
    { world: { components: [1, 2, 3] } },
    { world: { pceSvn: 70_000 } },
    { world: { fmspc: '00906ed5' } },
    { world: { pceId: '000000' } },
  ],
  'intel.pck.dated': [
    { world: { certificates: { leaf: { notAfter: at.getTime() - 1000 } } } },
    { world: { certificates: { root: { notAfter: at.getTime() - 1000 } } } },
  ],
  'intel.pck.begun': [{ world: { certificates: { leaf: { notBefore: at.getTime() + 1000 } } } }],
  'intel.collateral.present': (
    ['intel/crl-root', 'intel/crl-platform', info, `${info}-issuers`, identity, `${identity}-issuers`] as NeedName[]
  ).map((name) => ({ collateral: (all) => void all.delete(name) })),
  'intel.root-crl.signed': [
    { collateral: take('intel/crl-root') },
    { collateral: replace('intel/crl-root', () => utf8('nothing')) },
    { world: { crls: { root: { nextUpdate: undefined } } } },
    { world: { crls: { root: { extensions: [] } } } },
  ],
  'intel.pck-crl.signed': [
    { collateral: take('intel/crl-platform') },
    { world: { crls: { pck: { issuer: [['CN', 'Somebody']] } } } },
    { collateral: (all) => void all.set('intel/crl-platform', all.get('intel/crl-root') as Bytes) },
  ],
  'intel.root-crl.dated': [
    { world: { crls: { root: { nextUpdate: at.getTime() - 1000 } } } },
    { world: { crls: { root: { thisUpdate: at.getTime() + 1000 } } } },
  ],
  'intel.pck-crl.dated': [
    { world: { crls: { pck: { nextUpdate: at.getTime() - 1000 } } } },
    { world: { crls: { pck: { thisUpdate: at.getTime() + 1000 } } } },
  ],
  'intel.root.standing': [{ world: { crls: { root: revoked(1) } } }],
  'intel.ca.standing': [{ world: { crls: { root: revoked(2) } } }],
  'intel.pck.standing': [{ world: { crls: { pck: revoked(3) } } }],
  'intel.signing.path': [
    { collateral: take(`${info}-issuers`) },
    { collateral: take(`${identity}-issuers`) },
    { collateral: replace(`${info}-issuers`, (pem) => concat(pem, pem)) },
    { collateral: replace(`${identity}-issuers`, () => utf8('')) },
    { world: { certificates: { signer: { subject: [['CN', 'Somebody']] } } } },
    { world: { certificates: { signer: { without: [extensionOids.keyUsage] } } } },
  ],
  'intel.signing.begun': [{ world: { certificates: { signer: { notBefore: at.getTime() + 1000 } } } }],
  'intel.signing.dated': [{ world: { certificates: { signer: { notAfter: at.getTime() - 1000 } } } }],
  'intel.signing.standing': [{ world: { crls: { root: revoked(4) } } }],
  'intel.tcb-info.signed': [
    {
      collateral: replace(
        info,
        text((json) => json.replace('UpToDate', 'Uptodate')),
      ),
    },
    {
      collateral: replace(
        info,
        text((json) => json.replace('"version":3', '"version": 3')),
      ),
    },
    {
      collateral: replace(
        info,
        text((json) => json.replace('"signature"', '"signatures"')),
      ),
    },
    { collateral: replace(info, () => utf8('not JSON')) },
    { collateral: (all) => void all.set(info, all.get(identity) as Bytes) },
  ],
  'intel.tcb-info.content': [
    'version',
    'issueDate',
    'nextUpdate',
    'fmspc',
    'pceId',
    'tcbType',
    'tcbEvaluationDataNumber',
    'tcbLevels',
    'id',
  ].map((name): Case => ({ world: { tcbInfo: without(name) } })),
  'intel.tcb-info.begun': [{ world: { tcbInfo: (body) => ({ ...body, issueDate: '2026-03-01T12:00:01Z' }) } }],
  'intel.tcb-info.dated': [{ world: { tcbInfo: (body) => ({ ...body, nextUpdate: '2026-03-01T11:59:59Z' }) } }],
  'intel.tcb-info.subject': [
    { world: { tcbInfo: (body) => ({ ...body, fmspc: '112233445566' }) } },
    { world: { tcbInfo: (body) => ({ ...body, pceId: '1122' }) } },
    { collateral: (all) => void all.set(info, all.get('intel/tcb-info-tdx-00906ed50000') as Bytes) },
  ],
  'intel.qe-identity.signed': [
    {
      collateral: replace(
        identity,
        text((json) => json.replace('"isvprodid":1', '"isvprodid":2')),
      ),
    },
  ],
  'intel.qe-identity.content': [
    'id',
    'version',
    'miscselect',
    'miscselectMask',
    'attributes',
    'attributesMask',
    'mrsigner',
    'isvprodid',
    'tcbLevels',
    'issueDate',
    'nextUpdate',
    'tcbEvaluationDataNumber',
  ].map((name): Case => ({ world: { qeIdentity: without(name) } })),
  'intel.qe-identity.begun': [{ world: { qeIdentity: (body) => ({ ...body, issueDate: '2026-03-01T12:00:01Z' }) } }],
  'intel.qe-identity.dated': [{ world: { qeIdentity: (body) => ({ ...body, nextUpdate: '2026-03-01T11:59:59Z' }) } }],
  'intel.qe-identity.subject': [
    { world: { qeIdentity: (body) => ({ ...body, id: 'QVE' }) } },
    { collateral: (all) => void all.set(identity, all.get('intel/qe-identity-tdx') as Bytes) },
  ],
  'intel.tdx.module': [
    { quote: { tee: 'tdx', report: { mrSignerSeam: new Uint8Array(48).fill(1) } } },
    { quote: { tee: 'tdx', report: { teeTcbSvn: Uint8Array.from([3, 2, ...Array.from({ length: 14 }, () => 0)]) } } },
  ],
  'intel.tdx.seam-attributes': [
    { quote: { tee: 'tdx', report: { seamAttributes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) } } },
  ],
  'intel.qe.signed': [{ edit: flip(432 + 4 + 128 + 100) }, { edit: flip(432 + 4 + 128 + 384 + 10) }],
  'intel.qe.binding': [
    { quote: { qeReport: { reportData: new Uint8Array(64) } } },
    { edit: flip(432 + 4 + 64 + 5) },
    { edit: flip(432 + 4 + 128 + 384 + 64 + 2 + 5) },
  ],
  'intel.qe.identity': [
    { quote: { qeReport: { mrSigner: new Uint8Array(32) } } },
    { quote: { qeReport: { isvProdId: 7 } } },
    { quote: { qeReport: { miscSelect: Uint8Array.of(1, 0, 0, 0) } } },
    { quote: { qeReport: { attributes: fromHex(`13${'00'.repeat(15)}`) } } },
  ],
  'intel.quote.key': [
    { quote: { attestationKey: new Uint8Array(64) } },
    { quote: { attestationKey: new Uint8Array(64).fill(7) } },
  ],
  'intel.quote.signed': [
    { edit: flip(48 + 64) },
    { edit: flip(48 + 320) },
    { edit: flip(432 + 4 + 3) },
    { edit: flip(30) },
  ],
  'intel.runtime-data': [
    {
      submission: { runtime: { bytes: utf8('something else'), kind: 'Binary' } },
      quote: { runtimeData: utf8('bound') },
    },
    { submission: { runtime: { bytes: new Uint8Array(), kind: 'Binary' } } },
  ],
  'intel.init-data': [
    { submission: { init: { bytes: utf8('x'), kind: 'Binary' } } },
    {
      submission: { init: { bytes: utf8('x'), kind: 'Binary' } },
      quote: { report: { configId: concat(sha256(utf8('x')), new Uint8Array(32)) } },
    },
    { submission: { init: { bytes: utf8('x'), kind: 'Binary' } }, quote: { tee: 'tdx' } },
  ],
  'intel.tcb.supported': [
    {
      world: {
        tcbInfo: (body) => ({ ...body, tcbLevels: [raise((body['tcbLevels'] as JsonObject[])[0] as JsonObject)] }),
      },
    },
    { quote: { qeReport: { isvSvn: 1 } } },
    {
      quote: {
        tee: 'tdx',
        version: 5,
        report: { teeTcbSvn2: Uint8Array.from([3, 9, ...Array.from({ length: 14 }, () => 0)]) },
      },
    },
  ],
  'intel.tcb.evaluation': [{ settings: { minimumTcbEvaluation: 18 } }, { settings: { tcbIdentifier: '18' } }],
  'intel.collateral.age': [{ settings: { maximumCollateralAgeDays: 7 }, at: new Date(at.getTime() + 7 * day) }],
  'intel.tcb.status': [{ world: { status: 'OutOfDate' } }, { world: { qeStatus: 'OutOfDate' } }],
};

const raise = (level: JsonObject): JsonObject => ({ ...level, tcb: { ...(level['tcb'] as JsonObject), pcesvn: 99 } });

describe('refused', () => {
  for (const [id, cases] of Object.entries(bad)) {
    test.each(cases.map((given, i) => [`${id} (${i + 1})`, given] as const))('%s', async (_name, given) => {
      const refusal = await refusedBy(given);
      expect([refusal.check.id, refusal.message]).toEqual([id, refusal.message]);
      expect(refusal.code).toBe(check[id as keyof typeof check].code);
    });
  }
});

test('collateral that is missing is named once, and what is at hand is not', async () => {
  const { message } = await refusedBy({ collateral: (all) => void (all.delete(info) && all.delete(identity)) });
  expect(message.split(' does not hold: ')[1]).toMatch(new RegExp(`^missing: ${info}, ${identity}\\. Fetch`));
  const all = await refusedBy({ collateral: (held) => held.clear() });
  expect(all.message.match(/intel\/crl-root/g)).toHaveLength(1);
});

test('T1: collateral signed by a stranger is refused, one item at a time', async () => {
  const forged = forgeIntel({ at });
  for (const name of forged.collateral.keys()) {
    if (name.includes('tdx')) continue;
    const refusal = await refusedBy({ collateral: take(name) });
    expect(refusal.code).toBe('CollateralInvalid');
  }
});

test('T14: a revoked intermediate refuses the quote', async () => {
  expect((await refusedBy({ world: { crls: { root: revoked(2) } } })).check.id).toBe('intel.ca.standing');
});

test('T14: a revoked PCK certificate, a stale, future-dated or endless CRL refuse the quote', async () => {
  for (const pck of [
    revoked(3),
    { nextUpdate: at.getTime() - 1 },
    { thisUpdate: at.getTime() + day },
    { nextUpdate: undefined },
  ])
    await refusedBy({ world: { crls: { pck } } });
});

test('T6: report data that is not exactly the hash of runtimeData is fatal', async () => {
  const data = utf8('bound');
  const bind = (reportData: Bytes): Case => ({
    quote: { report: { reportData } },
    submission: { runtime: { bytes: data, kind: 'Binary' } },
  });
  const hash = sha256(data);
  await run(bind(concat(hash, new Uint8Array(32))));
  for (const wrong of [
    new Uint8Array(64),
    concat(new Uint8Array(32), hash),
    concat(hash.subarray(0, 31), new Uint8Array(33)),
    concat(Uint8Array.of(0), hash, new Uint8Array(31)),
  ]) {
    expect((await refusedBy(bind(wrong))).check.id).toBe('intel.runtime-data');
  }
});

test('expired collateral is a fact of its own beside the status', async () => {
  const late = new Date(at.getTime() + 31 * day);
  const forged = forgeIntel({ at });
  const context = {
    at: late,
    settings: quoteSettings.defaults,
    anchors: { id: 'test', of: () => [forged.anchor] },
    appraisal: new Appraisal(),
    memo: forgetful,
  };
  const { facts } = await appraise(
    sgxQuote,
    { evidence: forged.quote() },
    { collateral: async () => forged.collateral },
    context,
  );
  expect([facts.tcb.status, isCollateralExpired(facts, late), isCollateralExpired(facts, at)]).toEqual([
    'UpToDate',
    true,
    false,
  ]);
});

test('claims of an SGX quote', async () => {
  const runtime = utf8('bound');
  const { facts } = await run({
    quote: { runtimeData: runtime },
    submission: { runtime: { bytes: runtime, kind: 'Binary' } },
  });
  const claims = new Map(
    sgxQuote.claims(facts, { at, settings: quoteSettings.defaults }).map((one) => [one.name, one.value]),
  );
  expect(claims.get('x-ms-sgx-ehd')).toBe(base64url(runtime));
  expect(claims.get('x-ms-sgx-product-id')).toBe(1);
  expect(claims.has('x-ms-sgx-config-id')).toBe(false);
  expect(claims.has('x-ms-runtime')).toBe(false);
  expect(claims.get('x-assay-tcb-status')).toBe('UpToDate');
});

test('JSON runtime data becomes x-ms-runtime, trailing NULs not part of it', async () => {
  const runtime = utf8('{"b":9007199254740993,"a":[1]}\0');
  const { facts } = await run({
    quote: { runtimeData: runtime },
    submission: { runtime: { bytes: runtime, kind: 'JSON' } },
  });
  const claims = new Map(
    sgxQuote.claims(facts, { at, settings: quoteSettings.defaults }).map((one) => [one.name, one.value]),
  );
  expect(claims.get('x-ms-runtime')).toEqual({ a: [1], b: 9007199254740993n });
  expect(claims.has('x-ms-sgx-ehd')).toBe(false);
});

test('the layout of a report is 384 bytes', () => {
  expect(encode(SgxReport, forgeReport()).length).toBe(384);
});
const forgeReport = () => {
  const zero = (n: number): Bytes => new Uint8Array(n);
  return {
    cpuSvn: zero(16),
    miscSelect: zero(4),
    reserved1: zero(12),
    isvExtProdId: zero(16),
    attributes: zero(16),
    mrEnclave: zero(32),
    reserved2: zero(32),
    mrSigner: zero(32),
    reserved3: zero(32),
    configId: zero(64),
    isvProdId: 0,
    isvSvn: 0,
    configSvn: 0,
    reserved4: zero(42),
    isvFamilyId: zero(16),
    reportData: zero(64),
  };
};
