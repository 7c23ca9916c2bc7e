/**
 * Sources in their configured order. The first that has what is needed, in date and of a sufficient evaluation, answers.
 * What was fetched is kept, and answers before anyone is asked again; it is refreshed ahead of its end, and used until
 * its end when that fails. Only proven needs reach the network.
 */
import { type Bytes, type Collateral, type Need, type NeedName, recognise } from '@assay/core';
import { publishedAs } from '@assay/core/intel';
import { CollateralFailure } from './failure.ts';
import { choose, gather, type Holding, type Item, issuersPem, pick } from './holding.ts';
import type { Remote } from './remote.ts';
import type { CollateralSource, FetchEvent } from './source.ts';
import type { Stock, Stocked } from './stock.ts';

/** A folder that people fill, by what it holds now, or a source of the network. */
export type Layer =
  | { readonly kind: 'folder'; readonly view: () => Promise<Holding> }
  | { readonly kind: 'remote'; readonly remote: Remote };

export interface LayersOptions {
  readonly layers: readonly Layer[];
  /** Where what remote sources gave is kept. */
  readonly stock: Stock;
  /** SubjectPublicKeyInfo of Intel's roots in force. */
  readonly anchors: readonly Bytes[];
  readonly now: () => Date;
  /** After how long a piece is asked for again, whatever its end: revocations do not wait for it. */
  readonly refreshMilliseconds: number;
}

export interface Layers extends CollateralSource {
  readonly listen: NonNullable<CollateralSource['listen']>;
  readonly held: NonNullable<CollateralSource['held']>;
  readonly close: () => void;
  /** Asks for everything kept whose time has come. */
  readonly refresh: () => Promise<void>;
  /** Asks for these now, kept or not, in the order of the sources until one has them. */
  readonly obtain: (names: readonly NeedName[]) => Promise<void>;
}

/** How long a piece that will not do (its evaluation is too low, a frozen one ended long ago) is not asked for again. */
const settledMilliseconds = 600_000;

export function layered({ layers, stock, anchors, now, refreshMilliseconds }: LayersOptions): Layers {
  const listeners: ((event: FetchEvent) => void)[] = [];
  const flights = new Map<string, Promise<boolean>>();
  const remotes = layers.flatMap((layer) => (layer.kind === 'remote' ? [layer.remote] : []));
  let opening: Promise<void> | undefined;
  let refreshing: Promise<void> | undefined;
  /** Everything as it was last, while none of its parts has changed: finding out who signed what takes time. */
  let joined: { readonly parts: readonly Holding[]; readonly whole: Holding } | undefined;
  const open = (): Promise<void> =>
    (opening ??= stock.look().catch((error: unknown) => {
      opening = undefined;
      throw error;
    }));

  const report = (event: FetchEvent): void => {
    for (const listener of listeners) listener(event);
  };

  stock.listen((trouble) => report({ source: 'kept', outcome: 'failed', ...trouble }));

  /** Everything that any source has, whatever its standing. */
  async function everything(): Promise<Holding> {
    const views = await Promise.all(layers.flatMap((layer) => (layer.kind === 'folder' ? [layer.view()] : [])));
    const parts = [...views, stock.holding()];
    if (joined && parts.every((part, i) => part === joined?.parts[i])) return joined.whole;
    const whole = gather<Item>(
      parts.flatMap(({ items }) => items),
      parts.flatMap(({ certificates }) => certificates),
    );
    joined = { parts, whole };
    return whole;
  }

  /** Asks one source for one piece; requests that come meanwhile wait for the same answer. @returns whether there is one */
  async function fetchFrom(remote: Remote, item: NeedName): Promise<boolean> {
    const key = `${remote.name} ${item}`;
    const flight =
      flights.get(key) ??
      ask(remote, item).finally(() => {
        flights.delete(key);
      });
    flights.set(key, flight);
    return flight;
  }

  async function ask(remote: Remote, item: NeedName): Promise<boolean> {
    const published = publishedAs(item);
    if (!published) return false;
    const source = remote.name;
    const known = await everything();
    const rootCrl = stock.newest('intel/crl-root', now())?.bytes;
    try {
      const fetched = await remote.ask(published, { anchors, ...(rootCrl && { rootCrl }) }, (_name, bytes) =>
        issuersAtHand(bytes, known),
      );
      if (!fetched) return false;
      const outcome = await stock.keep(fetched.vouched, fetched.bytes, fetched.issuers, now());
      report({ source, item, outcome });
      return true;
    } catch (error) {
      if (!(error instanceof CollateralFailure)) throw error;
      report({ source, item, outcome: 'failed', reason: error.reason, detail: error.message });
      return false;
    }
  }

  const issuersAtHand = (bytes: Bytes, known: Holding): Bytes | undefined => {
    const found = recognise(bytes);
    return found && found.kind !== 'certificates'
      ? issuersPem({ ...found, path: '', bytes }, known, now().getTime())
      : undefined;
  };

  /** The root CRL comes first: what a revoked certificate signed is not believed. */
  async function fetchAll(remote: Remote, names: readonly NeedName[]): Promise<readonly NeedName[]> {
    const failed: NeedName[] = [];
    const one = async (name: NeedName): Promise<void> => {
      if (!(await fetchFrom(remote, name))) failed.push(name);
    };
    for (const name of names.filter((name) => name === 'intel/crl-root')) await one(name);
    await Promise.all(names.filter((name) => name !== 'intel/crl-root').map(one));
    return failed;
  }

  async function obtain(names: readonly NeedName[]): Promise<void> {
    await open();
    let missing = names;
    for (const remote of remotes) if (missing.length > 0) missing = await fetchAll(remote, missing);
  }

  /** What a request still lacks and a source may be asked for. */
  function wanted(missing: readonly Need[]): readonly NeedName[] {
    const proven = missing.filter((need) => need.proven).map(({ name }) => name.replace(/-issuers$/, '') as NeedName);
    return [...new Set(proven)].filter((name) => !isSettled(stock.newest(name, now()), now().getTime()));
  }

  async function collateral(needs: readonly Need[], at: Date): Promise<Collateral> {
    await open();
    const found = new Map<NeedName, Bytes>();
    let missing = needs;
    const take = (holding: Holding): void => {
      missing = missing.filter((need) => {
        const picked = pick(holding, need, at);
        if (picked?.isGood) found.set(need.name, picked.bytes);
        return !picked?.isGood;
      });
    };
    for (const layer of layers) {
      if (missing.length === 0) return found;
      take(layer.kind === 'folder' ? await layer.view() : stock.holding());
      if (layer.kind === 'folder') continue;
      let names = wanted(missing);
      if (names.length === 0) continue;
      await stock.look();
      take(stock.holding());
      names = wanted(missing);
      if (names.length === 0) continue;
      await fetchAll(layer.remote, names);
      take(stock.holding());
    }
    // Nothing will quite do: what comes close, so that the verdict can say what is wrong with it.
    return missing.length === 0 ? found : new Map([...choose(await everything(), missing, at), ...found]);
  }

  async function refreshDue(): Promise<void> {
    await open();
    await stock.look();
    const names = new Set(stock.holding().items.map(({ name }) => name));
    const due = [...names].filter((name) => {
      const item = stock.newest(name, now());
      return item !== undefined && dueAt(item, refreshMilliseconds) <= now().getTime();
    });
    await obtain(due);
  }

  /** Nobody waits for it: what goes wrong is told, and tried again the next time. */
  async function refresh(): Promise<void> {
    refreshing ??= refreshDue()
      .catch((error: unknown) => {
        const detail = error instanceof Error ? error.name : typeof error;
        report({ source: 'kept', item: 'everything', outcome: 'failed', reason: 'defect', detail });
      })
      .finally(() => {
        refreshing = undefined;
      });
    await refreshing;
  }

  return {
    collateral,
    async certificates() {
      await open();
      return (await everything()).certificates.map(({ raw }) => raw);
    },
    listen: (listener) => listeners.push(listener),
    held: () => stock.holding().items,
    refresh,
    obtain,
    close() {
      for (const remote of remotes) remote.close();
    },
  };
}

/** Whether a piece was asked for just now, and asking again would give the same. */
const isSettled = (item: Stocked | undefined, time: number): boolean =>
  item !== undefined &&
  time < item.fetched + settledMilliseconds &&
  // One that ended since may have a successor.
  !(item.fetched <= item.usable.until && item.usable.until < time);

/** The moment to ask again: four fifths through its life, or after the configured while, some sooner than others. */
function dueAt({ issued, usable, fetched, spread }: Stocked, refreshMilliseconds: number): number {
  const byLife = Math.max(issued + (usable.until - issued) * (0.75 + spread / 20), fetched + settledMilliseconds);
  const byAge = fetched + refreshMilliseconds * (0.9 + spread / 10);
  return Math.min(byLife, byAge);
}
