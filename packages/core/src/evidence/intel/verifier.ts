/** The three formats of evidence that are quotes: bare SGX quotes, OpenEnclave's reports, and quotes of TDs. */
import { decode } from '../../bytes/index.ts';
import type { Verifier } from '../../contract.ts';
import { attempt } from '../attempt.ts';
import { quoteBaseline } from './baseline.ts';
import { check } from './checks.ts';
import { quoteClaims } from './claims.ts';
import type { QuoteFacts } from './facts.ts';
import { OeReport } from './report.ts';
import { type QuoteSettings, quoteSettings } from './settings.ts';
import { type AnchoredQuote, anchorQuote, decodeEvidence, type QuoteEvidence, verifyQuote } from './verify.ts';

type QuoteVerifier = Verifier<QuoteEvidence, AnchoredQuote, QuoteFacts, QuoteSettings>;

/** A quote of an SGX enclave, versions 3, 4 and 5. */
export const sgxQuote: QuoteVerifier = {
  checks: check,
  settings: quoteSettings,
  decode: (submission, context) => decodeEvidence('sgx', submission.evidence, submission, context),
  anchor: anchorQuote,
  verify: verifyQuote,
  baseline: quoteBaseline,
  claims: quoteClaims,
};

/** An OpenEnclave report: an SGX quote behind 16 bytes. Another decode, all else the same. */
export const oeReport: QuoteVerifier = {
  ...sgxQuote,
  decode(submission, context) {
    const { quote } = attempt(context.appraisal, check['intel.oe.layout'], () => decode(OeReport, submission.evidence));
    return decodeEvidence('sgx', quote, submission, context);
  },
};

/** A quote of a TDX trust domain, versions 4 and 5. */
export const tdQuote: QuoteVerifier = {
  ...sgxQuote,
  decode: (submission, context) => decodeEvidence('tdx', submission.evidence, submission, context),
};
