/**
 * A certifier of attestation keys in a folder: one key, one self-signed certificate. It certifies what a TPM has shown it
 * to hold (TCG credential profiles; TPM 2.0 library, part 1 §24). Whoever reads the folder can certify anything.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, Malformed, pemBlocks, toPem } from '@assay/core';
import { hex } from '@assay/core/bytes';
import { exportPkcs8, generateKey, importPkcs8, type PrivateKey, publicSpki } from '@assay/core/crypto';
import {
  authorityKeyIdentifier,
  basicConstraints,
  type Certificate,
  extendedKeyUsage,
  extensionOids,
  issueCertificate,
  keyIdentifier,
  keyUsage,
  parseCertificate,
  subjectKeyIdentifier,
} from '@assay/core/pki';
import { makeFolder } from '@assay/server/collateral';
import { CommandError } from '../exit.ts';
import { readInput } from '../input.ts';
import { writeOutput, writeSecret } from '../output.ts';
import type { Terminal } from '../ui.ts';

export interface Certifier {
  /** PEM, and where it stands. */
  readonly root: string;
  readonly rootPath: string;
  readonly isNew: boolean;
  /** @param ek certificate of the endorsement key, whose names of the TPM are taken over */
  readonly certify: (spki: Bytes, ek: Certificate | undefined, days: number, serial: Bytes) => Bytes;
}

/** tcg-kp-AIKCertificate. */
const aikPurpose = '2.23.133.8.3';
const day = 86_400_000;
const rootDays = 3653;
const files = { key: 'aik-ca.key.pem', certificate: 'aik-ca.pem' } as const;

/** Opens the certifier of a folder; makes it where there is none yet. @throws {CommandError} usage */
export async function certifierIn(folder: string, now: Date, terminal: Terminal): Promise<Certifier> {
  const [keyPath, rootPath] = [join(folder, files.key), join(folder, files.certificate)];
  const isNew = !existsSync(keyPath);
  if (isNew) {
    if (existsSync(rootPath)) throw new CommandError('usage', `${folder} has a certificate, and its key is missing`);
    const made = generateKey('P-256');
    makeFolder(folder);
    await writeSecret(keyPath, toPem('PRIVATE KEY', exportPkcs8(made)));
    await writeOutput(rootPath, toPem('CERTIFICATE', selfSigned(made, now)));
  }
  const [key, certificate] = [await readKey(keyPath, terminal), await readRoot(rootPath, terminal)];
  if (hex(publicSpki(key)) !== hex(certificate.spki))
    throw new CommandError('usage', `${keyPath} is not the key of ${rootPath}`);
  return {
    root: toPem('CERTIFICATE', certificate.raw),
    rootPath,
    isNew,
    certify: (spki, ek, days, serial) => {
      const names = ek?.extensions.get(extensionOids.subjectAltName);
      return issueCertificate({
        // The TPM's maker, model and version say whose key it is; without them the key names itself.
        subject: names ? [] : [['CN', `Attestation key ${hex(keyIdentifier(spki)).slice(0, 16)}`]],
        issuer: certificate.subject,
        serial,
        notBefore: now.getTime() - 60_000,
        notAfter: Math.min(now.getTime() + days * day, certificate.notAfter),
        spki,
        extensions: [
          basicConstraints({ ca: false }),
          keyUsage(['digitalSignature']),
          extendedKeyUsage([aikPurpose]),
          ...(names ? [{ oid: extensionOids.subjectAltName, critical: true, value: names.value }] : []),
          subjectKeyIdentifier(keyIdentifier(spki)),
          authorityKeyIdentifier(keyIdentifier(certificate.spki)),
        ],
        signer: { scheme: 'ecdsa-sha256', key },
      });
    },
  };
}

function selfSigned(key: PrivateKey, now: Date): Bytes {
  const spki = publicSpki(key);
  const name = [
    ['O', 'Assay'],
    // Two certifiers must not have one name.
    ['CN', `Attestation key CA ${hex(keyIdentifier(spki)).slice(0, 8)}`],
  ] as const;
  return issueCertificate({
    subject: name,
    issuer: name,
    serial: 1,
    notBefore: now.getTime() - 60_000,
    notAfter: now.getTime() + rootDays * day,
    spki,
    extensions: [
      basicConstraints({ ca: true, pathLength: 0 }),
      keyUsage(['keyCertSign', 'cRLSign']),
      subjectKeyIdentifier(keyIdentifier(spki)),
    ],
    signer: { scheme: 'ecdsa-sha256', key },
  });
}

async function readKey(path: string, terminal: Terminal): Promise<PrivateKey> {
  const [der] = await blockIn(path, 'PRIVATE KEY', terminal);
  return inFile(path, () => importPkcs8(der as Bytes, path));
}

async function readRoot(path: string, terminal: Terminal): Promise<Certificate> {
  const [der] = await blockIn(path, 'CERTIFICATE', terminal);
  return inFile(path, () => parseCertificate(der as Bytes, path));
}

async function blockIn(path: string, label: string, terminal: Terminal): Promise<readonly Bytes[]> {
  const file = await readInput(terminal, path);
  const found = inFile(path, () => pemBlocks(file, label, 1, path));
  if (found.length === 0) throw new CommandError('usage', `${path} holds no PEM with ${label}`);
  return found;
}

function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `${path} cannot be used: ${cause.message}`, [], cause);
  }
}
