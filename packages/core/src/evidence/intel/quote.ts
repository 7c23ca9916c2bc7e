/**
 * Quotes, versions 3, 4 and 5, as laid out by Intel's quoting enclaves; all integers little-endian. Tolerances follow
 * Intel's verification library: bytes after the auth data (`padding`; Azure and others pad), bytes after the outer
 * certification data (`slack`). Reserved bytes are covered by signatures, not interpreted.
 */
import {
  type AnyLayout,
  among,
  type Bytes,
  bytes,
  chosen,
  constant,
  decode,
  exactly,
  type Field,
  fromHex,
  type Of,
  rest,
  type Spanned,
  sized,
  spanned,
  struct,
  u16le,
  u32le,
} from '../../bytes/index.ts';
import { SgxReport, type TdReport, TdReport10, TdReport15, TdReport15Extended } from './report.ts';

export type Tee = 'sgx' | 'tdx';

/** The longest quote that is looked at. The longest seen in the wild has 8,000 bytes. */
export const longestQuote = 32 * 1024;

const sgxTee = 0;
const tdxTee = 0x81;
const intelVendor = fromHex('939a7233f79c4ca9940a0db3957f0607');

const Header = struct({
  version: among(u16le, [3, 4, 5]),
  /** 2: ECDSA over P-256 with SHA-256, the only type that Intel's quoting enclaves produce today. */
  attestationKeyType: constant(u16le, 2),
  teeType: among(u32le, [sgxTee, tdxTee]),
  /** Informational and unsigned knowledge: never used for TCB matching. */
  claimedQeSvn: u16le,
  claimedPceSvn: u16le,
  vendorId: exactly(intelVendor),
  userData: bytes(20),
});

const described = <C extends Record<string, AnyLayout>>(cases: C) =>
  struct({
    type: u16le,
    report: sized(
      u32le,
      chosen('body type', (fields: { type: number }) => fields.type, cases),
    ),
  });
const bare = <L extends AnyLayout>(report: L) => struct({ report });

const Signed = struct({
  header: Header,
  body: chosen(
    'quote version and TEE type',
    (fields: { header: Of<typeof Header> }) => `${fields.header.version}/${fields.header.teeType}`,
    {
      [`3/${sgxTee}`]: bare(SgxReport),
      [`4/${sgxTee}`]: bare(SgxReport),
      [`4/${tdxTee}`]: bare(TdReport10),
      [`5/${sgxTee}`]: described({ 1: SgxReport }),
      [`5/${tdxTee}`]: described({ 2: TdReport10, 3: TdReport15, 4: TdReport15Extended }),
    },
  ),
});

const quotingEnclave = { qeReport: spanned(SgxReport), qeSignature: bytes(64), qeAuthData: sized(u16le, rest) };
const certification = { certificationType: among(u16le, [1, 2, 3, 4, 5]), certification: sized(u32le, rest) };
const keys = { signature: bytes(64), attestationKey: bytes(64) };

const Auth3 = struct({ ...keys, ...quotingEnclave, ...certification, slack: rest });
const Auth4 = struct({
  ...keys,
  outerType: constant(u16le, 6),
  outer: sized(u32le, struct({ ...quotingEnclave, ...certification })),
  slack: rest,
});

/** The whole of a quote as it lies in memory. */
export const QuoteLayout = struct({
  signed: spanned(Signed),
  auth: sized(
    u32le,
    chosen('quote version', (fields: { signed: Spanned<Of<typeof Signed>> }) => fields.signed.value.header.version, {
      3: Auth3,
      4: Auth4,
      5: Auth4,
    }),
  ),
  padding: rest,
});

/** A quote, the differences of its versions taken away. Nothing in it is believed yet. */
export interface Quote {
  readonly version: 3 | 4 | 5;
  /** What the quote signature covers. */
  readonly signed: Bytes;
  readonly body:
    | { readonly tee: 'sgx'; readonly report: SgxReport }
    | { readonly tee: 'tdx'; readonly report: TdReport };
  /** ECDSA P-256 with SHA-256 by the attestation key, r‖s big-endian. */
  readonly signature: Bytes;
  /** x‖y big-endian. */
  readonly attestationKey: Bytes;
  /** The quoting enclave, which vouches for the attestation key. */
  readonly qe: { readonly report: SgxReport; readonly raw: Bytes; readonly signature: Bytes; readonly authData: Bytes };
  readonly certification: { readonly type: number; readonly data: Bytes };
}

/**
 * @param trace receives one row for each field, for `assay explain`
 * @throws {Malformed} naming the field and the byte
 */
export function decodeQuote(input: Bytes, trace?: Field[]): Quote {
  const { signed, auth } = decode(QuoteLayout, input, trace);
  const { header, body } = signed.value;
  const qe = 'outer' in auth ? auth.outer : auth;
  return {
    version: header.version,
    signed: signed.raw,
    body:
      header.teeType === tdxTee
        ? { tee: 'tdx', report: body.report as TdReport }
        : { tee: 'sgx', report: body.report as SgxReport },
    signature: auth.signature,
    attestationKey: auth.attestationKey,
    qe: { report: qe.qeReport.value, raw: qe.qeReport.raw, signature: qe.qeSignature, authData: qe.qeAuthData },
    certification: { type: qe.certificationType, data: qe.certification },
  };
}
