/**
 * The report of a VBS enclave: signed by a key that Windows' secure kernel made at this boot and measured. A key counts
 * that is in a record which the quote covers, by its digest; not any modulus that stands somewhere in a log.
 */
import type { Appraisal } from '../../appraisal.ts';
import { type Bytes, decode, equal } from '../../bytes/index.ts';
import { digest, rsaPublicKey, verifySignature } from '../../crypto/index.ts';
import { attempt } from '../attempt.ts';
import { check } from './checks.ts';
import { IdentityKey } from './wbcl-json.ts';
import { type EnclaveReport, readEnclaveReport } from './wrappers.ts';

/**
 * @param reportKey record of the key that signs reports; undefined where the measured boot does not name exactly one
 * @param signed the text that the enclave vouches for, as it was sent
 * @throws {Refusal}
 */
export function verifyEnclave(
  { report: bytes, signed }: { readonly report: Bytes; readonly signed: Bytes },
  reportKey: Bytes | undefined,
  appraisal: Appraisal,
): EnclaveReport['statement'] {
  const report = attempt(appraisal, check['tpm.vbs.layout'], () => readEnclaveReport(bytes));
  if (!reportKey) appraisal.refuse(check['tpm.vbs.key']);
  const key = attempt(appraisal, check['tpm.vbs.key'], () => {
    const { modulus, exponent } = decode(IdentityKey, reportKey);
    return rsaPublicKey(modulus, exponent, 'VSM_IDKS_INFO');
  });
  appraisal.note(check['tpm.vbs.key'], true);
  appraisal.require(
    check['tpm.vbs.signature'],
    verifySignature('rsa-pss-sha256-any', key, report.signed, report.signature),
  );
  appraisal.require(check['tpm.vbs.data'], equal(report.statement.enclaveData, digest('sha512', signed)));
  return report.statement;
}
