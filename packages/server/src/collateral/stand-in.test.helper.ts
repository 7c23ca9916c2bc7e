/** A stand-in for Intel's services with a simulated platform behind it, and sources that ask it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bytes, Need, NeedName } from '@assay/core';
import { needsOf } from '@assay/core/intel';
import { type ForgedIntel, forgeIntel } from '@assay/core/testing';
import {
  type Changes,
  publishing,
  type Speaks,
  type StandIn,
  serveStandIn,
  tcbInfoVersion2,
} from '../testing/index.ts';
import { fetchingFrom, remoteOptions, type SourceSettings } from './configured.ts';
import type { Layer, Layers } from './layers.ts';
import { remote } from './remote.ts';
import type { FetchEvent } from './source.ts';

export const day = 86_400_000;
export const begin = Date.parse('2026-03-01T12:00:00Z');
export const fmspc = '00906ed50000';
export const needs: readonly Need[] = needsOf('sgx', fmspc, 'platform', 0);
const anchor: Bytes = forgeIntel({ at: new Date(begin) }).anchor;

/** Worlds that were made: making one takes longer than asking for it. */
export type Made = Map<string, ForgedIntel>;

/** Worlds of one seed at a moment: the same bytes for the same question, as of a real service. */
export function worldsAt(at: () => number, made: Made) {
  return (changes: Changes): ForgedIntel => {
    const key = JSON.stringify([at(), changes]);
    const { isVersion2, isStale, isForeign, isSignerRevoked, isSignerEnded, ...same } = changes;
    const world =
      made.get(key) ??
      forgeIntel({
        at: new Date(at() - (isStale ? 90 * day : 0)),
        ...(isForeign && { seed: 'a stranger' }),
        // The serial that forged signers have.
        ...(isSignerRevoked && { crls: { root: { revoked: [{ serial: 4, at: at() }] } } }),
        ...(isSignerEnded && { certificates: { signer: { notAfter: at() - day } } }),
        ...(isVersion2 && { tcbInfo: tcbInfoVersion2 }),
        ...same,
      });
    made.set(key, world);
    return world;
  };
}

export interface Bench {
  /** What the clock says; to be moved by tests. */
  time: number;
  /** When the stand-in's collateral is issued around; follows nothing of itself. */
  issuing: number;
  readonly standIn: StandIn;
  readonly folder: string;
  readonly events: FetchEvent[];
  /** Sources that ask the stand-in, over the same folder each time: as after a restart. */
  readonly layers: (
    sources?: readonly Partial<SourceSettings>[],
    more?: { readonly update?: string; readonly before?: readonly Layer[]; readonly refreshHours?: number },
  ) => Layers;
  readonly get: (from: Layers, of?: readonly Need[]) => Promise<NeedName[]>;
  readonly close: () => Promise<void>;
}

export interface BenchOptions {
  readonly speaks?: Speaks;
  readonly platforms?: readonly string[];
  readonly made?: Made;
}

export async function bench({ speaks = 'pcs', platforms, made = new Map() }: BenchOptions = {}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'assay-fetched-'));
  const events: FetchEvent[] = [];
  const open: Layers[] = [];
  const worlds = worldsAt(() => it.issuing, made);
  const standIn = await serveStandIn({
    answer: publishing({ worlds, speaks, evaluation: 17, ...(platforms && { platforms }) }),
  });
  const kind = speaks === 'thim' ? 'thim' : speaks === 'pcs' ? 'pcs' : 'pccs';
  const it: Bench = {
    time: begin,
    issuing: begin,
    standIn,
    folder,
    events,
    layers(sources = [{}], { update = 'standard', before = [], refreshHours = 24 } = {}) {
      const around = {
        folder: join(folder, update),
        anchors: [anchor],
        random: () => 0.5,
        now: () => new Date(it.time),
      };
      const settings = { update, refreshHours, unknownSeconds: 600 };
      const asked = sources.map((source, i): Layer => {
        const whole = { kind, url: standIn.url, timeoutSeconds: 5, ...source } as const;
        return {
          kind: 'remote',
          remote: remote(remoteOptions(whole, whole.name ?? `source-${i + 1}`, settings, around)),
        };
      });
      const all = fetchingFrom([...before, ...asked], settings, around);
      all.listen((event) => events.push(event));
      open.push(all);
      return all;
    },
    get: async (from, of = needs) => [...(await from.collateral(of, new Date(it.time))).keys()],
    async close() {
      for (const layers of open) layers.close();
      await standIn.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return it;
}
