/** The sources of collateral as an operator configured them: settings in, one source out, with what refreshes it. */
import { join } from 'node:path';
import { AttestError, type Bytes } from '@assay/core';
import { misconfigured } from '../misconfigured.ts';
import type { Channel, Protocol } from './dialect.ts';
import type { Skipped } from './files.ts';
import { folderSource, folderView } from './folder.ts';
import type { Holding } from './holding.ts';
import { type Layer, type Layers, layered } from './layers.ts';
import { type RemoteOptions, remote } from './remote.ts';
import type { CollateralSource, FetchEvent } from './source.ts';
import { stock } from './stock.ts';

/** One source, as it stands in the configuration. */
export interface SourceSettings {
  readonly kind: 'folder' | Protocol;
  readonly name?: string;
  readonly folder?: string;
  readonly url?: string;
  readonly apiVersion?: 3 | 4;
  readonly rootCrl?: string;
  readonly region?: string;
  readonly crlsByUri?: boolean;
  readonly frozen?: boolean;
  readonly ca?: string;
  readonly proxy?: string;
  readonly timeoutSeconds?: number;
  readonly answerBytes?: number;
}

export interface CollateralSettings {
  readonly sources: readonly SourceSettings[];
  /** `standard`, `early`, or an evaluation number. */
  readonly update: string;
  readonly refreshHours: number;
  readonly unknownSeconds: number;
}

/** What the sources know of the world. */
export interface Surroundings {
  /** The folder that people fill, unless a source names another. */
  readonly folder: string;
  /** Below it what was fetched is kept, by channel. */
  readonly fetched: string;
  /** SubjectPublicKeyInfo of Intel's roots in force. */
  readonly anchors: readonly Bytes[];
  readonly now: () => Date;
  /** Milliseconds of any steady clock. */
  readonly clock: () => number;
  /** A number from 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

const standard = { timeoutSeconds: 10, answerBytes: 8 * 1024 * 1024 } as const;
/** How often it is looked for what is due, in milliseconds. */
const tick = 60_000;

/**
 * @returns a source that is not at work yet: without `start` nothing is refreshed before it is asked for
 * @throws {AttestError} ConfigurationInvalid
 */
export function configuredCollateral(
  settings: CollateralSettings,
  around: Surroundings,
): CollateralSource & { readonly start: () => void } {
  const { folder, clock } = around;
  const listeners: ((event: FetchEvent) => void)[] = [];
  const skipped = ({ path: item, problem: detail }: Skipped): void => {
    for (const listener of listeners)
      listener({ source: 'folder', item, outcome: 'failed', reason: 'skipped', detail });
  };
  if (settings.sources.length === 0) {
    let seen: Holding | undefined;
    const source = folderSource(folder, {
      clock,
      skipped,
      seen(holding) {
        seen = holding;
      },
    });
    return {
      ...source,
      listen: (listener) => listeners.push(listener),
      held: () => seen?.items ?? [],
      // Looking for certificates looks at all there is.
      isBare: async () => (await source.certificates()).length === 0 && seen?.items.length === 0,
      start: () => {},
    };
  }
  const views = new Map<string, Holding>();
  const layers = settings.sources.map((source, i): Layer => {
    const at = source.folder ?? folder;
    if (source.kind === 'folder')
      return { kind: 'folder', view: folderView(at, { clock, skipped, seen: (holding) => views.set(at, holding) }) };
    return { kind: 'remote', remote: remote(remoteOptions(source, nameOf(settings.sources, i), settings, around)) };
  });
  const all = fetchingFrom(layers, settings, { ...around, folder: join(around.fetched, settings.update) });
  let timer: NodeJS.Timeout | undefined;
  return {
    ...all,
    listen(listener) {
      listeners.push(listener);
      all.listen(listener);
    },
    async isBare() {
      for (const layer of layers) {
        if (layer.kind === 'remote') return false;
        const { items, certificates } = await layer.view();
        if (items.length > 0 || certificates.length > 0) return false;
      }
      return true;
    },
    held: () => [...[...views.values()].flatMap(({ items }) => items), ...all.held()],
    start() {
      timer ??= setInterval(() => void all.refresh(), tick);
      timer.unref();
      void all.refresh();
    },
    close() {
      clearInterval(timer);
      all.close();
    },
  };
}

/** @param around its folder is where what was fetched is kept: one for each channel, as they must not mix */
export function fetchingFrom(
  layers: readonly Layer[],
  { refreshHours }: Pick<CollateralSettings, 'refreshHours'>,
  { folder, anchors, random, now }: Pick<Surroundings, 'folder' | 'anchors' | 'random' | 'now'>,
): Layers {
  const kept = stock({ folder, anchors, random });
  return layered({ layers, stock: kept, anchors, now, refreshMilliseconds: refreshHours * 3_600_000 });
}

/** @throws {AttestError} ConfigurationInvalid */
export function remoteOptions(
  source: SourceSettings,
  name: string,
  { update, unknownSeconds }: Pick<CollateralSettings, 'update' | 'unknownSeconds'>,
  { now, random }: Pick<Surroundings, 'now' | 'random'>,
): RemoteOptions {
  const { kind, timeoutSeconds, answerBytes, apiVersion, url, ...more } = { ...standard, ...source };
  if (kind === 'folder') throw new AttestError('Defect', 'A folder is not asked over the network');
  if (kind === 'pccs' && url === undefined)
    throw misconfigured(
      `The collateral source ${name} is a caching service (pccs) without its url: it has none by default`,
    );
  for (const address of [url, more.rootCrl]) requireSafe(address);
  return {
    ...more,
    name,
    protocol: kind,
    ...(url !== undefined && { url }),
    apiVersion: apiVersion ?? 4,
    update: channelOf(update),
    timeoutMilliseconds: timeoutSeconds * 1000,
    longestAnswer: answerBytes,
    unknownMilliseconds: unknownSeconds * 1000,
    now,
    random,
  };
}

const channelOf = (update: string): Channel => (update === 'standard' || update === 'early' ? update : Number(update));

/** TLS, or the same machine. All is signed, but whoever is in between could keep back what is new. */
function requireSafe(address: string | undefined): void {
  if (address === undefined) return;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isHere = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) {
    if (url.username === '' && url.password === '' && url.hash === '') return;
    throw new AttestError('ConfigurationInvalid', `The address of a source of collateral has more than an address`);
  }
  throw new AttestError(
    'ConfigurationInvalid',
    `The address of a source of collateral must be https (http on this machine alone), not «${address}»`,
  );
}

/** As named; otherwise by its kind, with its place in the list where there are several of the kind. */
function nameOf(sources: readonly SourceSettings[], i: number): string {
  const name = (at: number): string => {
    const source = sources[at];
    if (source?.name !== undefined) return source.name;
    const isAlone = sources.filter(({ kind }) => kind === source?.kind).length === 1;
    return isAlone ? String(source?.kind) : `${source?.kind}-${at + 1}`;
  };
  const own = name(i);
  if (sources.some((_, other) => other !== i && name(other) === own))
    throw new AttestError('ConfigurationInvalid', `Two sources of collateral are called ${own}`);
  return own;
}
