/** Intel's evidence: SGX and TDX quotes and what they are judged by. For authors of verifiers, and for offline tools. */
export type { Explanation, Part, Row } from '../explanation.ts';
export { intelRoot } from './anchors.ts';
export { check as intelChecks } from './checks.ts';
export { claimDestinations, sgxClaimNames, tdxClaimNames, tdxIncomingClaims } from './claims.ts';
export { issuersOf, needsOf } from './collateral.ts';
export { explainIntel } from './explain.ts';
export { collateralEnds, type Dated, isCollateralExpired, type QuoteFacts } from './facts.ts';
export { fmspcText, type PckFacts, readPck, sgxExtension } from './pck.ts';
export {
  nameOfPublished,
  type Published,
  publishedAs,
  type VouchedItem,
  type VouchingGround,
  vouchCollateral,
} from './published.ts';
export { readQeIdentity } from './qe-identity.ts';
export { decodeQuote, type Quote, QuoteLayout, type Tee } from './quote.ts';
export {
  isMixedPem,
  type Recognised,
  type RecognisedCertificates,
  type RecognisedItem,
  recognise,
  signersOf,
  withoutMark,
} from './recognise.ts';
export { OeReport, SgxReport } from './report.ts';
export { type QuoteSettings, quoteSettings } from './settings.ts';
export { acceptableStatuses, type TcbStatus } from './status.ts';
export { evaluateSgx, evaluateTdx } from './tcb.ts';
export { readTcbInfo } from './tcb-info.ts';
export { oeReport, sgxQuote, tdQuote } from './verifier.ts';
