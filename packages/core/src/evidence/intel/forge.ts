/**
 * A fake Intel: root, CAs, PCK, TCB info, QE identity, CRLs and quotes that are genuine in everything but the root key.
 * For tests, for the demo, and for developers of enclaves without the hardware. The same seed gives the same keys, so
 * the default root is public knowledge: whoever accepts it accepts anything. Every field can be set, right or wrong.
 */
import { write } from '../../asn1/index.ts';
import { type Bytes, concat, encode, fromHex, hex, utf8 } from '../../bytes/index.ts';
import type { Json, JsonObject } from '../../claim.ts';
import type { NeedName } from '../../contract.ts';
import { type PrivateKey, privateKeyFromScalar, publicSpki, sha256, signData } from '../../crypto/index.ts';
import { formatJson, isoTime } from '../../json/index.ts';
import {
  authorityKeyIdentifier,
  basicConstraints,
  crlDistributionPoint,
  crlNumber,
  encodeName,
  issueCertificate,
  issueCrl,
  keyIdentifier,
  keyUsage,
  type NewCertificate,
  type NewCrl,
  type NewExtension,
  subjectKeyIdentifier,
  toPem,
} from '../../pki/index.ts';
import { issuersOf, pckCrl, qeIdentity, rootCrl, tcbInfo } from './collateral.ts';
import { sgxExtension } from './pck.ts';
import { QuoteLayout, type Tee } from './quote.ts';
import { SgxReport, type TdReport } from './report.ts';
import type { ComponentStatus, PlatformStatus } from './status.ts';

const day = 86_400_000;

/** The world of one platform. All but `at` have defaults that make a quote `UpToDate`. */
export interface World {
  /** Collateral is issued a day before this and good for thirty. */
  readonly at: Date;
  readonly seed?: string;
  readonly ca?: 'platform' | 'processor';
  /** 6 bytes in hexadecimal. */
  readonly fmspc?: string;
  readonly pceId?: string;
  /** What the PCK certificate says the platform has. */
  readonly components?: readonly number[];
  readonly pceSvn?: number;
  /** What Intel says of that. */
  readonly status?: PlatformStatus;
  readonly qeStatus?: ComponentStatus;
  readonly moduleStatus?: ComponentStatus;
  readonly advisoryIds?: readonly string[];
  readonly evaluation?: number;
  /** Changes to single certificates (`without`: extensions left out, by OID) and lists, applied before they are signed. */
  readonly certificates?: {
    readonly [who in Holder]?: Partial<NewCertificate> & { readonly without?: readonly string[] };
  };
  readonly crls?: { readonly root?: Partial<NewCrl>; readonly pck?: Partial<NewCrl> };
  /** Changes to the documents, applied before they are signed. */
  readonly tcbInfo?: (body: JsonObject) => JsonObject;
  readonly qeIdentity?: (body: JsonObject) => JsonObject;
}
export type Holder = 'root' | 'issuer' | 'leaf' | 'signer';

/** One quote of that platform. */
export interface Wanted {
  readonly tee?: Tee;
  /** 3 for SGX and 4 for TDX, unless told. */
  readonly version?: 3 | 4 | 5;
  /** Version 5 alone: 1 SGX, 2 TDX 1.0, 3 TDX 1.5, 4 TDX 1.5 extended. */
  readonly bodyType?: 1 | 2 | 3 | 4;
  readonly report?: Partial<SgxReport> & Partial<TdReport>;
  /** Hashed into the report data, unless `report` sets that. */
  readonly runtimeData?: Bytes;
  readonly qeReport?: Partial<SgxReport>;
  readonly qeAuthData?: Bytes;
  /** 64 bytes that the quoting enclave vouches for in place of a key. */
  readonly attestationKey?: Bytes;
  readonly certificationType?: number;
  readonly certification?: Bytes;
  readonly padding?: Bytes;
}

export interface ForgedIntel {
  /** SubjectPublicKeyInfo of the development root. */
  readonly anchor: Bytes;
  readonly certificates: { readonly [who in Holder]: Bytes };
  /** PCK certificate, intermediate, root. */
  readonly chain: string;
  /** Everything needed to judge quotes of this platform, SGX and TDX, by its canonical name. */
  readonly collateral: ReadonlyMap<NeedName, Bytes>;
  readonly quote: (wanted?: Wanted) => Bytes;
}

/** The key of one holder in the world of a seed. */
function keyOf(seed: string, label: string): PrivateKey {
  // A hash is above the curve's order once in 2^32 and more tries, and never zero in practice.
  return privateKeyFromScalar('P-256', sha256(utf8(`assay forge ${seed} ${label}`)));
}

const organisation = [
  ['C', 'US'],
  ['ST', 'CA'],
  ['L', 'Santa Clara'],
  ['O', 'Assay simulated platform, not Intel Corporation'],
] as const;
const nameOf = (commonName: string): Bytes => encodeName([...organisation, ['CN', commonName]]);

export function forgeIntel(world: World): ForgedIntel {
  const { at, seed = 'development', ca = 'platform', fmspc = '00906ed50000', pceId = '0000' } = world;
  const time = Math.floor(at.getTime() / 1000) * 1000;
  const key = (label: string): PrivateKey => keyOf(seed, label);
  const keys = { root: key('root'), issuer: key(`${ca} CA`), leaf: key('PCK'), signer: key('TCB signing') };
  const names = {
    root: nameOf('Intel SGX Root CA'),
    issuer: nameOf(`Intel SGX PCK ${ca === 'platform' ? 'Platform' : 'Processor'} CA`),
    leaf: nameOf('Intel SGX PCK Certificate'),
    signer: nameOf('Intel SGX TCB Signing'),
  };

  const certify = (
    who: Holder,
    by: Holder,
    serial: number,
    isCa: number | undefined,
    more: readonly NewExtension[] = [],
  ): Bytes =>
    issueCertificate({
      subject: names[who],
      issuer: names[by],
      serial,
      notBefore: time - 365 * day,
      notAfter: time + 3650 * day,
      spki: publicSpki(keys[who]),
      extensions: [
        authorityKeyIdentifier(keyIdentifier(publicSpki(keys[by]))),
        crlDistributionPoint('https://development.invalid/crl'),
        subjectKeyIdentifier(keyIdentifier(publicSpki(keys[who]))),
        keyUsage(isCa === undefined ? ['digitalSignature', 'nonRepudiation'] : ['keyCertSign', 'cRLSign']),
        basicConstraints(isCa === undefined ? { ca: false } : { ca: true, pathLength: isCa }),
        ...more,
      ].filter(({ oid }) => !world.certificates?.[who]?.without?.includes(oid)),
      signer: { scheme: 'ecdsa-sha256', key: keys[by] },
      ...world.certificates?.[who],
    });
  const certificates = {
    root: certify('root', 'root', 1, 1),
    issuer: certify('issuer', 'root', 2, 0),
    leaf: certify('leaf', 'issuer', 3, undefined, [
      { oid: sgxExtension, critical: false, value: pckExtension(world, fmspc, pceId) },
    ]),
    signer: certify('signer', 'root', 4, undefined),
  };
  const pem = (...who: readonly Holder[]): string => who.map((one) => toPem('CERTIFICATE', certificates[one])).join('');

  const list = (by: 'root' | 'issuer', changes: Partial<NewCrl> = {}): Bytes =>
    issueCrl({
      issuer: names[by],
      thisUpdate: time - day,
      nextUpdate: time + 30 * day,
      revoked: [],
      extensions: [crlNumber(1n), authorityKeyIdentifier(keyIdentifier(publicSpki(keys[by])))],
      signer: { scheme: 'ecdsa-sha256', key: keys[by] },
      ...changes,
    });
  const sign = (member: string, body: JsonObject): Bytes => {
    const text = formatJson(body);
    const signature = hex(signData('ecdsa-sha256-raw', keys.signer, utf8(text)));
    return utf8(`{"${member}":${text},"signature":"${signature}"}`);
  };
  const dates = {
    issueDate: isoTime(time - day),
    nextUpdate: isoTime(time + 30 * day),
    tcbEvaluationDataNumber: world.evaluation ?? 17,
  };

  const documents = (['sgx', 'tdx'] as const).flatMap((tee): [NeedName, Bytes][] => {
    const info = sign('tcbInfo', (world.tcbInfo ?? same)(tcbInfoBody(tee, world, { fmspc, pceId, dates })));
    const identity = sign('enclaveIdentity', (world.qeIdentity ?? same)(qeIdentityBody(tee, world, dates)));
    const issuers = utf8(pem('signer', 'root'));
    const [infoName, identityName] = [tcbInfo(tee, fmspc.toLowerCase()), qeIdentity(tee)];
    return [
      [infoName, info],
      [issuersOf(infoName), issuers],
      [identityName, identity],
      [issuersOf(identityName), issuers],
    ];
  });
  return {
    anchor: publicSpki(keys.root),
    certificates,
    chain: pem('leaf', 'issuer', 'root'),
    collateral: new Map([
      [rootCrl, list('root', world.crls?.root)],
      [pckCrl(ca), list('issuer', world.crls?.pck)],
      ...documents,
    ]),
    quote: (wanted = {}) => forgeQuote(wanted, keys.leaf, key('attestation'), utf8(pem('leaf', 'issuer', 'root'))),
  };
}

const same = (body: JsonObject): JsonObject => body;

const platformComponents = [5, 5, 2, 2, 3, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0];

function pckExtension(
  { components = platformComponents, pceSvn = 11, seed = 'development' }: World,
  fmspc: string,
  pceId: string,
): Bytes {
  const part = (arcs: string, value: Bytes): Bytes => write.sequence(write.oid(`${sgxExtension}.${arcs}`), value);
  const svns = components.map((svn, i) => part(`2.${i + 1}`, write.integer(svn)));
  const tcb = write.sequence(
    ...svns,
    part('2.17', write.integer(pceSvn)),
    part('2.18', write.octetString(Uint8Array.from(components))),
  );
  return write.sequence(
    part('1', write.octetString(sha256(utf8(`assay forge ${seed} ppid`)).subarray(0, 16))),
    part('2', tcb),
    part('3', write.octetString(fromHex(pceId))),
    part('4', write.octetString(fromHex(fmspc))),
    part('5', write.enumerated(0)),
  );
}

interface Labels {
  readonly fmspc: string;
  readonly pceId: string;
  readonly dates: JsonObject;
}

/** Two levels: what the platform has (or one more, where it shall be out of date), and a lowest one. */
function tcbInfoBody(tee: Tee, world: World, { fmspc, pceId, dates }: Labels): JsonObject {
  const {
    components = platformComponents,
    pceSvn = 11,
    status = 'UpToDate',
    moduleStatus = 'UpToDate',
    advisoryIds = [],
  } = world;
  const svns = (values: readonly number[]): Json => values.map((svn) => ({ svn }));
  const level = (
    sgx: readonly number[],
    pce: number,
    tcbStatus: string,
    tcbDate: string,
    advisoryIDs: readonly string[],
  ): JsonObject => ({
    tcb: {
      sgxtcbcomponents: svns(sgx),
      pcesvn: pce,
      ...(tee === 'tdx' && { tdxtcbcomponents: svns(Array.from({ length: 16 }, () => 0)) }),
    },
    tcbDate,
    tcbStatus,
    ...(advisoryIDs.length > 0 && { advisoryIDs }),
  });
  const module = { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'ff'.repeat(8) };
  const isOld = status === 'OutOfDate' || status === 'OutOfDateConfigurationNeeded' || status === 'Revoked';
  return {
    id: tee.toUpperCase(),
    version: 3,
    ...dates,
    fmspc,
    pceId,
    tcbType: 0,
    ...(tee === 'tdx' && {
      tdxModule: module,
      tdxModuleIdentities: [{ id: 'TDX_01', ...module, tcbLevels: componentLevels(3, moduleStatus) }],
    }),
    tcbLevels: [
      ...(isOld
        ? [
            level(
              components.map((svn, i) => (i === 1 ? svn + 1 : svn)),
              pceSvn,
              'UpToDate',
              '2025-05-14T00:00:00Z',
              [],
            ),
          ]
        : []),
      level(components, pceSvn, status, '2024-03-13T00:00:00Z', advisoryIds),
      level(
        Array.from({ length: 16 }, (_, i) => Math.min(1, components[i] ?? 0)),
        Math.min(5, pceSvn),
        'OutOfDate',
        '2018-01-04T00:00:00Z',
        ['INTEL-SA-00106'],
      ),
    ],
  };
}

/** One level at `svn` when it is up to date; with another status, a better one above it. */
const componentLevels = (svn: number, status: ComponentStatus): readonly JsonObject[] => [
  ...(status === 'UpToDate'
    ? []
    : [{ tcb: { isvsvn: svn + 1 }, tcbDate: '2025-05-14T00:00:00Z', tcbStatus: 'UpToDate' }]),
  { tcb: { isvsvn: svn }, tcbDate: '2024-03-13T00:00:00Z', tcbStatus: status },
];

const qeOf = {
  sgx: { id: 'QE', mrSigner: '8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff', prodId: 1 },
  tdx: { id: 'TD_QE', mrSigner: 'dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5', prodId: 2 },
} as const;
const qeSvn = 8;

function qeIdentityBody(tee: Tee, { qeStatus = 'UpToDate' }: World, dates: JsonObject): JsonObject {
  return {
    id: qeOf[tee].id,
    version: 2,
    ...dates,
    miscselect: '00000000',
    miscselectMask: 'ffffffff',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'fbffffffffffffff0000000000000000',
    mrsigner: qeOf[tee].mrSigner,
    isvprodid: qeOf[tee].prodId,
    tcbLevels: componentLevels(qeSvn, qeStatus),
  };
}

const filled = (length: number, ...head: readonly number[]): Bytes =>
  Uint8Array.from({ length }, (_, i) => head[i] ?? 0);

/** INIT and MODE64BIT, and for quoting enclaves PROVISION_KEY: neither is debuggable. */
const enclaveAttributes = filled(16, 0x05);
const qeAttributes = filled(16, 0x11);

const sgxReport = (changes: Partial<SgxReport>): SgxReport => ({
  cpuSvn: filled(16, ...platformComponents),
  miscSelect: filled(4),
  reserved1: filled(12),
  isvExtProdId: filled(16),
  attributes: enclaveAttributes,
  mrEnclave: sha256(utf8('assay simulated enclave')),
  reserved2: filled(32),
  mrSigner: sha256(utf8('assay simulated signer')),
  reserved3: filled(32),
  configId: filled(64),
  isvProdId: 1,
  isvSvn: 2,
  configSvn: 0,
  reserved4: filled(42),
  isvFamilyId: filled(16),
  reportData: filled(64),
  ...changes,
});

const tdReport = (changes: Partial<TdReport>): Required<TdReport> => {
  const measured = (what: string): Bytes => filled(48, ...sha256(utf8(`assay simulated ${what}`)));
  return {
    teeTcbSvn: filled(16, 3, 1),
    mrSeam: measured('SEAM module'),
    mrSignerSeam: filled(48),
    seamAttributes: filled(8),
    tdAttributes: filled(8, 0, 0, 0, 0x10),
    xfam: filled(8, 0xe7, 0x1a, 0x06),
    mrTd: measured('TD'),
    mrConfigId: filled(48),
    mrOwner: filled(48),
    mrOwnerConfig: filled(48),
    rtmr0: measured('RTMR 0'),
    rtmr1: measured('RTMR 1'),
    rtmr2: filled(48),
    rtmr3: filled(48),
    reportData: filled(64),
    teeTcbSvn2: filled(16, 3, 1),
    mrServiceTd: filled(48),
    vmId: 0,
    tdId: filled(32),
    deviceInfoHash: filled(48),
    initialServiceTdHash: filled(48),
    initialServiceTdAttributes: filled(8),
    initialCpuSvn: filled(16),
    initialTeeTcbSvn: filled(16),
    initialTeeFmspc: filled(12),
    currentServiceTdHash: filled(48),
    currentServiceTdAttributes: filled(8),
    ...changes,
  };
};

function forgeQuote(wanted: Wanted, pckKey: PrivateKey, attestation: PrivateKey, chain: Bytes): Bytes {
  const { tee = 'sgx', report: changes = {}, qeAuthData = Uint8Array.from({ length: 32 }, (_, i) => i) } = wanted;
  const version = wanted.version ?? (tee === 'sgx' ? 3 : 4);
  const reportData = wanted.runtimeData ? concat(sha256(wanted.runtimeData), filled(32)) : filled(64);
  const report = tee === 'sgx' ? sgxReport({ reportData, ...changes }) : tdReport({ reportData, ...changes });
  // The last 64 bytes of an uncompressed P-256 key's SubjectPublicKeyInfo are x‖y.
  const attestationKey = wanted.attestationKey ?? publicSpki(attestation).subarray(-64);
  const qeReport = sgxReport({
    attributes: qeAttributes,
    mrSigner: fromHex(qeOf[tee].mrSigner),
    isvProdId: qeOf[tee].prodId,
    isvSvn: qeSvn,
    reportData: concat(sha256(attestationKey, qeAuthData), filled(32)),
    ...wanted.qeReport,
  });
  const bodyType = wanted.bodyType ?? (tee === 'sgx' ? 1 : 3);
  const signed = {
    header: {
      version,
      attestationKeyType: 2,
      teeType: tee === 'sgx' ? 0 : 0x81,
      claimedQeSvn: version === 3 ? qeSvn : 0,
      claimedPceSvn: version === 3 ? 11 : 0,
      vendorId: fromHex('939a7233f79c4ca9940a0db3957f0607'),
      userData: filled(20),
    },
    body: version === 5 ? { type: bodyType, report } : { report },
  };
  // Written with empty signatures first, to sign what was written.
  const lay = (signature: Bytes, qeSignature: Bytes): Bytes => {
    const quoting = {
      qeReport: { value: qeReport, raw: filled(0) },
      qeSignature,
      qeAuthData,
      certificationType: wanted.certificationType ?? 5,
      certification: wanted.certification ?? chain,
    };
    const auth =
      version === 3
        ? { signature, attestationKey, ...quoting, slack: filled(0) }
        : { signature, attestationKey, outerType: 6, outer: quoting, slack: filled(0) };
    return encode(QuoteLayout, {
      signed: { value: signed, raw: filled(0) },
      auth,
      padding: wanted.padding ?? filled(0),
    } as never);
  };
  const draft = lay(filled(64), filled(64));
  const bodyLength = tee === 'sgx' ? 384 : { 1: 0, 2: 584, 3: 648, 4: 885 }[version === 5 ? bodyType : 2];
  const covered = draft.subarray(0, 48 + (version === 5 ? 6 : 0) + bodyLength);
  return lay(
    signData('ecdsa-sha256-raw', attestation, covered),
    signData('ecdsa-sha256-raw', pckKey, encode(SgxReport, qeReport)),
  );
}
