/** TPM 2.0 structures, read and written: what `@assay/core/tcg` offers to whoever speaks to a TPM. No cryptography. */
export {
  algorithm,
  algorithmName,
  attributeNames,
  type Bank,
  bankOf,
  type HashAlgorithm,
  hashes,
  type ObjectAttribute,
  objectAttributes,
  tpmCurves,
} from './algorithms.ts';
export { Attest, attestType, Certify, ClockInfo, generated, Quote } from './attest.ts';
export { type Command, capability, commands } from './commands.ts';
export { type Answer, type Authorisation, decodeAnswer, encodeCommand, password, policySession } from './framing.ts';
export { type EccPublic, Public, type RsaPublic, SizedPublic } from './public.ts';
export { indicesOf, pcrCount, Selection, Selections, selectionOf, selectionProblem } from './selection.ts';
export { Signature } from './signature.ts';
