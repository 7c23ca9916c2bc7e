/**
 * What the service shows on TLS: the operator's certificate, or one under a development CA that is made on first start.
 * Clients are given that CA; nobody else has any reason to believe it.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import {
  alternativeNames,
  authorityKeyIdentifier,
  type Bytes,
  basicConstraints,
  equal,
  extendedKeyUsage,
  type GeneralName,
  issueCertificate,
  keyIdentifier,
  keyUsage,
  type PrivateKey,
  parseCertificate,
  pemBlocks,
  publicSpki,
  subjectKeyIdentifier,
  toPem,
  utf8,
} from '@assay/core';
import { misconfigured } from '../misconfigured.ts';
import { keptKey, madeOnce, randomSerial, readPrivate, replace } from './files.ts';

export interface Tls {
  /** Certificate and chain, PEM. */
  readonly cert: string;
  readonly key: string;
  /** The development CA's certificate, for clients; absent where the operator brought a certificate. */
  readonly authority?: string;
}

/**
 * The operator's own certificate.
 * @throws {AttestError} ConfigurationInvalid when the files are not there, or do not belong together
 */
export function ownTls(certificate: string, key: string): Tls {
  try {
    const tls = { cert: readFileSync(certificate, 'utf8'), key: readFileSync(key, 'utf8') };
    createSecureContext(tls);
    return tls;
  } catch (cause) {
    throw misconfigured(`The TLS certificate ${certificate} and key ${key} cannot be used`, cause);
  }
}

const dayMilliseconds = 86_400_000;
const authorityDays = 3650;
/** Apple's and others' clients refuse server certificates that live longer. */
const serverDays = 397;
/** A certificate with less left is replaced at start. */
const leastDays = 30;
const serverAuth = '1.3.6.1.5.5.7.3.1';
const alternativeNamesOid = '2.5.29.17';
const authorityName = [['CN', 'Assay development CA']] as const;

/**
 * A certificate for this machine and the public URL's host.
 * @param folder where keys are kept
 */
export function developmentTls(folder: string, publicUrl: string, now: Date): Tls {
  const authorityPath = join(folder, 'development-ca.pem');
  const authorityKey = keptKey(join(folder, 'development-ca-key.pem'), 'P-256');
  madeOnce(authorityPath, () => toPem('CERTIFICATE', authority(authorityKey, now)));
  const key = keptKey(join(folder, 'tls-key.pem'), 'P-256');
  const names = alternativeNames(namesOf(publicUrl));
  const path = join(folder, 'tls-certificate.pem');
  const make = (): string => toPem('CERTIFICATE', server(authorityKey, key, names, now));
  const kept = madeOnce(path, make);
  if (!isUsable(kept, key, names.value, now)) replace(path, make());
  return {
    cert: `${readPrivate(path)}${readPrivate(authorityPath)}`,
    key: readPrivate(join(folder, 'tls-key.pem')) ?? '',
    authority: authorityPath,
  };
}

function isUsable(pem: string, key: PrivateKey, names: Bytes, now: Date): boolean {
  const [der] = pemBlocks(utf8(pem), 'CERTIFICATE', 1);
  if (!der) return false;
  const { spki, extensions, notAfter } = parseCertificate(der);
  const kept = extensions.get(alternativeNamesOid)?.value;
  const hasTime = notAfter - now.getTime() > leastDays * dayMilliseconds;
  return hasTime && equal(spki, publicSpki(key)) && kept !== undefined && equal(kept, names);
}

/** This machine under its usual names, and the host of the public URL. */
export function namesOf(publicUrl: string): readonly GeneralName[] {
  const host = new URL(publicUrl).hostname.replace(/^\[|\]$/g, '');
  const hosts = [...new Set(['localhost', '127.0.0.1', '::1', host])];
  return hosts.map((name) => (isIP(name) === 0 ? { dns: name } : { ip: addressBytes(name) }));
}

/** @param address as `isIP` knows them, without a zone */
function addressBytes(address: string): Bytes {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.'), Number);
  const groups = (part: string | undefined): number[] =>
    (part ?? '')
      .split(':')
      .filter((group) => group !== '')
      .map((group) => Number.parseInt(group, 16));
  const [before, after] = address.split('::');
  const [head, tail] = [groups(before), groups(after)];
  const all = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

function authority(key: PrivateKey, now: Date): Bytes {
  const id = keyIdentifier(publicSpki(key));
  return issueCertificate({
    subject: authorityName,
    issuer: authorityName,
    serial: randomSerial(),
    notBefore: now.getTime() - dayMilliseconds,
    notAfter: now.getTime() + authorityDays * dayMilliseconds,
    spki: publicSpki(key),
    extensions: [
      basicConstraints({ ca: true, pathLength: 0 }),
      keyUsage(['keyCertSign', 'cRLSign']),
      subjectKeyIdentifier(id),
    ],
    signer: { scheme: 'ecdsa-sha256', key },
  });
}

function server(issuer: PrivateKey, key: PrivateKey, names: ReturnType<typeof alternativeNames>, now: Date): Bytes {
  return issueCertificate({
    subject: [['CN', 'Assay']],
    issuer: authorityName,
    serial: randomSerial(),
    notBefore: now.getTime() - dayMilliseconds,
    notAfter: now.getTime() + serverDays * dayMilliseconds,
    spki: publicSpki(key),
    extensions: [
      basicConstraints({ ca: false }),
      keyUsage(['digitalSignature']),
      extendedKeyUsage([serverAuth]),
      subjectKeyIdentifier(keyIdentifier(publicSpki(key))),
      authorityKeyIdentifier(keyIdentifier(publicSpki(issuer))),
      names,
    ],
    signer: { scheme: 'ecdsa-sha256', key: issuer },
  });
}
