/**
 * The request of the second round (Azure Attestation, TPM protocol, `attReqV2`): a JWS by a key that the quote binds, or
 * that the TPM certifies to be its own.
 */
import type { KeyObject } from 'node:crypto';
import { type Bytes, base64url, utf8 } from '@assay/core/bytes';
import { type PlatformEvidence, type PlatformOptions, platformEvidence } from './evidence.ts';
import { jwkOf, type PublicJwk, requestAlgorithm, type SigningKey, softwareKey } from './jwk.ts';
import { compactJws, residentSigner } from './jws.ts';
import { areaOf, type KeyBlob, loadKey, type TpmKey } from './keys.ts';
import { certify } from './statements.ts';
import { hashed } from './templates.ts';
import type { Tpm } from './tpm.ts';

/** What the service answered in the first round. */
export interface Challenge {
  /** 16 random bytes. */
  readonly challenge: Bytes;
  /** Goes back as it came. */
  readonly serviceContext: string;
}

/** A statement of the client itself, for the policy. Text must have no quotes and no line breaks. */
export interface CustomClaim {
  readonly name: string;
  readonly value: string | number | boolean;
}

/** What a request says beside the evidence. */
export interface RequestContents {
  /** Name of the relying party. */
  readonly relyingPartyId?: string;
  /** The relying party's nonce: comes back in the token as `rp_data`. */
  readonly relyingPartyData?: Bytes;
  readonly customClaims?: readonly CustomClaim[];
  /** Evidence that was kept before hibernation, in the same boot. */
  readonly bootAttestation?: PlatformEvidence;
}

export interface RequestOptions extends PlatformOptions, RequestContents {
  /**
   * Signs the request, and stands in the token as `cnf`. A private key in software (RSA or P-256) is bound by the quote;
   * a key of the TPM (`createRequestKey`) signs inside it, and is certified by the attestation key.
   */
  readonly requestKey: KeyObject | KeyBlob;
  /** At most two more keys for the token: of the TPM, and then certified, or public keys in software, without proof. */
  readonly otherKeys?: readonly (KeyBlob | PublicJwk)[];
}

/** A key with the proof that goes with it. */
interface ProvenKey {
  readonly jwk: PublicJwk;
  readonly info?: object;
}

/** What of a request does not depend on the challenge. */
interface Prepared {
  /** Undefined: the request key is in the TPM. */
  readonly software: SigningKey | undefined;
}

/**
 * Looks at the options before anything is asked of a service or of a TPM.
 * @throws {TypeError} for keys and claims that the protocol has no place for
 * @throws {TpmError} `Unfit` for a key of the TPM that cannot sign requests
 */
export function prepared({ requestKey, otherKeys = [], customClaims = [] }: RequestOptions): Prepared {
  if (otherKeys.length > 2) throw new TypeError(`at most two other keys, not ${otherKeys.length}`);
  const resident = 'public' in requestKey;
  if (resident) requestAlgorithm(areaOf(requestKey));
  customClaims.forEach(claimOnWire);
  return { software: resident ? undefined : softwareKey(requestKey) };
}

const zero = Uint8Array.of(0);
const requestType = 'attReqV2';

/** What the quote must carry to bind a key in software to the challenge. */
const binding = ({ jwk }: SigningKey, challenge: Bytes): Bytes =>
  hashed('sha256', utf8(JSON.stringify(jwk)), zero, challenge);

/**
 * What a quote must carry, for whoever quotes with other tools: with this request key, in answer to this challenge.
 * @throws {TypeError} for a key that cannot sign requests
 */
export const extraDataFor = (requestKey: KeyObject, challenge: Bytes): Bytes =>
  binding(softwareKey(requestKey), challenge);

/**
 * Quotes, certifies and signs. Beside the attestation key one more is loaded at a time.
 * @param attestationKey loaded
 * @returns a compact JWS
 * @throws {TpmError}
 * @throws {TypeError} for keys and claims that the protocol has no place for
 */
export async function tpmRequest(
  tpm: Tpm,
  attestationKey: TpmKey,
  { challenge, serviceContext }: Challenge,
  options: RequestOptions,
): Promise<string> {
  const { software } = prepared(options);
  const current = await platformEvidence(
    tpm,
    attestationKey,
    software ? binding(software, challenge) : challenge,
    options,
  );
  const certifiedKey = async (blob: KeyBlob): Promise<readonly [TpmKey, ProvenKey]> => {
    const key = await loadKey(tpm, blob);
    return [key, await certified(tpm, key, attestationKey, challenge)];
  };
  const others: ProvenKey[] = [];
  for (const other of options.otherKeys ?? []) {
    if ('kty' in other) others.push({ jwk: other });
    else {
      const [{ handle }, proven] = await certifiedKey(other);
      others.push(proven);
      await tpm.flush(handle);
    }
  }
  const answered = { challenge, serviceContext };
  if (software)
    return compactJws(software, requestType, payload(boundKey(software), others, current, answered, options));
  const [key, proven] = await certifiedKey(options.requestKey as KeyBlob);
  return compactJws(residentSigner(tpm, key), requestType, payload(proven, others, current, answered, options));
}

/**
 * A request over evidence that was made elsewhere, whose quote carries what `extraDataFor` gives.
 * @param requestKey a private key in software: RSA or P-256
 * @returns a compact JWS
 * @throws {TypeError} for keys and claims that the protocol has no place for
 */
export async function requestOver(
  current: PlatformEvidence,
  requestKey: KeyObject,
  challenge: Challenge,
  contents: RequestContents = {},
): Promise<string> {
  const key = softwareKey(requestKey);
  return compactJws(key, requestType, payload(boundKey(key), [], current, challenge, contents));
}

const boundKey = ({ jwk }: SigningKey): ProvenKey => ({ jwk, info: { tpm_quote: { hash_alg: 'sha-256' } } });

function payload(
  requestKey: ProvenKey,
  others: readonly ProvenKey[],
  current: PlatformEvidence,
  { challenge, serviceContext }: Challenge,
  { relyingPartyId, relyingPartyData, customClaims = [], bootAttestation }: RequestContents,
): object {
  return {
    att_type: 'basic',
    att_data: {
      ...(relyingPartyId !== undefined && { rp_id: relyingPartyId }),
      ...(relyingPartyData && { rp_data: base64url(relyingPartyData) }),
      challenge: base64url(challenge),
      tpm_att_data: {
        current_attestation: current,
        ...(bootAttestation && { boot_attestation: bootAttestation }),
      },
      request_key: requestKey,
      ...(others.length > 0 && { other_keys: others }),
      ...(customClaims.length > 0 && { custom_claims: customClaims.map(claimOnWire) }),
      service_context: serviceContext,
    },
  };
}

/** Nothing but the TPM itself can say so: the key is in it, with these attributes. */
async function certified(tpm: Tpm, key: TpmKey, by: TpmKey, challenge: Bytes): Promise<ProvenKey> {
  const { attest, signature } = await certify(tpm, key, by, challenge);
  const proof = {
    public: base64url(key.public),
    certification: base64url(attest),
    signature: base64url(signature),
  };
  return { jwk: jwkOf(key.area), info: { tpm_certify: proof } };
}

/** Values travel as text, with their kind beside them. */
function claimOnWire({ name, value }: CustomClaim): {
  readonly name: string;
  readonly value: string;
  readonly value_type: string;
} {
  if (typeof value === 'string' && /["\r\n]/.test(value))
    throw new TypeError(`custom claim «${name}»: text must have no quotes and no line breaks`);
  if (typeof value === 'number' && (value | 0) !== value)
    throw new TypeError(`custom claim «${name}»: ${value} is no whole number of 32 bits`);
  return { name, value: String(value), value_type: kinds[typeof value as keyof typeof kinds] };
}

const kinds = { string: 'String', number: 'Integer', boolean: 'Boolean' } as const;
