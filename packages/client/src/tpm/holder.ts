/**
 * The answer to a relying party that asks whether this machine holds the key that its token is for (`cnf`, RFC 7800).
 */
import type { KeyObject } from 'node:crypto';
import type { TpmAddress } from './device.ts';
import { softwareKey } from './jwk.ts';
import { compactJws, residentSigner } from './jws.ts';
import { type KeyBlob, loadKey } from './keys.ts';
import { withTpm } from './tpm.ts';

export interface HolderProofOptions {
  /** The key that the request of the attestation was signed with. */
  readonly requestKey: KeyObject | KeyBlob;
  /** As the relying party sent it. */
  readonly nonce: string;
  /**
   * The relying party that you speak to, by your own knowledge (its address, say), not by what it sent: a proof that is
   * passed on to somebody else is of no use there.
   */
  readonly audience: string;
  /** Where the key is, if it is in a TPM. Default `/dev/tpmrm0`. */
  readonly tpm?: TpmAddress;
}

/** `typ` of a proof, so that it is taken for nothing else that the key signs. */
const proofType = 'holder+jwt';
/** Longest texts signed, in characters: whoever sends a nonce gets it signed. */
const longest = 1024;

/**
 * @returns a compact JWS, for `proveHolder` of the relying party
 * @throws {TypeError} for a nonce or an audience that is empty or too long, and keys that cannot sign requests
 * @throws {TpmError} `Unfit` for keys of the TPM that cannot, and whatever keeps the TPM from signing
 */
export async function holderProof({ requestKey, nonce, audience, tpm }: HolderProofOptions): Promise<string> {
  for (const [name, text] of Object.entries({ nonce, audience }))
    if (typeof text !== 'string' || text === '' || text.length > longest)
      throw new TypeError(`\`${name}\` must be text of 1 to ${longest} characters`);
  const payload = { nonce, aud: audience };
  if (!('public' in requestKey)) return compactJws(softwareKey(requestKey), proofType, payload);
  return withTpm(tpm, async (conversation) =>
    compactJws(residentSigner(conversation, await loadKey(conversation, requestKey)), proofType, payload),
  );
}
