/** QE identity: which quoting enclave may vouch for attestation keys. PCS API, enclave identity version 2. */
import { type Bytes, equal } from '../../bytes/index.ts';
import { date, hexBytes, integer, member, type Slot, word } from '../../json/index.ts';
import type { SgxReport } from './report.ts';
import { componentStatuses } from './status.ts';
import { type ComponentLevel, readComponentLevels } from './tcb-info.ts';

export interface QeIdentity {
  readonly id: 'QE' | 'TD_QE' | 'QVE' | 'QAE';
  readonly issued: number;
  readonly nextUpdate: number;
  readonly evaluation: number;
  /** Memory image of MISCSELECT: byte order as in the report. */
  readonly miscSelect: Bytes;
  readonly miscSelectMask: Bytes;
  readonly attributes: Bytes;
  readonly attributesMask: Bytes;
  readonly mrSigner: Bytes;
  readonly isvProdId: number;
  /** Best first. */
  readonly levels: readonly ComponentLevel[];
}

/** @throws {Malformed} naming the member that is missing or wrong */
export function readQeIdentity(slot: Slot): QeIdentity {
  integer(member(slot, 'version'), 2, 2);
  return {
    id: word(member(slot, 'id'), ['QE', 'TD_QE', 'QVE', 'QAE']),
    issued: date(member(slot, 'issueDate')),
    nextUpdate: date(member(slot, 'nextUpdate')),
    evaluation: integer(member(slot, 'tcbEvaluationDataNumber'), 0, 0xffff_ffff),
    miscSelect: hexBytes(member(slot, 'miscselect'), 4),
    miscSelectMask: hexBytes(member(slot, 'miscselectMask'), 4),
    attributes: hexBytes(member(slot, 'attributes'), 16),
    attributesMask: hexBytes(member(slot, 'attributesMask'), 16),
    mrSigner: hexBytes(member(slot, 'mrsigner'), 32),
    isvProdId: integer(member(slot, 'isvprodid'), 0, 0xffff),
    levels: readComponentLevels(member(slot, 'tcbLevels'), (status) => word(status, componentStatuses)),
  };
}

/** The first property of a quoting enclave's report that differs from the identity, or undefined. */
export function differenceFrom(
  identity: QeIdentity,
  report: SgxReport,
): { readonly property: string; readonly expected: unknown; readonly observed: unknown } | undefined {
  const miscSelect = masked(report.miscSelect, identity.miscSelectMask);
  const attributes = masked(report.attributes, identity.attributesMask);
  const rows = [
    { property: 'MRSIGNER', expected: identity.mrSigner, observed: report.mrSigner },
    { property: 'MISCSELECT under its mask', expected: identity.miscSelect, observed: miscSelect },
    { property: 'ATTRIBUTES under their mask', expected: identity.attributes, observed: attributes },
  ];
  if (identity.isvProdId !== report.isvProdId) {
    return { property: 'ISVPRODID', expected: identity.isvProdId, observed: report.isvProdId };
  }
  return rows.find(({ expected, observed }) => !equal(expected, observed));
}

const masked = (value: Bytes, mask: Bytes): Bytes => value.map((byte, i) => byte & (mask[i] ?? 0));
