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
  Malformed,
  type Need,
  type NeedName,
  type RecognisedItem,
  recognise,
  signersOf,
  toPem,
  utf8,
  withoutMark,
} from '@assay/core';
import { crlBytes, isCrlIssuedBy, parseCrl, sameName } from '@assay/core/pki';

/** A file that answers a need. */
export interface Item extends RecognisedItem {
  readonly path: string;
  readonly bytes: Bytes;
}

export interface Holding<I extends Item = Item> {
  readonly items: readonly I[];
  readonly certificates: readonly Certificate[];
  /** Files that were not recognised. */
  readonly strangers: readonly string[];
  /** The items that answer a need. */
  readonly named: (name: NeedName) => readonly I[];
  /** The certificates at hand whose key signed an item: found out once. */
  readonly signers: (item: Item) => readonly Certificate[];
  /** The chains that sign an item: found out once. */
  readonly chains: (item: Item) => readonly Chain[];
}

/** Who signed something, and the root that says so. */
interface Chain {
  readonly signer: Certificate;
  readonly root: Certificate;
  /** Both as they are served. */
  readonly pem: Bytes;
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
    else items.push({ ...found, path, bytes: found.kind === 'crl' ? bytes : withoutMark(bytes) });
  }
  return gather(items, certificates, strangers);
}

/** What was recognised already, as one holding; the same certificate twice counts once. */
export function gather<I extends Item>(
  items: readonly I[],
  given: readonly Certificate[],
  strangers: readonly string[] = [],
): Holding<I> {
  const certificates = [...new Map(given.map((one) => [base64(one.raw), one])).values()];
  const named = new Map<NeedName, I[]>();
  for (const item of items) named.set(item.name, [...(named.get(item.name) ?? []), item]);
  const signers = once((item: Item) => signersAmong(item, certificates));
  return {
    items,
    certificates,
    strangers,
    named: (name) => named.get(name) ?? [],
    signers,
    chains: once((item: Item) => chainsOf(signers(item), certificates)),
  };
}

function once<T extends object, R>(find: (of: T) => R): (of: T) => R {
  const found = new WeakMap<T, R>();
  return (of) => {
    const answer = found.get(of) ?? find(of);
    found.set(of, answer);
    return answer;
  };
}

function chainsOf(signers: readonly Certificate[], certificates: readonly Certificate[]): readonly Chain[] {
  const roots = certificates.filter(isSelfIssued);
  return signers
    .filter((signer) => !isSelfIssued(signer))
    .flatMap((signer) =>
      roots
        .filter((root) => isIssuedBy(signer, root))
        .map((root): Chain => ({ signer, root, pem: chainPem(signer, root) })),
    );
}

/** Whether an item's signature holds by what is at hand. Lists come without a chain: theirs is the evidence's own. */
const isSigned = (item: Item, { signers, chains }: Holding): boolean =>
  (item.kind === 'crl' ? signers(item) : chains(item)).length > 0;

/**
 * Whether somebody is at hand who signs such items and did not sign this one: it was edited, or is somebody else's.
 * Nothing is known while there is nobody.
 */
export function isDisowned(item: Item, { signers, certificates }: Holding): boolean {
  if (signers(item).length > 0) return false;
  if (item.kind !== 'crl') return certificates.some(({ commonName }) => commonName?.includes('TCB Signing'));
  const list = parseCrl(crlBytes(item.bytes));
  return certificates.some(({ subject }) => sameName(subject, list.issuer));
}

function signersAmong({ kind, bytes }: Item, certificates: readonly Certificate[]): readonly Certificate[] {
  try {
    if (kind !== 'crl') return signersOf(bytes, certificates);
    const list = parseCrl(crlBytes(bytes));
    return certificates.filter((one) => isCrlIssuedBy(list, one));
  } catch (error) {
    // What cannot be read whole is nobody's.
    if (error instanceof Malformed) return [];
    throw error;
  }
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
  const signed = (one: Item): boolean => isSigned(one, holding);
  const own = best(holding.named(name), minimumEvaluation, time, signed);
  const isOwn = own !== undefined;
  const item = own ?? best(holding.named(documentOf(name)), minimumEvaluation, time, signed);
  if (!item) return undefined;
  const isFitting = item.issued <= time && time <= item.until && (item.evaluation ?? 0) >= minimumEvaluation;
  const chain = item.kind === 'crl' ? undefined : bestChain(item, holding, time);
  const isGood = isFitting && (item.kind === 'crl' || (chain !== undefined && isInDate(chain, time)));
  if (isOwn) return { bytes: item.bytes, isGood };
  return chain && { bytes: chain.pem, isGood };
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

/**
 * The newest that is valid and of a sufficient evaluation; where none is, the newest that comes close.
 * @param signed whether a signature holds: where one does, items without one are not looked at. A copy that was edited
 *   says what it likes of itself, and must not hide the genuine one
 */
export function best<I extends Item>(
  items: readonly I[],
  minimumEvaluation: number,
  time: number,
  signed: (item: I) => boolean = () => true,
): I | undefined {
  const rank = ({ issued, until, evaluation = 0 }: I): readonly number[] => [
    Number(evaluation >= minimumEvaluation),
    Number(issued <= time),
    Number(time <= until),
    evaluation,
    issued,
  ];
  const order = [...items].sort((a, b) => compare(rank(b), rank(a)));
  return order.find(signed) ?? order[0];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** The chain that a vendor serves beside an item: its signer's certificate and the root's, PEM. The root CRL has none. */
export function issuersPem(item: Item, holding: Holding, time: number): Bytes | undefined {
  return bestChain(item, holding, time)?.pem;
}

/** The chain that is in date, and longest. */
function bestChain(item: Item, { chains }: Holding, time: number): Chain | undefined {
  const rank = (chain: Chain): readonly number[] => [
    Number(isInDate(chain, time)),
    chain.signer.notAfter,
    chain.root.notAfter,
  ];
  return [...chains(item)].sort((a, b) => compare(rank(b), rank(a)))[0];
}

const isInDate = ({ signer, root }: Chain, time: number): boolean =>
  [signer, root].every(({ notBefore, notAfter }) => notBefore <= time && time <= notAfter);

const chainPem = (signer: Certificate, root: Certificate): Bytes =>
  utf8(toPem('CERTIFICATE', signer.raw) + toPem('CERTIFICATE', root.raw));
