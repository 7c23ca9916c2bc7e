/** Certificates and keys out of PEM files that the command line names. */
import { type Bytes, Malformed, parseCertificate, pemBlocks } from '@assay/core';
import { CommandError } from './exit.ts';

const most = 16;

/** The certificates of a file, DER: at least one. */
export const certificatesIn = (file: Bytes, name: string): readonly Bytes[] =>
  blocks(file, name, 'a certificate', () => pemBlocks(file, 'CERTIFICATE', most, name));

/** SubjectPublicKeyInfo of each certificate or public key of a file: at least one. */
export const rootsIn = (file: Bytes, name: string): readonly Bytes[] =>
  blocks(file, name, 'a certificate or public key', () => [
    ...pemBlocks(file, 'CERTIFICATE', most, name).map((der) => parseCertificate(der, name).spki),
    ...pemBlocks(file, 'PUBLIC KEY', most, name),
  ]);

/** The certificates among them: roots that are named as keys alone complete no chain. */
export const rootCertificatesIn = (file: Bytes, name: string): readonly Bytes[] =>
  pemBlocks(file, 'CERTIFICATE', most, name);

function blocks(file: Bytes, name: string, wanted: string, read: () => readonly Bytes[]): readonly Bytes[] {
  try {
    const found = file.length === 0 ? [] : read();
    if (found.length > 0) return found;
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', cause.message, [`expected ${wanted} in PEM`], cause);
  }
  throw new CommandError('usage', `${name} holds no PEM with ${wanted}`);
}
