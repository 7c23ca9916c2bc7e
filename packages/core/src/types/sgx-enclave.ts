/** `POST /attest/SgxEnclave`: an SGX quote. */
import type { AttestationType, TokenForm } from '../contract.ts';
import { tcbBaselines } from '../evidence/intel/baselines.ts';
import { sgxClaimNames, sgxIncomingClaims } from '../evidence/intel/claims.ts';
import type { QuoteFacts } from '../evidence/intel/facts.ts';
import type { QuoteSettings } from '../evidence/intel/settings.ts';
import { sgxQuote } from '../evidence/intel/verifier.ts';
import type { AnchoredQuote, QuoteEvidence } from '../evidence/intel/verify.ts';
import { envelopeSchema, readEnvelope } from './envelope.ts';

/** Eight hours, not adjustable, and the claims of the policy both at top level and by themselves. */
const enclaveToken: TokenForm = {
  lifetimeSeconds: 28_800,
  earlySeconds: 0,
  header: 'jku',
  order: 'sorted',
  policyClaims: 'both',
};

export const sgxEnclave: AttestationType<QuoteEvidence, AnchoredQuote, QuoteFacts, QuoteSettings> = {
  name: 'SgxEnclave',
  request: envelopeSchema('quote', 'SGX quote, base64url'),
  verifier: sgxQuote,
  token: enclaveToken,
  properties: { 'x-ms-sgx-tcbidentifier': { kind: 'String', sets: 'tcbIdentifier' } },
  serviceClaims: sgxClaimNames,
  incomingClaims: sgxIncomingClaims,
  tcbBaselines: ({ tcbIdentifier }) => tcbBaselines(tcbIdentifier),
  receive: (body) => readEnvelope(body, 'quote'),
  answer: (token) => ({ token }),
};
