/** Judges one case of the DCAP conformance suites through the same two functions that the service uses. */
import {
  type Anchors,
  Appraisal,
  appraise,
  type Bytes,
  type Collateral,
  forgetful,
  type NeedName,
  Refusal,
} from '@assay/core';
import { isCollateralExpired, quoteSettings, sgxQuote, type Tee, tdQuote } from '@assay/core/intel';

/** Collateral by role, whatever platform it is about: so that mismatches are judged, not merely missed. */
export interface Served {
  readonly tcbInfo: Bytes;
  readonly tcbInfoIssuers: Bytes;
  readonly qeIdentity?: Bytes;
  readonly qeIdentityIssuers: Bytes;
  readonly pckCrl: Bytes;
  readonly rootCrl: Bytes;
}

export interface Verdict {
  readonly verdict: 'accept' | 'reject';
  readonly tcbStatus: string | null;
  readonly advisoryIds: readonly string[];
  readonly expired: boolean;
  readonly tcbDate?: number;
  readonly evaluation?: number;
  /** The check that refused. */
  readonly check?: string;
}

export const anchorsOf = (...keys: readonly Bytes[]): Anchors => ({
  id: keys.map((key) => Buffer.from(key).toString('base64')).join(),
  of: () => keys,
});

export async function judge(
  tee: Tee,
  quote: Bytes,
  served: Served,
  anchors: Anchors,
  at: Date,
  certificates: readonly Bytes[] = [],
): Promise<Verdict> {
  const appraisal = new Appraisal();
  const collateral = async (needs: readonly { readonly name: NeedName }[]): Promise<Collateral> =>
    new Map(
      needs.flatMap(({ name }): [NeedName, Bytes][] => {
        const bytes = answer(name, served);
        return bytes ? [[name, bytes]] : [];
      }),
    );
  const context = { at, settings: quoteSettings.defaults, anchors, appraisal, memo: forgetful };
  try {
    const verifier = tee === 'sgx' ? sgxQuote : tdQuote;
    const { facts } = await appraise(verifier, { evidence: quote, certificates }, { collateral }, context);
    const { tcb } = facts;
    return {
      verdict: tcb.status === 'Revoked' ? 'reject' : 'accept',
      tcbStatus: tcb.status,
      advisoryIds: tcb.advisoryIds,
      expired: isCollateralExpired(facts, at),
      tcbDate: tcb.date / 1000,
      evaluation: facts.evaluation,
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { verdict: 'reject', tcbStatus: null, advisoryIds: [], expired: false, check: error.check.id };
  }
}

function answer(name: NeedName, served: Served): Bytes | undefined {
  if (name === 'intel/crl-root') return served.rootCrl;
  if (name.startsWith('intel/crl-')) return served.pckCrl;
  const issuers = name.endsWith('-issuers');
  if (name.startsWith('intel/tcb-info-')) return issuers ? served.tcbInfoIssuers : served.tcbInfo;
  return issuers ? served.qeIdentityIssuers : served.qeIdentity;
}
