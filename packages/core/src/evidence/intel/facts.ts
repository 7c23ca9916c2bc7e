import type { BoundData } from '../bound-data.ts';
import type { PckFacts } from './pck.ts';
import type { Quote } from './quote.ts';
import type { TcbVerdict } from './tcb.ts';

/** When one piece of what a verdict rests on is good; milliseconds since 1970, both inclusive. */
export interface Dated {
  readonly from: number;
  readonly until: number;
}

export interface QuoteFacts {
  readonly quote: Quote;
  readonly runtime?: BoundData;
  readonly init?: BoundData;
  readonly pck: PckFacts;
  readonly tcb: TcbVerdict;
  /** The lower of the evaluation numbers of TCB info and QE identity. */
  readonly evaluation: number;
  readonly dates: {
    readonly pckChain: Dated;
    readonly rootCrl: Dated;
    readonly pckCrl: Dated;
    readonly tcbInfoIssuers: Dated;
    readonly tcbInfo: Dated;
    readonly qeIdentityIssuers: Dated;
    readonly qeIdentity: Dated;
  };
  /** Hashes of evidence and collateral as Azure Attestation states them, lower-case hexadecimal. */
  readonly hashes: {
    /** Of the bytes as the client sent them, wrapper and padding included. */
    readonly submitted: string;
    readonly tcbInfo: string;
    readonly tcbInfoIssuers: string;
    readonly qeIdentity: string;
    readonly qeIdentityIssuers: string;
    readonly rootCrl: string;
  };
}

/** The first moment at which anything that the verdict rests on ends. */
export const collateralEnds = (facts: Pick<QuoteFacts, 'dates'>): number =>
  Math.min(...Object.values(facts.dates).map((dated) => dated.until));

/** Intel's flag of the same name: whether anything has ended, or a CRL has not begun. */
export function isCollateralExpired(facts: Pick<QuoteFacts, 'dates'>, at: Date): boolean {
  const time = at.getTime();
  return collateralEnds(facts) < time || facts.dates.rootCrl.from > time || facts.dates.pckCrl.from > time;
}
