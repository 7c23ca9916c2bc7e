/** Signatures as TPMs write them: TPMT_SIGNATURE (TPM 2.0 library, part 2 §11.3). HMACs and «none» are not read. */
import { chosen, type Of, struct, u16be } from '../../bytes/index.ts';
import { algorithm } from './algorithms.ts';
import { b2 } from './fields.ts';

/** TPMS_SIGNATURE_RSA. */
const RsaSignature = struct({ hash: u16be, signature: b2(1024) });
/** TPMS_SIGNATURE_ECC. Some TPMs strip leading zeros from the halves, others write them. */
const EcSignature = struct({ hash: u16be, r: b2(128), s: b2(128) });

export const Signature = struct({
  /** TPM_ALG_ID of the scheme. */
  scheme: u16be,
  value: chosen('scheme', (fields: { scheme: number }) => fields.scheme, {
    [algorithm.rsaSsa]: RsaSignature,
    [algorithm.rsaPss]: RsaSignature,
    [algorithm.ecdsa]: EcSignature,
    [algorithm.sm2]: EcSignature,
    [algorithm.ecSchnorr]: EcSignature,
  }),
});
export type Signature = Of<typeof Signature>;
