/** What is measured: recorded quotes where they are at hand, a simulated one elsewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bytes, NeedName } from '@assay/core';
import { intelRoot, sgxQuote, tdQuote } from '@assay/core/intel';
import { forgeIntel } from '@assay/core/testing';

/** The folder of recorded evidence; it may be absent. */
export const vectors =
  process.env['ASSAY_VECTORS'] ?? fileURLToPath(new URL('../../../../shared/vectors', import.meta.url));

export interface Subject {
  readonly title: string;
  readonly quote: Bytes;
  readonly verifier: typeof sgxQuote;
  readonly collateral: ReadonlyMap<NeedName, Bytes>;
  readonly anchor: Bytes;
  readonly at: Date;
}

export function subjects(): readonly Subject[] {
  const manifest = join(vectors, 'dcap/manifest.json');
  if (!existsSync(manifest)) {
    console.log('Recorded quotes are absent (set ASSAY_VECTORS): measuring a simulated one, without the peer.');
    const at = new Date('2026-03-01T12:00:00Z');
    const forged = forgeIntel({ at });
    return [
      {
        title: 'SGX v3, simulated',
        quote: forged.quote(),
        verifier: sgxQuote,
        collateral: forged.collateral,
        anchor: forged.anchor,
        at,
      },
    ];
  }
  const read = (name: string): Bytes => new Uint8Array(readFileSync(join(vectors, 'dcap', name)));
  const { cases } = JSON.parse(readFileSync(manifest, 'utf8'));
  const pick = (title: string, id: string, verifier: typeof sgxQuote, tee: string, fmspc: string): Subject => {
    const { quote, collateral, time } = cases.find(
      (one: { id: string; collateral: { tcbInfo: string } }) =>
        one.id === id && one.collateral.tcbInfo.includes('-v3-'),
    );
    const issuers = new Uint8Array(Buffer.concat([read(collateral.tcbSigningCert), read(collateral.rootCert)]));
    const info: NeedName = `intel/tcb-info-${tee}-${fmspc}`;
    const identity: NeedName = `intel/qe-identity-${tee}`;
    const ca = collateral.pckCrl.includes('processor') ? 'processor' : 'platform';
    const map = new Map<NeedName, Bytes>([
      [info, read(collateral.tcbInfo)],
      [`${info}-issuers`, issuers],
      [identity, read(collateral.qeIdentity)],
      [`${identity}-issuers`, issuers],
      [`intel/crl-${ca}`, read(collateral.pckCrl)],
      ['intel/crl-root', read(collateral.rootCrl)],
    ]);
    return { title, quote: read(quote), verifier, collateral: map, anchor: intelRoot, at: new Date(time * 1000) };
  };
  return [
    pick('SGX v3', 'v3-sgx-00906ed50000-727e2e69@2025-05-27-e17', sgxQuote, 'sgx', '00906ed50000'),
    pick('TDX v4', 'v4-tdx-b0c06f000000-f1c85033@2025-06-19-e17', tdQuote, 'tdx', 'b0c06f000000'),
  ];
}
