/** Evidence of TPMs: statements, logs, and what may be believed of them. For authors of verifiers, and for offline tools. */
export { aikIssuers, aikIssuersPem, aikNeedsAnsweredBy, readAik } from './aik.ts';
export { aikFamily, microsoftTpmRoot } from './anchors.ts';
export { type Authority, readAuthority } from './authority.ts';
export { type Belief, beliefOf } from './belief.ts';
export { type Boot, bootOf, type CommandLine, type MeasuredFile } from './boot.ts';
export { type CheckedQuote, checkQuote } from './check-quote.ts';
export { check as tpmChecks } from './checks.ts';
export { tpmClaimDestinations, tpmClaimNames, tpmIncomingClaims } from './claims.ts';
export { type Credential, kdfa, kdfe, makeCredential, shareByRsa, shareOnCurve } from './credential.ts';
export type { ShownRecord } from './describe-event.ts';
export {
  type ComparedLogs,
  type ComparedRegister,
  compareLogs,
  type EventChange,
  type RecordChanges,
  type ShownEvent,
} from './diff-logs.ts';
export { EfiVariable, guids } from './efi.ts';
export { eventType, eventTypeName } from './event-types.ts';
export { type EventsView, eventsClaim, eventsJson, pcrsClaim } from './events-claim.ts';
export { type ExplainedIma, explainIma } from './explain-ima.ts';
export {
  type ExplainedEvent,
  type ExplainedLog,
  explainedBank,
  explainLog,
  logIn,
  saysItIsLog,
} from './explain-log.ts';
export { explainTpm } from './explain-structures.ts';
export type { KeyFacts, PlatformFacts, QuoteFacts, TpmFacts } from './facts.ts';
export { PartitionTable } from './gpt.ts';
export {
  coverIma,
  type ImaCoverage,
  type ImaEntry,
  imaDigest,
  imaLimits,
  isBootAggregateRight,
  isTemplateHashRight,
  parseIma,
} from './ima.ts';
export { imaEvents } from './ima-events.ts';
export { claimedPath, ImageLoad } from './image.ts';
export { endorsementKey, nameOf, publicKeyOf } from './key.ts';
export { type KeyParts, keyFile, readKeyFile } from './key-file.ts';
export {
  type AgileRecord,
  agileRecord,
  digestIn,
  type EventLog,
  isExtended,
  LegacyRecord,
  type LogEvent,
  logLimits,
  parseLog,
  SpecId,
  signature03,
} from './log.ts';
export { type PcrName, type PcrValues, pcrDigest, pcrsProblem, selectedPcrs } from './pcrs.ts';
export { type Quirk, type QuirkId, quirks } from './quirks.ts';
export { type ReferenceLog, referenceBytes, referenceLimits, referenceLogs } from './reference-log.ts';
export {
  bankId,
  banksOf,
  type Explanation,
  explain,
  extended,
  isReset,
  type Register,
  type Replay,
  replay,
  type Step,
} from './replay.ts';
export { type ClaimedPlatform, type ClaimedRequest, readRequest } from './request.ts';
export { type JudgedAuthority, type SecureBoot, secureBootOf } from './secure-boot.ts';
export { type TpmSettings, tpmSettings } from './settings.ts';
export { SignatureLists, signatureTypeNames } from './signature-lists.ts';
export * from './structures.ts';
export { isTrustPointReached, type TrustPoint, trustPoints } from './trust-point.ts';
export { tpmRequest } from './verifier.ts';
export { schemeOf, schemeProblem, signatureProblem } from './verify-signature.ts';
export { parseRecords, recordNumber, recordsOf, type WbclRecord } from './wbcl.ts';
export { recordId, recordName, recordsJson } from './wbcl-json.ts';
export { isFromFaultyGenerator } from './weak-key.ts';
export { isWindowsClosed, type Windows, windowsOf } from './windows.ts';
export { claimedPcrs, debugFlags, type EnclaveReport, PlatformClaim, readEnclaveReport } from './wrappers.ts';
