/** Genuine collateral, as Intel served it over the years: what a fetcher would keep, and what it would refuse. */
import { readdirSync } from 'node:fs';
import { type Bytes, hex, intelRoot, Refusal, recognise, toPem, utf8 } from '@assay/core';
import { publishedAs, vouchCollateral } from '@assay/core/intel';
import { crlBytes, parseCertificate, pemBlocks } from '@assay/core/pki';
import { expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';

withVectors('collateral of Intel', 'dcap', (folder) => {
  const names = readdirSync(folder.path('collateral')).sort();
  const certificates = readdirSync(folder.path('certs')).flatMap((name) =>
    pemBlocks(folder.bytes(`certs/${name}`), 'CERTIFICATE', 4).map((der) => parseCertificate(der)),
  );
  const isSelfIssued = ({ subject, issuer }: (typeof certificates)[number]): boolean => hex(subject) === hex(issuer);
  const roots = certificates.filter(isSelfIssued);
  const chains = certificates
    .filter((one) => !isSelfIssued(one))
    .flatMap((signer) => roots.map((root) => utf8(toPem('CERTIFICATE', signer.raw) + toPem('CERTIFICATE', root.raw))));

  /** The checks that refuse it, under each chain that might be its own; empty when one of them vouches for it. */
  function refusals(name: string, bytes: Bytes): readonly string[] {
    const found = recognise(folder.bytes(`collateral/${name}`));
    const published = found && found.kind !== 'certificates' ? publishedAs(found.name) : undefined;
    if (!published) return ['not published'];
    const checks: string[] = [];
    for (const issuers of chains) {
      try {
        vouchCollateral(published, bytes, issuers, { anchors: [intelRoot] });
        return [];
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        checks.push(error.check.id);
      }
    }
    return checks;
  }

  test('all of it is vouched for, in every spelling', () => {
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) {
      const bytes = folder.bytes(`collateral/${name}`);
      expect([name, refusals(name, bytes)]).toEqual([name, []]);
      if (!name.startsWith('crl-')) continue;
      const der = crlBytes(bytes);
      expect([name, refusals(name, utf8(toPem('X509 CRL', der)))]).toEqual([name, []]);
      expect([name, refusals(name, utf8(hex(der)))]).toEqual([name, []]);
    }
  });

  test('T1: none of it after a change of one bit', () => {
    for (const name of names.filter((_, i) => i % 8 === 0)) {
      const bytes = Uint8Array.from(folder.bytes(`collateral/${name}`));
      const at = Math.floor(bytes.length / 3);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      expect([name, refusals(name, bytes).length > 0]).toEqual([name, true]);
    }
  });
});
