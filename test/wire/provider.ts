/**
 * Providers that can judge the recorded evidence: its platforms are out of date under every collateral that is complete,
 * so the baseline accepts that, and the time is pinned to when the collateral was in date.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp, type Config, loadConfig, makeDeps, type Parts } from '@assay/server';
import { importFiles } from '@assay/server/collateral';
import type { Folder } from '../setup/vectors.ts';

interface Occasion {
  readonly at: string;
  /** Files of the folder `dcap`. */
  readonly files: readonly string[];
  readonly baseline: Readonly<Record<string, unknown>>;
}

const certificates = ['IntelSGXTCBSigning-2018-05-21-2025-05-21', 'IntelSGXRootCA-2049'].map(
  (name) => `certs/${name}.pem`,
);

/** When evidence of a kind of processor can be judged, and with what. */
const occasions: { readonly [fmspc: string]: Occasion } = {
  '00906ed50000': {
    at: '2025-04-12T06:36:26Z',
    files: [
      'collateral/tcbinfo-00906ed50000-SGX-v3-2025-03-28-e17-824fde85.json',
      'collateral/qeidentity-QE-v2-2025-03-28-e17-e259091f.json',
      'collateral/crl-processor-2025-03-28-ea29e302.der',
      'collateral/crl-root-2025-03-20-ad6f3f4e.der',
      ...certificates,
    ],
    baseline: {},
  },
  // The TCB info at hand was in date when no CRL at hand was: it is taken as a frozen baseline, as Azure's own are.
  '00906ea10000': {
    at: '2023-05-15T12:00:00Z',
    files: [
      'collateral/tcbinfo-00906ea10000-SGX-v3-2022-11-17-e12-591600ee.json',
      'collateral/qeidentity-QE-v2-2023-05-09-e15-6d867463.json',
      'collateral/crl-processor-2023-05-09-7052d068.der',
      'collateral/crl-root-2023-04-03-f64b58a1.der',
      ...certificates,
    ],
    baseline: { collateral: 'azure-baseline' },
  },
};
/** FMSPCs. */
export const processors: readonly string[] = Object.keys(occasions);

/** A data folder with the collateral for one kind of processor. */
export interface Standing {
  readonly folder: string;
  /** @param accept TCB statuses of the baseline; absent: the default ones */
  readonly configure: (accept?: readonly string[], flags?: Readonly<Record<string, string>>) => Config;
  readonly remove: () => void;
}

/** @param vectors the folder of all vectors */
export async function standing(vectors: Folder, fmspc: string): Promise<Standing> {
  const occasion = occasions[fmspc];
  if (!occasion) throw new Error(`no collateral for ${fmspc}`);
  const { at, files, baseline } = occasion;
  const folder = mkdtempSync(join(tmpdir(), 'assay-wire-'));
  await importFiles(
    files.map((name) => vectors.path(`dcap/${name}`)),
    join(folder, 'collateral'),
  );
  return {
    folder,
    configure(accept, flags = {}) {
      const demands = { ...baseline, ...(accept && { acceptedTcbStatuses: accept }) };
      return loadConfig({
        flags: {
          'data-folder': folder,
          'log-level': 'silent',
          'insecure-appraisal-time': at,
          'provider-baselines': JSON.stringify({ SgxEnclave: demands, OpenEnclave: demands }),
          ...flags,
        },
      });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What a provider must accept to give these platforms a token. */
export const lenient = ['UpToDate', 'SWHardeningNeeded', 'OutOfDate'] as const;

export interface Asked {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a client sees
  readonly body: any;
}

/** Asks a service once, without a network. */
export async function ask(
  config: Config,
  { type, body }: { readonly type: string; readonly body: object },
  parts: Parts = {},
): Promise<Asked> {
  const app = await buildApp(makeDeps(config, parts), undefined);
  const answer = await app.inject({
    method: 'POST',
    url: `/attest/${type}?api-version=2020-10-01`,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  await app.close();
  return { status: answer.statusCode, body: answer.json() };
}
