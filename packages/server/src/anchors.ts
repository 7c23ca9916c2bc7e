/** The root keys in force: the vendors' own, and development roots where a loud setting adds them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  type Anchors,
  aikFamily,
  type Bytes,
  intelRoot,
  microsoftTpmRoot,
  parseCertificate,
  pemBlocks,
} from '@assay/core';
import { misconfigured } from './misconfigured.ts';

const published: { readonly [family: string]: readonly Bytes[] } = {
  intel: [intelRoot],
  [aikFamily]: [microsoftTpmRoot],
};

/** Root keys beside the vendors', as SubjectPublicKeyInfo. */
export interface MoreRoots {
  /** Believed for every family: never in production. */
  readonly development?: readonly Bytes[];
  /** Of CAs of attestation keys. */
  readonly aik?: readonly Bytes[];
}

export function anchorsInForce({ development = [], aik = [] }: MoreRoots = {}): Anchors {
  const vendors = { ...published, [aikFamily]: [...(published[aikFamily] ?? []), ...aik] };
  const id = createHash('sha256');
  for (const [family, keys] of Object.entries(vendors))
    for (const key of keys) id.update(`${family}:${key.length}:`).update(key);
  for (const key of development) id.update(`development:${key.length}:`).update(key);
  return {
    id: id.digest('base64url'),
    of: (family) =>
      Object.hasOwn(vendors, family) ? [...(vendors[family as keyof typeof vendors] ?? []), ...development] : [],
  };
}

/** The most roots that one file may hold. */
const mostRoots = 16;

/**
 * Root keys out of a PEM file with certificates or public keys.
 * @throws {AttestError} ConfigurationInvalid when there are none
 */
export function readRoots(path: string): readonly Bytes[] {
  try {
    const certificates = rootCertificates(path).map((der) => parseCertificate(der, path).spki);
    const roots = [...certificates, ...blocksOf(path, 'PUBLIC KEY')];
    if (roots.length > 0) return roots;
  } catch (cause) {
    throw misconfigured(`The roots in ${path} cannot be read`, cause);
  }
  throw misconfigured(`${path} holds neither a certificate nor a public key in PEM`);
}

/** The roots of such a file that are there as certificates: chains that end below them are completed with these. */
export const rootCertificates = (path: string): readonly Bytes[] => blocksOf(path, 'CERTIFICATE');

const blocksOf = (path: string, label: string): readonly Bytes[] =>
  pemBlocks(new Uint8Array(readFileSync(path)), label, mostRoots, path);
