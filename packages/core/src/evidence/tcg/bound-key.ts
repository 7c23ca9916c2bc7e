/** What binds the keys of a request to the TPM: the quote, or a certify statement (TPM 2.0 library, part 3 §18.2). */
import type { Appraisal } from '../../appraisal.ts';
import { type Bytes, base64url, concat, decode, equal } from '../../bytes/index.ts';
import { digest, importJwk, type PublicKey } from '../../crypto/index.ts';
import type { JsonObject } from '../../json/index.ts';
import { attempt } from '../attempt.ts';
import { objectAttributes } from './algorithms.ts';
import { Certify, type Quote } from './attest.ts';
import { check } from './checks.ts';
import type { KeyFacts } from './facts.ts';
import { nameOf, publicKeyOf } from './key.ts';
import { Public } from './public.ts';
import { inside } from './request.ts';
import type { ClaimedKey } from './request-key.ts';
import { Signature } from './signature.ts';
import { signatureProblem } from './verify-signature.ts';

/** What the quote must carry: the challenge, together with the key that it binds where it binds one. */
export const qualifyingData = ({ binding, text }: ClaimedKey, challenge: Bytes): Bytes =>
  binding.by === 'quote' ? digest(binding.hash, concat(text, Uint8Array.of(0), challenge)) : challenge;

/** Who certifies, and for which quote and challenge. */
export interface Certifier {
  readonly key: PublicKey;
  readonly quote: Quote;
  readonly challenge: Bytes;
}

/**
 * What is proven of a key.
 * @param signs whether it signed the request
 * @throws {Refusal}
 */
export function provenKey(claimed: ClaimedKey, signs: boolean, by: Certifier, appraisal: Appraisal): KeyFacts {
  const { jwk, binding } = claimed;
  switch (binding.by) {
    case 'nothing':
      return { jwk };
    case 'quote':
      return { jwk, info: { tpm_quote: { hash_alg: binding.hashName } } };
    case 'certify':
      return { jwk, info: { tpm_certify: certified(claimed, binding, signs, by, appraisal) } };
  }
}

function certified(
  { jwk, path }: ClaimedKey,
  { area: areaBytes, attest, signature: signatureBytes }: Extract<ClaimedKey['binding'], { by: 'certify' }>,
  signs: boolean,
  { key, quote, challenge }: Certifier,
  appraisal: Appraisal,
): JsonObject {
  const wanted = check['tpm.key.certify'];
  const read = <T>(name: string, decodeIt: () => T): T =>
    attempt(appraisal, wanted, () => inside(`${path}.info.tpm_certify.${name}`, decodeIt));
  const area = read('public', () => decode(Public, areaBytes));
  const statement = read('certification', () => decode(Certify, attest));
  const signature = read('signature', () => decode(Signature, signatureBytes));
  const its = read('public', () => ({ name: nameOf(areaBytes), key: publicKeyOf(area) }));
  const claimedKey = attempt(appraisal, wanted, () => importJwk(jwk, path));
  const problem = signatureProblem(signature, key, attest);
  const { restricted, sign } = objectAttributes;
  const failure =
    (problem !== undefined && `the signature ${problem}`) ||
    (!equal(statement.extraData, challenge) && 'the statement does not carry the challenge') ||
    (!equal(statement.attested.name, its.name) && 'the statement is on another key than the public area') ||
    (!equal(its.key.spki, claimedKey.spki) && 'the public area is another key than the request has') ||
    (!equal(statement.qualifiedSigner, quote.qualifiedSigner) && 'another key than that of the quote signed it') ||
    // A restricted key signs what the TPM made, and so no request.
    (signs && (area.attributes & restricted) !== 0 && 'a restricted key cannot have signed the request') ||
    (signs && (area.attributes & sign) === 0 && 'a key that does not sign cannot have signed the request');
  appraisal.require(wanted, failure === false, { ...(failure !== false && { detail: failure, where: { path } }) });
  return {
    name_alg: area.nameAlg,
    obj_attr: area.attributes,
    ...(area.authPolicy.length > 0 && { auth_policy: base64url(area.authPolicy) }),
  };
}
