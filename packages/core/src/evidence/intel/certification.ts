/** What quotes of certification types 1 to 3 say instead of carrying certificates. Intel SGX ECDSA QuoteLib reference, A.4.1. */
import { bytes, type Of, struct, u16le } from '../../bytes/index.ts';

/** Length of the platform id by type: plain, or encrypted to Intel with RSA-2048 or RSA-3072. */
const idLengths: { readonly [type: number]: number } = { 1: 16, 2: 256, 3: 384 };

/** @param type 1, 2 or 3 */
export const PpidCertification = (type: number) =>
  struct({ ppid: bytes(idLengths[type] ?? 0), cpuSvn: bytes(16), pceSvn: u16le, pceId: bytes(2) });
export type PpidCertification = Of<ReturnType<typeof PpidCertification>>;
