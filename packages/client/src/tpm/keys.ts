/**
 * Keys of a TPM. Made under the storage key, they leave the TPM as a blob that only it can load again; the caller keeps
 * it. Nothing is stored in the TPM unless asked for.
 */
import { type Bytes, concat, decode, encode, u16be } from '@assay/core/bytes';
import { algorithmName, bankOf, commands, Public } from '@assay/core/tcg';
import { TpmError } from './error.ts';
import { attestationTemplate, hashed, type KeyKind, requestTemplate, storageTemplate } from './templates.ts';
import type { Tpm } from './tpm.ts';

/** A key as it is kept outside the TPM. It is no secret: the private part is encrypted by the TPM for itself. */
export interface KeyBlob {
  /** TPMT_PUBLIC. */
  readonly public: Bytes;
  /** TPM2B_PRIVATE without its length. */
  readonly private: Bytes;
}

/** A key that can be used now. */
export interface TpmKey {
  readonly handle: number;
  /** TPMT_PUBLIC as the TPM wrote it, and what it says. */
  readonly public: Bytes;
  readonly area: Public;
  readonly name: Bytes;
}

const hierarchy = { owner: 0x4000_0001, endorsement: 0x4000_000b } as const;
const none = new Uint8Array(0);

/**
 * Makes a primary key: the same template gives the same key each time, as long as the TPM is not cleared.
 * @throws {TpmError}
 */
export async function createPrimary(tpm: Tpm, of: keyof typeof hierarchy, template: Public): Promise<TpmKey> {
  const { handle, value } = await tpm.call(commands.createPrimary, creationOf(template), [hierarchy[of]]);
  return { handle, public: value.public.raw, area: value.public.value, name: value.name };
}

const creationOf = (template: Public) => ({
  sensitive: { auth: none, data: none },
  public: template,
  outsideInfo: none,
  pcrs: [],
});

async function underStorageKey<T>(tpm: Tpm, work: (parent: number) => Promise<T>): Promise<T> {
  const parent = await createPrimary(tpm, 'owner', storageTemplate);
  const done = await work(parent.handle);
  // Slots are few, and this one is needed no longer.
  await tpm.flush(parent.handle);
  return done;
}

/** @throws {TpmError} */
const createKey = (tpm: Tpm, template: Public): Promise<KeyBlob> =>
  underStorageKey(tpm, async (parent) => {
    const { value } = await tpm.call(commands.create, creationOf(template), [parent]);
    return { public: value.public.raw, private: value.private };
  });

/**
 * Makes an attestation key. Services that ask for a certificate of it (Azure does) take RSA keys with PKCS #1 padding.
 * @throws {TpmError} `SCHEME`, `HASH` or `CURVE` for kinds that this TPM lacks
 */
export const createAttestationKey = (tpm: Tpm, kind: KeyKind = { type: 'RSA' }): Promise<KeyBlob> =>
  createKey(tpm, attestationTemplate(kind));

/** Makes a key that signs requests inside the TPM: RSA gives PS256, P-256 gives ES256. @throws {TpmError} */
export const createRequestKey = (tpm: Tpm, type: 'RSA' | 'P-256' = 'RSA'): Promise<KeyBlob> =>
  createKey(tpm, requestTemplate(type));

/** @throws {TpmError} `INTEGRITY` for blobs of another TPM */
export const loadKey = (tpm: Tpm, blob: KeyBlob): Promise<TpmKey> =>
  underStorageKey(tpm, async (parent) => {
    const { handle, value } = await tpm.call(commands.load, blob, [parent]);
    return { handle, public: blob.public, area: areaOf(blob), name: value.name };
  });

/** A key that is in the TPM already, such as 0x81000003 on Azure's virtual machines. @throws {TpmError} `HANDLE` */
export async function keyAt(tpm: Tpm, handle: number): Promise<TpmKey> {
  const { value } = await tpm.call(commands.readPublic, {}, [handle]);
  return { handle, public: value.public.raw, area: value.public.value, name: value.name };
}

/**
 * Stores a loaded key in the TPM for good.
 * @param handle from 0x81000000 to 0x817fffff
 * @throws {TpmError} `NV_DEFINED` when it is taken
 */
export async function persistKey(tpm: Tpm, key: TpmKey, handle: number): Promise<TpmKey> {
  await tpm.call(commands.evictControl, { persistent: handle }, [hierarchy.owner, key.handle]);
  return { ...key, handle };
}

/** Removes a stored key. @throws {TpmError} `HANDLE` when there is none */
export async function removeKey(tpm: Tpm, handle: number): Promise<void> {
  await tpm.call(commands.evictControl, { persistent: handle }, [hierarchy.owner, handle]);
}

/** What a blob's public part says. @throws {TpmError} `Unfit` when it is none */
export function areaOf({ public: area }: Pick<KeyBlob, 'public'>): Public {
  try {
    return decode(Public, area);
  } catch (cause) {
    throw new TpmError('Unfit', `the ${area.length} bytes are no public area of a key`, { cause });
  }
}

/** The name by which a TPM knows a key: its hash algorithm, then the hash of its public area. @throws {TpmError} */
export function keyName(blob: Pick<KeyBlob, 'public'>): Bytes {
  const { nameAlg } = areaOf(blob);
  const hash = bankOf(nameAlg);
  if (!hash)
    throw new TpmError('Unfit', `the key's name is made with ${algorithmName(nameAlg)}, which is not supported`);
  return concat(encode(u16be, nameAlg), hashed(hash, blob.public));
}
