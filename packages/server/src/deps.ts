/** Everything a request may need, made once from the configuration. Tests and embedders put their own parts in place. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  type Anchors,
  type AnyType,
  AttestError,
  type Bytes,
  type Desk,
  type Memo,
  types as registered,
} from '@assay/core';
import { anchorsInForce, readRoots, rootCertificates } from './anchors.ts';
import { readList, withAikIssuers } from './collateral/aik-issuers.ts';
import { configuredCollateral } from './collateral/configured.ts';
import { withReferenceLogs } from './collateral/reference-logs.ts';
import type { CollateralSource } from './collateral/source.ts';
import type { Config } from './config.ts';
import { collateralFolderOf, publicUrlOf, referenceFolderOf } from './follows.ts';
import { type Insecure, insecureSettings } from './insecure.ts';
import { type KeptAppraisals, keptAppraisals } from './kept-appraisals.ts';
import { privateFolder } from './keys/files.ts';
import { sealing } from './keys/sealing.ts';
import { type SigningKeys, signingKeys } from './keys/signing.ts';
import { makeFolder } from './make-folder.ts';
import { remembering } from './memo.ts';
import { misconfigured } from './misconfigured.ts';
import { nobody, type Peers } from './peers.ts';
import { type PolicyInForce, policyInForce } from './policies.ts';
import { randomness } from './random.ts';
import { spending } from './spent.ts';
import { type Metrics, makeMetrics } from './telemetry/metrics.ts';

/** What may be put in place of the real thing. */
export interface Parts {
  /** Attestation types; the registry's unless told. */
  readonly types?: readonly AnyType[];
  readonly collateral?: CollateralSource;
  readonly now?: () => Date;
  /** Lines of the log; standard output unless told. */
  readonly logTo?: { readonly write: (line: string) => void };
  /** Whether metrics tell of the whole process, too. */
  readonly processMetrics?: boolean;
  /** Other processes of the same service. */
  readonly peers?: Peers;
}

/** An attestation type as this provider has it. */
export interface Offered extends PolicyInForce {
  readonly type: AnyType;
}

export interface Deps {
  readonly config: Config;
  /** The provider's public URL: in tokens and metadata, whatever Host a request names. */
  readonly issuer: string;
  readonly version: string;
  readonly offered: readonly Offered[];
  readonly keys: SigningKeys;
  readonly desk: Pick<Desk, 'seal' | 'unseal' | 'sealedBy'>;
  readonly anchors: Anchors;
  readonly insecure: Insecure;
  readonly collateral: CollateralSource;
  readonly memo: Memo;
  readonly appraisals: KeptAppraisals;
  readonly spend: ReturnType<typeof spending>;
  readonly metrics: Metrics;
  readonly peers: Peers;
  readonly now: () => Date;
  readonly random: (length: number) => Bytes;
  readonly phase: Phase;
  readonly logTo?: { readonly write: (line: string) => void };
}

/** Where the service is in its life: what `/readyz` says. */
interface Phase {
  current: 'starting' | 'ready' | 'stopping';
}

/** Contexts of rounds that can be remembered as spent at a time. */
const mostSpent = 100_000;

/**
 * Reads what the configuration names and makes what is not there yet.
 * @throws {AttestError} ConfigurationInvalid
 */
export function makeDeps(
  config: Config,
  { types = registered, collateral, now = () => new Date(), logTo, processMetrics = false, peers = nobody }: Parts = {},
): Deps {
  const { data, provider, memory, insecure: loud } = config;
  const issuer = publicUrlOf(config);
  const insecure = insecureSettings(loud);
  const offered = offeredOf(types, provider);
  const keyFolder = privateFolder(join(data.folder, 'keys'));
  const metrics = makeMetrics(processMetrics);
  const anchors = anchorsInForce({ development: insecure.anchors, aik: config.tpm.roots.flatMap(readRoots) });
  const referenceFolder = referenceFolderOf(config);
  if (config.tpm.referenceLogs !== undefined) requireFolder(referenceFolder, 'tpm.referenceLogs');
  const appraisals = keptAppraisals(memory.appraisals, memory.appraisalBytes);
  peers.answer((question) =>
    'appraisal' in question ? appraisals.find(question.appraisal) : metrics.registry.getMetricsAsJSON(),
  );
  return {
    config,
    issuer,
    version: packageVersion(),
    offered,
    keys: signingKeys(keyFolder, config.signing.algorithm, { issuer, name: provider.name }, now()),
    desk: sealing(keyFolder, provider.name),
    anchors,
    insecure,
    collateral: withReferenceLogs(
      withAikIssuers(
        collateral ?? collateralOf(config, anchors, metrics, now),
        config.tpm.revocationLists.map(readList),
        [...config.tpm.roots, ...loud.anchors].flatMap(rootCertificates),
      ),
      referenceFolder,
      { clock: () => performance.now() },
    ),
    memo: remembering(memory.proofs, memory.proofBytes, metrics.memory),
    appraisals,
    spend: spending(join(data.folder, 'spent'), mostSpent),
    metrics,
    peers,
    now,
    random: randomness(),
    phase: { current: 'starting' },
    ...(logTo && { logTo }),
  };
}

/** @throws {AttestError} ConfigurationInvalid for policies and baselines of types that there are not */
function offeredOf(types: readonly AnyType[], { policies, baselines }: Config['provider']): readonly Offered[] {
  const isNamed = (type: AnyType, name: string): boolean =>
    [type.name, ...(type.aliases ?? [])].some((known) => known.toLowerCase() === name.toLowerCase());
  for (const [setting, names] of [
    ['policies', Object.keys(policies)],
    ['baselines', Object.keys(baselines)],
  ] as const) {
    for (const name of names) {
      if (types.some((type) => isNamed(type, name))) continue;
      const known = types.map((type) => type.name).join(', ');
      throw new AttestError(
        'ConfigurationInvalid',
        `provider.${setting} names ${name}, which is no attestation type here (known: ${known})`,
      );
    }
  }
  const of = <T>(settings: Readonly<Record<string, T>>, type: AnyType): T | undefined =>
    Object.entries(settings).find(([name]) => isNamed(type, name))?.[1];
  return types.map((type) => {
    const [policyFile, baseline] = [of(policies, type), of(baselines, type)];
    return {
      type,
      ...policyInForce(type, { ...(policyFile !== undefined && { policyFile }), ...(baseline && { baseline }) }),
    };
  });
}

/** What fetches on its own is told to metrics here, and to the log where there is one. */
function collateralOf(config: Config, anchors: Anchors, metrics: Metrics, now: () => Date) {
  const { data, collateral } = config;
  const folder = collateralFolderOf(config);
  if (collateral.folder === undefined) makeFolder(folder);
  requireFolder(folder, 'collateral.folder');
  for (const [i, source] of collateral.sources.entries())
    if (source.folder !== undefined) requireFolder(source.folder, `collateral.sources.${i}.folder`);
  const source = configuredCollateral(collateral, {
    folder,
    fetched: join(data.folder, 'fetched'),
    anchors: anchors.of('intel'),
    now,
    clock: () => performance.now(),
    random: Math.random,
  });
  source.listen?.(metrics.collateralFetch);
  if (source.held) metrics.collateralHeld(source.held);
  return source;
}

/** Whoever names a folder means one that is there: a slip of the pen must not look like a lack of collateral. */
function requireFolder(path: string, setting: string): void {
  try {
    readdirSync(path);
  } catch (cause) {
    throw misconfigured(`The folder ${path} (${setting}) cannot be read`, cause);
  }
}

const packageVersion = (): string => createRequire(import.meta.url)('../package.json').version;
