/** That an attestation key and an endorsement key are in one TPM (TPM 2.0 library, part 1 §24). */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { activateCredential, type EndorsementKey, type Tpm, type TpmKey } from '@assay/client';
import { makeCredential, nameOf } from '@assay/core/tpm';
import { CommandError } from '../exit.ts';

/**
 * Has the TPM open a secret that is for these two keys alone. Both are taken by their public areas: a TPM that says
 * another name of a key than that of its area would have another key certified than the one it showed.
 * @throws {CommandError} refused
 * @throws {TpmError} `INTEGRITY` where the keys are not in one TPM
 */
export async function requireTogether(tpm: Tpm, key: TpmKey, ek: EndorsementKey): Promise<void> {
  const secret = new Uint8Array(randomBytes(32));
  const credential = makeCredential(ek.area, nameOf(key.public), secret, (bytes) => new Uint8Array(randomBytes(bytes)));
  const opened = await activateCredential(tpm, { attestationKey: key, endorsementKey: ek }, credential);
  if (opened.length !== secret.length || !timingSafeEqual(opened, secret))
    throw new CommandError('refused', 'the TPM opened the credential, and found another secret than was in it');
}
