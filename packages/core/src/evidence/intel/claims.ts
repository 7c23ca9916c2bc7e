/**
 * Facts of quotes under the wire's names. This is the one place where these names stand; naming only, no judgement.
 * Azure Attestation, claim sets; names of our own begin with `x-assay-`.
 */
import { type Bytes, base64url, hex } from '../../bytes/index.ts';
import type { Claim, Json } from '../../claim.ts';
import type { Context, IncomingClaim } from '../../contract.ts';
import { isoTime } from '../../json/index.ts';
import { collateralEnds, type QuoteFacts } from './facts.ts';
import { fmspcText } from './pck.ts';
import { hasKeySeparation, isDebuggable, isDebugTd, type SgxReport, type TdReport, tdAttribute } from './report.ts';
import type { QuoteSettings } from './settings.ts';

type Row<R> = readonly [
  to: Claim['to'],
  kind: IncomingClaim['kind'],
  value: (facts: QuoteFacts, report: R, settings: QuoteSettings) => Json | undefined,
];
type Table<R> = { readonly [name: string]: Row<R> };

/** Common to both: what the client bound, and what we say beside Azure's claims. */
const common: Table<SgxReport | TdReport> = {
  'x-ms-runtime': ['both', 'String', ({ runtime }) => runtime?.json],
  'x-ms-inittime': ['both', 'String', ({ init }) => init?.json],
  'x-assay-tcb-status': ['both', 'String', ({ tcb }) => tcb.status],
  'x-assay-tcb-date': ['both', 'String', ({ tcb }) => isoTime(tcb.date)],
  'x-assay-advisory-ids': ['both', 'String', ({ tcb }) => tcb.advisoryIds],
  'x-assay-tcb-evaluation': ['both', 'Integer', ({ evaluation }) => evaluation],
  'x-assay-fmspc': ['both', 'String', ({ pck }) => fmspcText(pck)],
  'x-assay-collateral-expires': ['token', 'String', (facts) => isoTime(collateralEnds(facts))],
};

const heldData = ({ runtime }: QuoteFacts): Json | undefined =>
  runtime && !runtime.json ? base64url(runtime.bytes) : undefined;
const collateralHashes = ({ hashes }: QuoteFacts): Json => ({
  qeidcertshash: hashes.qeIdentityIssuers,
  qeidcrlhash: hashes.rootCrl,
  qeidhash: hashes.qeIdentity,
  quotehash: hashes.submitted,
  tcbinfocertshash: hashes.tcbInfoIssuers,
  tcbinfocrlhash: hashes.rootCrl,
  tcbinfohash: hashes.tcbInfo,
});
/** Key separation: without it these fields mean nothing. */
const separated = (kind: IncomingClaim['kind'], value: (report: SgxReport) => Json): Row<SgxReport> => [
  'both',
  kind,
  (_facts, report) => (hasKeySeparation(report) ? value(report) : undefined),
];

const sgx: Table<SgxReport> = {
  ...common,
  'x-ms-attestation-type': ['both', 'String', () => 'sgx'],
  'x-ms-sgx-is-debuggable': ['both', 'Boolean', (_facts, report) => isDebuggable(report)],
  'x-ms-sgx-mrenclave': ['both', 'String', (_facts, report) => hex(report.mrEnclave)],
  'x-ms-sgx-mrsigner': ['both', 'String', (_facts, report) => hex(report.mrSigner)],
  'x-ms-sgx-product-id': ['both', 'Integer', (_facts, report) => report.isvProdId],
  'x-ms-sgx-svn': ['both', 'Integer', (_facts, report) => report.isvSvn],
  'x-ms-sgx-report-data': ['both', 'String', (_facts, report) => hex(report.reportData)],
  'x-ms-sgx-config-id': separated('String', (report) => hex(report.configId)),
  'x-ms-sgx-config-svn': separated('Integer', (report) => report.configSvn),
  'x-ms-sgx-isv-extended-product-id': separated('String', (report) => hex(report.isvExtProdId)),
  'x-ms-sgx-isv-family-id': separated('String', (report) => hex(report.isvFamilyId)),
  'x-ms-sgx-ehd': ['both', 'String', heldData],
  'maa-ehd': ['both', 'String', heldData],
  'aas-ehd': ['both', 'String', heldData],
  'x-ms-sgx-collateral': ['token', 'String', collateralHashes],
  'maa-attestationcollateral': ['token', 'String', collateralHashes],
  'x-ms-sgx-tcbidentifier': ['token', 'String', (_facts, _report, { tcbIdentifier }) => tcbIdentifier],
  // Deprecated names that old policies still test.
  $tee: ['policy', 'String', () => 'sgx'],
  '$is-debuggable': ['policy', 'Boolean', (_facts, report) => isDebuggable(report)],
  '$sgx-mrenclave': ['policy', 'String', (_facts, report) => hex(report.mrEnclave)],
  '$sgx-mrsigner': ['policy', 'String', (_facts, report) => hex(report.mrSigner)],
  '$product-id': ['policy', 'Integer', (_facts, report) => report.isvProdId],
  $svn: ['policy', 'Integer', (_facts, report) => report.isvSvn],
};

const tdHex = (field: (report: TdReport) => Bytes): Row<TdReport> => [
  'both',
  'String',
  (_facts, report) => hex(field(report)),
];
const tdBit = (bit: number): Row<TdReport> => ['both', 'Boolean', (_facts, report) => tdAttribute(report, bit)];

const tdx: Table<TdReport> = {
  ...common,
  'x-ms-attestation-type': ['both', 'String', () => 'tdxvm'],
  eat_profile: ['both', 'String', () => 'https://aka.ms/maa-eat-profile-tdxvm'],
  intuse: ['both', 'String', () => 'generic'],
  dbgstat: ['both', 'String', (_facts, report) => (isDebugTd(report) ? 'enabled' : 'disabled')],
  attester_tcb_status: ['both', 'String', ({ tcb }) => tcb.status],
  tdx_mrseam: tdHex((report) => report.mrSeam),
  tdx_mrsignerseam: tdHex((report) => report.mrSignerSeam),
  tdx_mrtd: tdHex((report) => report.mrTd),
  tdx_mrconfigid: tdHex((report) => report.mrConfigId),
  tdx_mrowner: tdHex((report) => report.mrOwner),
  tdx_mrownerconfig: tdHex((report) => report.mrOwnerConfig),
  tdx_rtmr0: tdHex((report) => report.rtmr0),
  tdx_rtmr1: tdHex((report) => report.rtmr1),
  tdx_rtmr2: tdHex((report) => report.rtmr2),
  tdx_rtmr3: tdHex((report) => report.rtmr3),
  tdx_report_data: tdHex((report) => report.reportData),
  tdx_seam_attributes: tdHex((report) => report.seamAttributes),
  tdx_td_attributes: tdHex((report) => report.tdAttributes),
  tdx_xfam: tdHex((report) => report.xfam),
  tdx_tee_tcb_svn: tdHex((report) => report.teeTcbSvn),
  tdx_seamsvn: ['both', 'Integer', (_facts, { teeTcbSvn }) => (teeTcbSvn[0] ?? 0) + 256 * (teeTcbSvn[1] ?? 0)],
  tdx_td_attributes_debug: ['both', 'Boolean', (_facts, report) => isDebugTd(report)],
  tdx_td_attributes_septve_disable: tdBit(28),
  tdx_td_attributes_protection_keys: tdBit(30),
  tdx_td_attributes_key_locker: tdBit(31),
  tdx_td_attributes_perfmon: tdBit(63),
};

function fill<R>(table: Table<R>, facts: QuoteFacts, report: R, settings: QuoteSettings): readonly Claim[] {
  const claims: Claim[] = [];
  for (const name in table) {
    const [to, , value] = table[name] as Row<R>;
    const filled = value(facts, report, settings);
    if (filled !== undefined) claims.push({ name, value: filled, to });
  }
  return claims;
}
const namesOf = (table: Table<never>): readonly string[] => Object.keys(table).filter((name) => !name.startsWith('$'));

const incomingOf = (table: { readonly [name: string]: Row<never> }): readonly IncomingClaim[] =>
  Object.entries(table).flatMap(([name, [to, kind]]) => (to === 'token' ? [] : [{ name, kind }]));

/** Every name that a token of an SGX enclave can carry from the service. */
export const sgxClaimNames = namesOf(sgx);
/** The same of a TD. */
export const tdxClaimNames = namesOf(tdx);
/** What policies for SGX enclaves can test. */
export const sgxIncomingClaims = incomingOf(sgx);
/** The same for TDs. */
export const tdxIncomingClaims = incomingOf(tdx);

const destinationsOf = (table: Table<never>): { readonly [name: string]: Claim['to'] } =>
  Object.fromEntries(Object.entries(table).map(([name, [to]]) => [name, to]));
/** Every claim by its name, and whether policies, tokens or both get it: for the reference. */
export const claimDestinations = { sgx: destinationsOf(sgx), tdx: destinationsOf(tdx) };

export function quoteClaims(
  facts: QuoteFacts,
  { settings }: Pick<Context<QuoteSettings>, 'settings'>,
): readonly Claim[] {
  const { body } = facts.quote;
  return body.tee === 'sgx' ? fill(sgx, facts, body.report, settings) : fill(tdx, facts, body.report, settings);
}
