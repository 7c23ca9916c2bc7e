/** The machine's side of a TPM attestation, as `attestTpm` asks for it. */
import type { TpmAddress } from './device.ts';
import { storedKeyOf } from './endorsement.ts';
import { TpmError } from './error.ts';
import { createAttestationKey, type KeyBlob, keyAt, loadKey, type TpmKey } from './keys.ts';
import { type Challenge, prepared, type RequestOptions, tpmRequest } from './request.ts';
import { type Tpm, withTpm } from './tpm.ts';

/** Whatever can answer the service's challenge: a TPM here, or a tool that another system exported evidence with. */
export interface TpmCollector {
  /**
   * @returns the request of the second round, a compact JWS
   * @throws {TpmError}
   */
  readonly collect: (challenge: Challenge) => Promise<string>;
}

export interface TpmCollectorOptions extends RequestOptions {
  /** Default `/dev/tpmrm0`. */
  readonly tpm?: TpmAddress;
  /**
   * Signs the quote: a key that was made before, kept by the caller as a blob or in the TPM under a handle. Default: the
   * certificate's key, which the TPM must have stored; without a certificate an RSA key for this one time.
   */
  readonly attestationKey?: KeyBlob | { readonly handle: number };
}

/**
 * Attests this machine, or the one whose TPM the address names.
 * @throws {TypeError} for keys and claims that the protocol has no place for
 * @throws {TpmError} `Unfit` for a request key that cannot sign requests
 */
export function tpmCollector(options: TpmCollectorOptions): TpmCollector {
  prepared(options);
  return {
    collect: (challenge) =>
      withTpm(options.tpm, async (tpm) => tpmRequest(tpm, await attestationKeyOf(tpm, options), challenge, options)),
  };
}

async function attestationKeyOf(
  tpm: Tpm,
  { attestationKey: key, certificate }: Pick<TpmCollectorOptions, 'attestationKey' | 'certificate'>,
): Promise<TpmKey> {
  if (key) return 'handle' in key ? keyAt(tpm, key.handle) : loadKey(tpm, key);
  if (!certificate) return loadKey(tpm, await createAttestationKey(tpm));
  const stored = await storedKeyOf(tpm, certificate);
  if (stored) return stored;
  throw new TpmError('Unfit', 'this TPM has not stored the key of the attestation key certificate: name the key too');
}
