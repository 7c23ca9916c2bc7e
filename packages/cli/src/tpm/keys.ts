/** Keys that command lines name: of a TPM, by handle or in a file, and in software, in PEM. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { createAttestationKey, type KeyBlob, keyAt, loadKey, type Tpm, type TpmKey } from '@assay/client';
import { type Bytes, isObject, Malformed, parseCertificate, parseJson, pemBlocks } from '@assay/core';
import { decode, fromHex } from '@assay/core/bytes';
import { importSpki, type PublicKey } from '@assay/core/crypto';
import { type PcrValues, Public, publicKeyOf, readKeyFile, SizedPublic } from '@assay/core/tpm';
import { CommandError } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { certificatesIn } from '../pem.ts';
import type { Terminal } from '../ui.ts';
import { handleOf, type KeyKindName, keyKinds } from './options.ts';

/** Where a key of the TPM is. */
export type NamedKey = KeyBlob | { readonly handle: number };

/**
 * A key of the TPM by its handle or by its file.
 * @throws {CommandError} usage for a file that holds no such key
 */
export async function namedKey(text: string, flag: string, terminal: Terminal): Promise<NamedKey> {
  const handle = handleOf(text, flag);
  if (handle !== undefined) return { handle };
  const blob = tpmKeyIn(await readInput(terminal, text), text);
  if (blob) return blob;
  throw new CommandError('usage', `${flag}: ${text} holds no key of a TPM`, [
    'expected a handle such as 0x81000003, or PEM with «TSS2 PRIVATE KEY», as assay tpm key writes it',
  ]);
}

/** Loads a named key; without one, makes one of this kind for this one time. */
export async function usableKey(tpm: Tpm, named: NamedKey | undefined, kind: KeyKindName): Promise<TpmKey> {
  if (!named) return loadKey(tpm, await createAttestationKey(tpm, keyKinds[kind]));
  return 'handle' in named ? keyAt(tpm, named.handle) : loadKey(tpm, named);
}

function tpmKeyIn(file: Bytes, name: string): KeyBlob | undefined {
  try {
    return readKeyFile(file, name);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `the key cannot be used: ${cause.message}`, [], cause);
  }
}

/** A key that signs requests: private, in software, or of the TPM. @throws {CommandError} usage */
export async function requestKeyIn(name: string, terminal: Terminal): Promise<KeyObject | KeyBlob> {
  const file = await readInput(terminal, name);
  const blob = tpmKeyIn(file, name);
  if (blob) return blob;
  try {
    return createPrivateKey(Buffer.from(file));
  } catch (cause) {
    throw new CommandError('usage', `${name} holds no private key`, ['expected PEM, without a passphrase'], cause);
  }
}

/** The first certificate of a file, PEM or DER. @throws {CommandError} usage */
export async function certificateIn(name: string, terminal: Terminal): Promise<Bytes> {
  const file = await readInput(terminal, name);
  if (file[0] !== 0x30) return certificatesIn(file, name)[0] as Bytes;
  try {
    return parseCertificate(file, name).raw;
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', cause.message, ['expected a certificate, in PEM or DER'], cause);
  }
}

/** A public key in any of the forms that tools write it in: PEM, a certificate, a key of a TPM, TPMT_PUBLIC or TPM2B_PUBLIC. */
export function publicKeyIn(file: Bytes, name: string): PublicKey {
  const blob = tpmKeyIn(file, name);
  if (blob) return publicKeyOf(decode(Public, blob.public), name);
  try {
    const [spki] = pemBlocks(file, 'PUBLIC KEY', 1, name);
    if (spki) return importSpki(spki, name);
    const [certificate] = pemBlocks(file, 'CERTIFICATE', 8, name);
    if (certificate) return parseCertificate(certificate, name).key();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  const bytes = evidenceBytes(file, name);
  if (bytes[0] === 0x30) return parseCertificate(bytes, name).key();
  // A length in front is that of all the rest, and no type of key.
  const isSized = bytes.length > 2 && ((bytes[0] ?? 0) << 8) + (bytes[1] ?? 0) === bytes.length - 2;
  return publicKeyOf(isSized ? decode(SizedPublic, bytes) : decode(Public, bytes), name);
}

/** The same key for Node's library. */
export const nodeKey = ({ spki }: PublicKey): KeyObject =>
  createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });

/** Values of PCRs: `{"sha256": {"0": "…"}}`. @throws {CommandError} usage */
export function pcrsIn(file: Bytes, name: string): PcrValues {
  const json = parseJson(file, { path: name, maxDepth: 4 });
  const wrong = (what: string): CommandError =>
    new CommandError('usage', `${name}: ${what}`, ['expected JSON such as {"sha256": {"0": "hexadecimal"}}']);
  if (!isObject(json)) throw wrong('is no object of banks');
  return new Map(
    Object.entries(json).map(([bank, values]) => {
      if (!isObject(values)) throw wrong(`«${bank}» is no object of values`);
      const list = Object.entries(values).map(([index, value]): [number, Bytes] => {
        if (typeof value !== 'string' || !/^[0-9]{1,2}$/.test(index)) throw wrong(`«${bank}.${index}» is no value`);
        return [Number(index), fromHex(value, `${bank}.${index}`)];
      });
      return [bank, new Map(list)];
    }),
  );
}
