/** Keys of a request, and what is said to bind each to the TPM (Azure Attestation, TPM protocol, key objects). */
import type { Bytes } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { isObject, type JsonObject, member, type Slot, word } from '../../json/index.ts';
import { canonicalBase64url } from './jws.ts';

export interface ClaimedJwk {
  /** What makes the key, in the order of the request; nothing else that stood beside it. */
  readonly jwk: JsonObject;
  readonly path: string;
}

type ClaimedBinding =
  | { readonly by: 'nothing' }
  /** Its text is hashed into the quote. */
  | { readonly by: 'quote'; readonly hash: 'sha256' | 'sha384' | 'sha512'; readonly hashName: string }
  /** The attestation key says that it is in the TPM: TPMT_PUBLIC, TPMS_ATTEST, TPMT_SIGNATURE. */
  | { readonly by: 'certify'; readonly area: Bytes; readonly attest: Bytes; readonly signature: Bytes };

export interface ClaimedKey extends ClaimedJwk {
  /** The JWK as it was sent, from brace to brace. */
  readonly text: Bytes;
  readonly binding: ClaimedBinding;
}

const keyMembers = ['kty', 'crv', 'n', 'e', 'x', 'y'];

/** Whether it is a key at all is found out when it is used. @throws {Malformed} for what is no object */
export function claimedJwk(slot: Slot): ClaimedJwk {
  const { value, path } = slot;
  if (!isObject(value)) throw new Malformed(path, undefined, 'must be a JSON Web Key');
  const jwk = Object.fromEntries(Object.entries(value).filter(([name]) => keyMembers.includes(name)));
  return { jwk, path };
}

const hashNames = { 'sha-256': 'sha256', 'sha-384': 'sha384', 'sha-512': 'sha512' } as const;
const longestPart = 4096;

/**
 * A key with its proof.
 * @param text the JWK as it was sent; absent for keys that no quote can bind
 * @throws {Malformed} naming the member
 */
export function claimedKey(slot: Slot, text?: Bytes): ClaimedKey {
  const claimed = claimedJwk(member(slot, 'jwk'));
  return { ...claimed, text: text ?? new Uint8Array(0), binding: bindingOf(member(slot, 'info'), text !== undefined) };
}

function bindingOf(slot: Slot, mayBeQuoted: boolean): ClaimedBinding {
  if (slot.value === undefined || slot.value === null) return { by: 'nothing' };
  const { value, path } = slot;
  if (!isObject(value)) throw new Malformed(path, undefined, 'must be an object');
  const [kind, ...more] = Object.keys(value);
  if (more.length > 0) throw new Malformed(path, undefined, 'says more than one thing of its key');
  if (kind === undefined) return { by: 'nothing' };
  const inner = member(slot, kind);
  if (kind === 'tpm_quote') {
    if (!mayBeQuoted) throw new Malformed(inner.path, undefined, 'is for the request key alone');
    const hashName = word(member(inner, 'hash_alg'), Object.keys(hashNames) as (keyof typeof hashNames)[]);
    return { by: 'quote', hash: hashNames[hashName], hashName };
  }
  if (kind !== 'tpm_certify') throw new Malformed(path, undefined, 'must be tpm_quote or tpm_certify');
  const part = (name: string): Bytes => {
    const one = member(inner, name);
    if (typeof one.value !== 'string') throw new Malformed(one.path, undefined, 'must be base64url text');
    return canonicalBase64url(one.value, one.path, longestPart);
  };
  return { by: 'certify', area: part('public'), attest: part('certification'), signature: part('signature') };
}
