/**
 * The certificates between an attestation key and its root, out of those that the operator holds: evidence names its
 * issuer itself, so nobody is asked for it over the network.
 */
import { readFileSync } from 'node:fs';
import {
  aikIssuersPem,
  aikNeedsAnsweredBy,
  type Bytes,
  base64,
  type Certificate,
  type NeedName,
  parseCertificate,
} from '@assay/core';
import { type Crl, crlBytes, parseCrl } from '@assay/core/pki';
import { misconfigured } from '../misconfigured.ts';
import type { CollateralSource } from './source.ts';

/** A certificate at hand, and what it answers. */
interface Known {
  readonly certificate: Certificate;
  readonly answers: readonly NeedName[];
}

/**
 * @param lists of attestation key CAs
 * @param roots certificates at hand beside what the source holds: those of roots that the operator named
 */
export function withAikIssuers(
  source: CollateralSource,
  lists: readonly Crl[],
  roots: readonly Bytes[] = [],
): CollateralSource {
  let known: ReadonlyMap<string, Known> = new Map();

  async function held(): Promise<readonly Known[]> {
    const before = known;
    known = new Map(
      [...roots, ...(await source.certificates())].map((der) => {
        const key = base64(der);
        return [key, before.get(key) ?? readKnown(der)] as const;
      }),
    );
    return [...known.values()];
  }

  return {
    ...source,
    async collateral(needs, at) {
      const ours = needs.filter(({ name }) => name.startsWith('tcg/'));
      if (ours.length === 0) return source.collateral(needs, at);
      const [others, all] = await Promise.all([
        source.collateral(
          needs.filter((need) => !ours.includes(need)),
          at,
        ),
        held(),
      ]);
      const certificates = all.map(({ certificate }) => certificate);
      const out = new Map(others);
      for (const { name } of ours) {
        const ca = all.find(({ answers }) => answers.includes(name));
        if (ca) out.set(name, aikIssuersPem(ca.certificate, certificates, lists));
      }
      return out;
    },
  };
}

function readKnown(der: Bytes): Known {
  const certificate = parseCertificate(der);
  return { certificate, answers: certificate.basicConstraints?.ca ? aikNeedsAnsweredBy(certificate) : [] };
}

/** @throws {AttestError} ConfigurationInvalid for a file that holds no list */
export function readList(path: string): Crl {
  try {
    return parseCrl(crlBytes(new Uint8Array(readFileSync(path))));
  } catch (cause) {
    throw misconfigured(`The revocation list ${path} cannot be read`, cause);
  }
}
