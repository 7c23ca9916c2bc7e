/** Genuine-looking evidence under development roots: for tests, for the demo, and for users' own development. */
export { type ForgedIntel, forgeIntel, type Holder, type Wanted, type World } from './evidence/intel/forge.ts';
export {
  type ForgedBoot,
  type ForgedTpm,
  forgeBoot,
  forgeJws,
  forgeTpm,
  rsaParts,
  type SigningScheme,
  type TpmWorld,
  type WantedQuote,
  type WantedRequest,
} from './evidence/tcg/forge.ts';
export { forgeEnclaveReport, type WantedEnclave } from './evidence/tcg/forge-enclave.ts';
export {
  type Extension,
  type ForgedEvent,
  type ForgedLog,
  forgeLog,
  linuxBoot,
  type WantedBoot,
} from './evidence/tcg/forge-log.ts';
export { forgedKey, type TpmCertificateChanges, type TpmHolder } from './evidence/tcg/forge-pki.ts';
export { forgeRecord, type WantedWindows, windowsBoot } from './evidence/tcg/forge-windows.ts';
