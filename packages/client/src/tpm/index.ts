/** Speaks to a TPM 2.0: the device, its keys, what it signs, and the logs that go with it. */
export { type TpmCollector, type TpmCollectorOptions, tpmCollector } from './collector.ts';
export { defaultTpm, openTpm, type TpmAddress, type TpmDevice } from './device.ts';
export {
  activateCredential,
  type EndorsementKey,
  endorsementCertificates,
  endorsementKey,
  isKeyOf,
  storedKeyOf,
} from './endorsement.ts';
export { type DeviceReason, TpmError } from './error.ts';
export { type LogSource, type PlatformEvidence, type PlatformOptions, platformEvidence } from './evidence.ts';
export { type ExportedQuote, exportedEvidence } from './exported.ts';
export { type HolderProofOptions, holderProof } from './holder.ts';
export { type TpmIdentity, tpmIdentity } from './identity.ts';
export type { PublicJwk } from './jwk.ts';
export {
  createAttestationKey,
  createRequestKey,
  type KeyBlob,
  keyAt,
  keyName,
  loadKey,
  persistKey,
  removeKey,
  type TpmKey,
} from './keys.ts';
export { type LogKind, logPaths, readLog } from './logs.ts';
export { type BankValues, extendPcr, type PcrChoice, readPcrs, selectionsFor } from './pcrs.ts';
export { activeBanks, handlesFrom } from './properties.ts';
export type { ResponseName } from './reasons.ts';
export {
  type Challenge,
  type CustomClaim,
  extraDataFor,
  type RequestContents,
  type RequestOptions,
  requestOver,
  tpmRequest,
} from './request.ts';
export { certify, type QuotedPcrs, quote, quotePcrs, type Statement, signDigest } from './statements.ts';
export type { EkTemplate, KeyCurve, KeyKind } from './templates.ts';
export { type Called, type Tpm, type TpmOptions, withTpm } from './tpm.ts';
