/**
 * What an SGX enclave or a TD says about itself: the report bodies inside quotes, and OpenEnclave's wrapper.
 * Intel SGX ECDSA QuoteLib reference, appendix A; Intel TDX DCAP quote library; all integers little-endian.
 */

import type { Layout } from '../../bytes/index.ts';
import { bytes, constant, type Of, rest, sized, struct, u8, u16le, u32le, u64le } from '../../bytes/index.ts';

/** SGX report body, 384 bytes: of the attested enclave and of the quoting enclave alike. */
export const SgxReport = struct({
  cpuSvn: bytes(16),
  miscSelect: bytes(4),
  reserved1: bytes(12),
  isvExtProdId: bytes(16),
  /** 8 bytes of flags, 8 bytes of XFRM. */
  attributes: bytes(16),
  mrEnclave: bytes(32),
  reserved2: bytes(32),
  mrSigner: bytes(32),
  reserved3: bytes(32),
  configId: bytes(64),
  isvProdId: u16le,
  isvSvn: u16le,
  configSvn: u16le,
  reserved4: bytes(42),
  isvFamilyId: bytes(16),
  reportData: bytes(64),
});
export type SgxReport = Of<typeof SgxReport>;

const flag = (report: SgxReport, bit: number): boolean => (((report.attributes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
/** ATTRIBUTES.DEBUG: a debugger can read this enclave. */
export const isDebuggable = (report: SgxReport): boolean => flag(report, 1);
/** ATTRIBUTES.KSS: the enclave has key separation, so CONFIGID, CONFIGSVN and the extended ids mean something. */
export const hasKeySeparation = (report: SgxReport): boolean => flag(report, 7);

const td10 = {
  teeTcbSvn: bytes(16),
  mrSeam: bytes(48),
  mrSignerSeam: bytes(48),
  seamAttributes: bytes(8),
  tdAttributes: bytes(8),
  xfam: bytes(8),
  mrTd: bytes(48),
  mrConfigId: bytes(48),
  mrOwner: bytes(48),
  mrOwnerConfig: bytes(48),
  rtmr0: bytes(48),
  rtmr1: bytes(48),
  rtmr2: bytes(48),
  rtmr3: bytes(48),
  reportData: bytes(64),
};
const td15 = { ...td10, teeTcbSvn2: bytes(16), mrServiceTd: bytes(48) };

/** TD report body of TDX 1.0, 584 bytes. */
export const TdReport10 = struct(td10);
/** TD report body of TDX 1.5, 648 bytes. */
export const TdReport15 = struct(td15);
/** TD report body of TDX 1.5 with the fields of migration and partitioning, 885 bytes. */
export const TdReport15Extended = struct({
  ...td15,
  vmId: u8,
  tdId: bytes(32),
  deviceInfoHash: bytes(48),
  initialServiceTdHash: bytes(48),
  initialServiceTdAttributes: bytes(8),
  initialCpuSvn: bytes(16),
  initialTeeTcbSvn: bytes(16),
  initialTeeFmspc: bytes(12),
  currentServiceTdHash: bytes(48),
  currentServiceTdAttributes: bytes(8),
});
/** A TD report of any of the three; what only later ones have is absent from earlier ones. */
export type TdReport = Of<typeof TdReport10> & Partial<Of<typeof TdReport15Extended>>;

/** The TUD byte of TDATTRIBUTES: any bit set makes an untrusted (debug) TD. */
export const isDebugTd = (report: TdReport): boolean => (report.tdAttributes[0] ?? 0) !== 0;
/** One bit of TDATTRIBUTES, counted from the least significant. */
export const tdAttribute = (report: TdReport, bit: number): boolean =>
  (((report.tdAttributes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;

/** A length in 64 bits of which no honest one uses more than 32. */
export const low32: Layout<number> = {
  read(from) {
    const at = from.at;
    const value = u64le.read(from);
    if (value > 0xffff_ffffn) from.fail(`is ${value}, longer than any report`, at);
    return Number(value);
  },
  write: (value, to) => u64le.write(BigInt(value), to),
};

/** OpenEnclave's report: 16 bytes of header, then exactly one quote. openenclave `bits/report.h`. */
export const OeReport = struct({ version: constant(u32le, 1), type: constant(u32le, 2), quote: sized(low32, rest) });
