/** The provider's demands on a quote whose cryptography held: all of them, met or not. */
import type { Check, Finding } from '../../appraisal.ts';
import { isoTime } from '../../json/index.ts';
import { check } from './checks.ts';
import type { Dated, QuoteFacts } from './facts.ts';
import { minimumEvaluation, type QuoteSettings } from './settings.ts';
import { describeShortfalls } from './tcb.ts';

const day = 86_400_000;

export function quoteBaseline(
  facts: QuoteFacts,
  { at, settings }: { readonly at: Date; readonly settings: QuoteSettings },
): readonly Finding[] {
  const time = at.getTime();
  const { dates, tcb, evaluation } = facts;
  const dated = (one: Check, { from, until }: Dated, detail: string): Finding => ({
    check: one,
    ok: from <= time && time <= until,
    expected: `${isoTime(from)} to ${isoTime(until)}`,
    observed: at,
    detail,
  });
  // A frozen baseline is past its nextUpdate by design; whether its signers and CRLs are in date still counts.
  const documents =
    settings.collateral === 'intel'
      ? [
          dated(check['intel.tcb-info.dated'], dates.tcbInfo, 'TCB info'),
          dated(check['intel.qe-identity.dated'], dates.qeIdentity, 'QE identity'),
        ]
      : [];
  const issued = Math.min(dates.tcbInfo.from, dates.qeIdentity.from);
  const oldest = settings.maximumCollateralAgeDays;
  const minimum = minimumEvaluation(settings);
  return [
    dated(check['intel.pck.dated'], dates.pckChain, 'PCK chain'),
    dated(check['intel.root-crl.dated'], dates.rootCrl, 'root CRL'),
    dated(check['intel.pck-crl.dated'], dates.pckCrl, 'PCK CRL'),
    dated(check['intel.signing.dated'], dates.tcbInfoIssuers, 'issuer of the TCB info'),
    dated(check['intel.signing.dated'], dates.qeIdentityIssuers, 'issuer of the QE identity'),
    ...documents,
    ...(oldest > 0
      ? [
          {
            check: check['intel.collateral.age'],
            ok: time - issued <= oldest * day,
            expected: `at most ${oldest} days`,
            observed: `${Math.floor((time - issued) / day)} days`,
          },
        ]
      : []),
    {
      check: check['intel.tcb.evaluation'],
      ok: evaluation >= minimum,
      expected: `at least ${minimum}`,
      observed: evaluation,
    },
    {
      check: check['intel.tcb.status'],
      ok: tcb.status !== 'Revoked' && settings.acceptedTcbStatuses.includes(tcb.status),
      expected: settings.acceptedTcbStatuses,
      observed: tcb.status,
      ...(tcb.shortfalls.length > 0 && { detail: `for the best level ${describeShortfalls(tcb.shortfalls)}` }),
    },
  ];
}
