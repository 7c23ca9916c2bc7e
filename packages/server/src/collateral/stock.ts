/**
 * What was fetched, kept in memory and in a folder of the same layout as one that people fill. Nothing is in it that core
 * has not vouched for: files that another process or an earlier run left there are vouched for again when they are read.
 */
import { rm, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { type Bytes, type Certificate, parseCertificate, pemBlocks, Refusal, recognise } from '@assay/core';
import { publishedAs, type VouchedItem, vouchCollateral } from '@assay/core/intel';
import { failureOf, type Reason } from './failure.ts';
import { bytesOf, codeOf, filesIn, onlyNew, versionOf } from './files.ts';
import { best, gather, type Holding, type Item, issuersPem } from './holding.ts';
import { storeFile } from './import.ts';

/** A piece of collateral that core vouched for. */
export interface Stocked extends Item, VouchedItem {
  /** When a source gave it last, in milliseconds since 1970. */
  readonly fetched: number;
  /** From 0 (included) to 1 (excluded): spreads refreshes. */
  readonly spread: number;
}

export interface StockOptions {
  readonly folder: string;
  /** SubjectPublicKeyInfo of Intel's roots in force. */
  readonly anchors: readonly Bytes[];
  /** A number from 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

/** A file that is not believed or cannot be read, or a piece that could not be written. */
interface Trouble {
  readonly item: string;
  readonly reason: Reason | 'not-kept' | 'skipped';
  readonly detail: string;
}

export interface Stock {
  /** Names someone who is told about troubles from now on. */
  readonly listen: (listener: (trouble: Trouble) => void) => void;
  /** What is there now. */
  readonly holding: () => Holding<Stocked>;
  /** Looks at the folder again: what another process fetched need not be fetched. */
  readonly look: () => Promise<void>;
  /** The newest of a name, whatever its dates. */
  readonly newest: (name: VouchedItem['name'], at: Date) => Stocked | undefined;
  /**
   * Keeps a vouched answer, and the chain that signs it.
   * @returns what it is beside what was there; an older one is not kept
   */
  readonly keep: (
    vouched: VouchedItem,
    bytes: Bytes,
    issuers: Bytes | undefined,
    at: Date,
  ) => Promise<'new' | 'same' | 'older'>;
}

/** Certificates in one chain file. */
const mostCertificates = 16;
/** Pieces in all: a platform has two or three, and kinds of platform are some hundred. */
const mostItems = 2048;

export function stock({ folder, anchors, random }: StockOptions): Stock {
  const listeners: ((trouble: Trouble) => void)[] = [];
  /** By path; those that could not be written stand under a path that no file has. */
  const items = new Map<string, Stocked>();
  const certificates = new Map<string, readonly Certificate[]>();
  /** Files by path, and what tells whether they changed since. */
  const seen = new Map<string, string>();
  let holding: Holding<Stocked> = gather<Stocked>([], []);
  let looking: Promise<void> | undefined;

  const tell = (trouble: Trouble): void => {
    for (const listener of listeners) listener(trouble);
  };
  const tellSkipped = onlyNew(({ path, problem }) => tell({ item: path, reason: 'skipped', detail: problem }));
  const regather = (): void => {
    holding = gather([...items.values()], [...certificates.values()].flat());
  };

  async function look(): Promise<void> {
    const { files, skipped } = await filesIn(folder);
    const unread = [...skipped];
    const paths = new Set(files.map(({ path }) => path));
    // What is in memory serves all the same where the folder cannot be read.
    const isHidden = (path: string): boolean =>
      skipped.some(({ path: at }) => path === at || path.startsWith(at + sep));
    const gone = [...seen.keys()].filter((path) => !paths.has(path) && !isHidden(path));
    for (const path of gone) for (const map of [seen, items, certificates]) map.delete(path);
    const fresh: Item[] = [];
    const written = new Map<string, number>();
    for (const file of files) {
      if (seen.get(file.path) === file.version) continue;
      const { bytes, skipped } = await bytesOf(file);
      if (skipped) {
        unread.push(skipped);
        continue;
      }
      seen.set(file.path, file.version);
      written.set(file.path, file.modified);
      const what = bytes && recognise(bytes);
      if (bytes === undefined || what === undefined) continue;
      if (what.kind === 'certificates') certificates.set(file.path, what.certificates);
      else fresh.push({ ...what, path: file.path, bytes });
    }
    tellSkipped(unread);
    if (gone.length === 0 && written.size === 0) return;
    vouchFor(fresh, written);
    regather();
  }

  /** Files are believed no more than answers are. The root CRL comes first, as the others are judged by it too. */
  function vouchFor(fresh: readonly Item[], fetched: ReadonlyMap<string, number>): void {
    const all = gather(fresh, [...certificates.values()].flat());
    const order = [...fresh].sort((a, b) => Number(isRootCrl(b)) - Number(isRootCrl(a)));
    for (const item of order) {
      const published = publishedAs(item.name);
      if (!published) continue;
      try {
        const issuers = isRootCrl(item) ? new Uint8Array() : issuersPem(item, all, item.issued);
        if (!issuers) {
          disbelieve(item, 'signature', 'no certificate at hand signed it');
          continue;
        }
        const vouched = vouchCollateral(published, item.bytes, issuers, ground());
        items.set(item.path, { ...item, ...vouched, fetched: fetched.get(item.path) ?? 0, spread: random() });
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const { reason, message } = failureOf(error);
        disbelieve(item, reason, message);
      }
    }
  }

  function disbelieve({ path, name }: Item, reason: Reason, why: string): void {
    items.delete(path);
    tell({ item: name, reason, detail: `a file in the folder is not believed: ${why}` });
  }

  const isRootCrl = ({ name }: Pick<Item, 'name'>): boolean => name === 'intel/crl-root';
  function ground() {
    // The last word counts, also on what was signed before it.
    const [rootCrl] = [...items.values()].filter(isRootCrl).sort((a, b) => b.issued - a.issued);
    return { anchors, ...(rootCrl && { rootCrl: rootCrl.bytes }) };
  }

  async function write(bytes: Bytes, name: string): Promise<string> {
    const found = recognise(bytes);
    const unwritten = `${folder}\0${name}`;
    if (!found) return unwritten;
    try {
      const { stored } = await storeFile(bytes, found, folder);
      // What was just written need not be read and vouched for again.
      seen.set(stored, versionOf(await stat(stored)));
      return stored;
    } catch (error) {
      tell({ item: name, reason: 'not-kept', detail: `it cannot be written to the folder: ${codeOf(error)}` });
      return unwritten;
    }
  }

  /** Of what a newer piece took the place of, that which has ended. */
  async function prune(name: string, keep: string, time: number): Promise<void> {
    const ended = [...items.values()].filter(
      (one) => one.name === name && one.path !== keep && one.usable.until < time,
    );
    const order = [...items.values()].sort((a, b) => a.until - b.until);
    const tooMany = order.slice(0, Math.max(0, items.size - mostItems)).filter(({ path }) => path !== keep);
    for (const { path } of new Set([...ended, ...tooMany])) {
      items.delete(path);
      seen.delete(path);
      if (!path.includes('\0')) await rm(path, { force: true }).catch(() => {});
    }
  }

  return {
    listen: (listener) => listeners.push(listener),
    holding: () => holding,
    async look() {
      looking ??= look().finally(() => {
        looking = undefined;
      });
      await looking;
    },
    newest: (name, at) => best(holding.named(name), 0, at.getTime()),
    async keep(vouched, bytes, issuers, at) {
      const time = at.getTime();
      const before = best(holding.named(vouched.name), 0, time);
      const isSame = before !== undefined && Buffer.compare(before.bytes, bytes) === 0;
      // Certificates first: whoever reads the folder meanwhile can judge what comes after them.
      if (issuers) {
        const path = await write(issuers, `${vouched.name}-issuers`);
        certificates.set(
          path,
          pemBlocks(issuers, 'CERTIFICATE', mostCertificates).map((der) => parseCertificate(der)),
        );
      }
      if (before && !isSame && isOlder(vouched, before, time)) {
        // A source was asked, and has nothing newer.
        items.set(before.path, { ...before, fetched: time });
        regather();
        return 'older';
      }
      const path = await write(bytes, vouched.name);
      items.set(path, { ...vouched, path, bytes, fetched: time, spread: random() });
      // What a certificate signed that is revoked now is believed no longer.
      if (isRootCrl(vouched) && !isSame)
        vouchFor([...items.values()], new Map([...items.values()].map((one) => [one.path, one.fetched] as const)));
      await prune(vouched.name, path, time);
      regather();
      return isSame ? 'same' : 'new';
    },
  };
}

/** Whether an answer would be a step back: of a lower evaluation or issued before, while the other can still be used. */
function isOlder(answer: VouchedItem, held: Stocked, time: number): boolean {
  if (time > held.usable.until) return false;
  const [evaluation, heldEvaluation] = [answer.evaluation ?? 0, held.evaluation ?? 0];
  return evaluation < heldEvaluation || (evaluation === heldEvaluation && answer.issued < held.issued);
}
