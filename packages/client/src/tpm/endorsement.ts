/**
 * The endorsement key: the one that the TPM's maker certified. It decrypts credentials and signs nothing, so an
 * attestation key's certificate is had by way of it (TCG EK Credential Profile; TPM 2.0 library, part 1 §24).
 */
import { type Bytes, concat, decode, equal, rest, sized, u16be } from '@assay/core/bytes';
import {
  type Authorisation,
  algorithm,
  bankOf,
  commands,
  objectAttributes,
  type Public,
  password,
  policySession,
} from '@assay/core/tcg';
import { readCertificate } from './certificates.ts';
import { TpmError } from './error.ts';
import { createPrimary, keyAt, type TpmKey } from './keys.ts';
import { handlesFrom } from './properties.ts';
import { type EkTemplate, ekPolicies, ekTemplates } from './templates.ts';
import type { Tpm } from './tpm.ts';

export interface EndorsementKey extends TpmKey {
  /** DER; undefined where the TPM's maker left none. */
  readonly certificate: Bytes | undefined;
}

/** First handle of what owners and makers stored for good. */
const persistent = 0x8100_0000;
const endorsement = 0x4000_000b;

/** Certificates of endorsement keys that this TPM holds, with the template each belongs to. @throws {TpmError} */
export async function endorsementCertificates(
  tpm: Tpm,
): Promise<readonly { readonly template: EkTemplate; readonly certificate: Bytes }[]> {
  const found: { template: EkTemplate; certificate: Bytes }[] = [];
  for (const template of ekTemplates()) {
    const certificate = await readCertificate(tpm, template.index);
    if (certificate) found.push({ template, certificate });
  }
  return found;
}

/**
 * The endorsement key of the first certificate that there is, whichever way the TPM has the key: stored, or made again
 * by the template. Where there is no certificate at all, the key of template L-1.
 * @param name of the template to use, such as `L-1`
 * @throws {TpmError} `Unfit` when a certificate is there, and its key is not
 */
export async function endorsementKey(tpm: Tpm, name?: string): Promise<EndorsementKey> {
  const certified = (await endorsementCertificates(tpm)).filter(
    ({ template }) => name === undefined || template.name === name,
  );
  for (const { template, certificate } of certified) {
    const key = (await storedKeyOf(tpm, certificate)) ?? (await madeKey(tpm, template, certificate));
    if (key) return { ...key, certificate };
  }
  if (certified.length > 0) {
    const names = certified.map(({ template }) => template.name).join(', ');
    throw new TpmError('Unfit', `this TPM has certificates of endorsement keys (${names}), and none of these keys`);
  }
  const template = ekTemplates().find((one) => one.name === (name ?? 'L-1'));
  if (!template) throw new TpmError('Unfit', `no template of an endorsement key is called ${name}`);
  return { ...(await createPrimary(tpm, 'endorsement', template.area)), certificate: undefined };
}

/** The key of a certificate, where the TPM has it stored for good. @throws {TpmError} */
export async function storedKeyOf(tpm: Tpm, certificate: Bytes): Promise<TpmKey | undefined> {
  for (const handle of await handlesFrom(tpm, persistent)) {
    const key = await keyAt(tpm, handle);
    if (isKeyOf(certificate, key.area)) return key;
  }
  return undefined;
}

async function madeKey(tpm: Tpm, template: EkTemplate, certificate: Bytes): Promise<TpmKey | undefined> {
  const key = await createPrimary(tpm, 'endorsement', template.area);
  if (isKeyOf(certificate, key.area)) return key;
  await tpm.flush(key.handle);
  return undefined;
}

/** Whether a certificate is over this key. Who relies on the certificate verifies it; here the two are only matched. */
export function isKeyOf(certificate: Bytes, area: Public): boolean {
  const key =
    area.type === algorithm.rsa && 'modulus' in area
      ? area.modulus
      : area.type === algorithm.ecc && 'x' in area
        ? concat(area.x, area.y)
        : undefined;
  return key !== undefined && key.length >= 64 && Buffer.from(certificate).includes(Buffer.from(key));
}

/** TPM2B as a whole, as credentials travel. */
const Sized = sized(u16be, rest);

/**
 * Opens a credential that was made for this endorsement key and this attestation key: whoever made it thereby learns
 * that both are in one TPM.
 * @param credential both parts as whole TPM2B structures
 * @returns the secret inside
 * @throws {TpmError} `INTEGRITY` when it was made for other keys
 */
export async function activateCredential(
  tpm: Tpm,
  { attestationKey, endorsementKey: ek }: { readonly attestationKey: TpmKey; readonly endorsementKey: TpmKey },
  credential: { readonly blob: Bytes; readonly secret: Bytes },
): Promise<Bytes> {
  const parts = { credential: content(credential.blob, 'blob'), secret: content(credential.secret, 'secret') };
  const handles = [attestationKey.handle, ek.handle];
  const { value } = await tpm.call(commands.activateCredential, parts, handles, [
    password(),
    await authorisationOf(tpm, ek.area),
  ]);
  return value.credential;
}

function content(input: Bytes, part: string): Bytes {
  try {
    return decode(Sized, input);
  } catch (cause) {
    throw new TpmError('Unfit', `the credential's ${part} is no TPM2B structure`, { cause });
  }
}

/** Fulfils the policy that an endorsement key has by its template. */
async function authorisationOf(tpm: Tpm, area: Public): Promise<Authorisation> {
  const hash = bankOf(area.nameAlg);
  const policies = hash === 'sha256' || hash === 'sha384' ? ekPolicies(hash) : undefined;
  const [isA, isB] = [policies?.a, policies?.b].map((policy) => policy !== undefined && equal(policy, area.authPolicy));
  if (!policies || (!isA && !isB)) {
    if ((area.attributes & objectAttributes.userWithAuth) !== 0) return password();
    throw new TpmError('Unfit', 'the endorsement key has a policy that is none of the EK Credential Profile');
  }
  const session = await startPolicySession(tpm, area.nameAlg);
  const nothing = new Uint8Array(0);
  await tpm.call(commands.policySecret, { nonce: nothing, commandHash: nothing, reference: nothing, expiration: 0 }, [
    endorsement,
    session,
  ]);
  if (isB) await tpm.call(commands.policyOr, { digests: policies.branches }, [session]);
  return policySession(session);
}

/** A session that gathers policies; it ends with the command that it authorises. @param hash TPM_ALG_ID */
async function startPolicySession(tpm: Tpm, hash: number): Promise<number> {
  const unsalted = 0x4000_0007;
  const { handle } = await tpm.call(
    commands.startAuthSession,
    { nonce: new Uint8Array(16), salt: new Uint8Array(0), type: 1, symmetric: algorithm.none, hash },
    [unsalted, unsalted],
  );
  return handle;
}
