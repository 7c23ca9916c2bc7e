/**
 * Collateral at hand, indexed by what it says of itself, and the choice among several files that answer one need.
 * Nothing is verified here: a file that lies about itself is refused when it is used.
 */
import {
  type Bytes,
  base64,
  type Certificate,
  type Collateral,
  isIssuedBy,
  isSelfIssued,
  issuersOf,
  type Need,
  type NeedName,
  type RecognisedItem,
  recognise,
  signersOf,
  toPem,
  utf8,
} from '@assay/core';
import { crlBytes, isCrlIssuedBy, parseCrl } from '@assay/core/pki';

/** A file that answers a need. */
export interface Item extends RecognisedItem {
  readonly path: string;
  readonly bytes: Bytes;
}

export interface Holding {
  readonly items: readonly Item[];
  readonly certificates: readonly Certificate[];
  /** Files that were not recognised. */
  readonly strangers: readonly string[];
  /** The items that answer a need. */
  readonly named: (name: NeedName) => readonly Item[];
  /** The chains that sign an item: found out once. */
  readonly chains: (item: Item) => readonly Chain[];
}

/** Who signed something, and the root that says so. */
interface Chain {
  readonly signer: Certificate;
  readonly root: Certificate;
}

/** @param files paths for messages, and the files' bytes */
export function holdingOf(files: Iterable<readonly [path: string, bytes: Bytes]>): Holding {
  const items: Item[] = [];
  const certificates: Certificate[] = [];
  const strangers: string[] = [];
  for (const [path, bytes] of files) {
    const found = recognise(bytes);
    if (!found) strangers.push(path);
    else if (found.kind === 'certificates') certificates.push(...found.certificates);
    else items.push({ ...found, path, bytes });
  }
  return gather(items, certificates, strangers);
}

/** What was recognised already, as one holding; the same certificate twice counts once. */
export function gather(
  items: readonly Item[],
  given: readonly Certificate[],
  strangers: readonly string[] = [],
): Holding {
  const certificates = [...new Map(given.map((one) => [base64(one.raw), one])).values()];
  const named = new Map<NeedName, Item[]>();
  for (const item of items) named.set(item.name, [...(named.get(item.name) ?? []), item]);
  const chains = new Map<Item, readonly Chain[]>();
  return {
    items,
    certificates,
    strangers,
    named: (name) => named.get(name) ?? [],
    chains(item) {
      const found = chains.get(item) ?? chainsOf(item, certificates);
      chains.set(item, found);
      return found;
    },
  };
}

function chainsOf({ kind, bytes }: Item, certificates: readonly Certificate[]): readonly Chain[] {
  const roots = certificates.filter(isSelfIssued);
  const others = certificates.filter((one) => !isSelfIssued(one));
  const signers = kind === 'crl' ? listSigners(bytes, others) : signersOf(bytes, others);
  return signers.flatMap((signer) =>
    roots.filter((root) => isIssuedBy(signer, root)).map((root): Chain => ({ signer, root })),
  );
}

function listSigners(bytes: Bytes, certificates: readonly Certificate[]): readonly Certificate[] {
  const list = parseCrl(crlBytes(bytes));
  return certificates.filter((one) => isCrlIssuedBy(list, one));
}

/** What a holding has for a need. */
interface Picked {
  readonly bytes: Bytes;
  /** In date, of a sufficient evaluation, and with the chain that signs it. */
  readonly isGood: boolean;
}

/** @returns undefined when it has nothing of that name, not even something that comes close */
export function pick(holding: Holding, { name, minimumEvaluation = 0 }: Need, at: Date): Picked | undefined {
  const time = at.getTime();
  const own = best(holding.named(name), minimumEvaluation, time);
  const isOwn = own !== undefined;
  const item = own ?? best(holding.named(documentOf(name)), minimumEvaluation, time);
  if (!item) return undefined;
  const isFitting = item.issued <= time && time <= item.until && (item.evaluation ?? 0) >= minimumEvaluation;
  const issuers = item.kind === 'crl' ? undefined : issuersPem(item, holding, time);
  if (!isOwn) return issuers && { bytes: issuers, isGood: isFitting };
  return { bytes: item.bytes, isGood: isFitting && (item.kind === 'crl' || issuers !== undefined) };
}

/** The document that a chain of issuers belongs to; for other names, one that nothing has. */
const documentOf = (name: NeedName): NeedName => {
  const document = name.replace(/-issuers$/, '') as NeedName;
  return issuersOf(document) === name ? document : name;
};

/** What the holding has for each need. */
export function choose(holding: Holding, needs: readonly Need[], at: Date): Collateral {
  const out = new Map<NeedName, Bytes>();
  for (const need of needs) {
    const picked = pick(holding, need, at);
    if (picked) out.set(need.name, picked.bytes);
  }
  return out;
}

/** The newest that is valid and of a sufficient evaluation; where none is, the newest that comes close. */
export function best(items: readonly Item[], minimumEvaluation: number, time: number): Item | undefined {
  const rank = ({ issued, until, evaluation = 0 }: Item): readonly number[] => [
    Number(evaluation >= minimumEvaluation),
    Number(issued <= time),
    Number(time <= until),
    evaluation,
    issued,
  ];
  return [...items].sort((a, b) => compare(rank(b), rank(a)))[0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** The chain that a vendor serves beside an item: its signer's certificate and the root's, PEM. The root CRL has none. */
export function issuersPem(item: Item, { chains }: Holding, time: number): Bytes | undefined {
  const isValid = ({ notBefore, notAfter }: Certificate): number => Number(notBefore <= time && time <= notAfter);
  const rank = ({ signer, root }: Chain): readonly number[] => [
    isValid(signer) + isValid(root),
    signer.notAfter,
    root.notAfter,
  ];
  const [chain] = [...chains(item)].sort((a, b) => compare(rank(b), rank(a)));
  return chain && utf8(toPem('CERTIFICATE', chain.signer.raw) + toPem('CERTIFICATE', chain.root.raw));
}
