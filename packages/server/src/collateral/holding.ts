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
}

/** @param files paths for messages, and the files' bytes */
export function holdingOf(files: Iterable<readonly [path: string, bytes: Bytes]>): Holding {
  const items: Item[] = [];
  const certificates = new Map<string, Certificate>();
  const strangers: string[] = [];
  for (const [path, bytes] of files) {
    const found = recognise(bytes);
    if (!found) strangers.push(path);
    else if (found.kind === 'certificates')
      for (const one of found.certificates) certificates.set(base64(one.raw), one);
    else items.push({ ...found, path, bytes });
  }
  return { items, certificates: [...certificates.values()], strangers };
}

/** What the holding has for each need. */
export function choose({ items, certificates }: Holding, needs: readonly Need[], at: Date): Collateral {
  const out = new Map<NeedName, Bytes>();
  for (const { name, minimumEvaluation = 0 } of needs) {
    const item = best(
      items.filter((one) => one.name === name),
      minimumEvaluation,
      at.getTime(),
    );
    if (item) {
      out.set(name, item.bytes);
      continue;
    }
    const signed = items.filter((one) => issuersOf(one.name) === name);
    const document = best(signed, minimumEvaluation, at.getTime());
    const issuers = document && issuersPem(document, certificates, at.getTime());
    if (issuers) out.set(name, issuers);
  }
  return out;
}

/** The newest that is valid and of a sufficient evaluation; where none is, the newest that comes close. */
function best(items: readonly Item[], minimumEvaluation: number, time: number): Item | undefined {
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

/** The chain that a vendor serves beside the document: its signer's certificate and the root's. */
function issuersPem(document: Item, certificates: readonly Certificate[], time: number): Bytes | undefined {
  const newest = (of: readonly Certificate[]): Certificate | undefined => {
    const isValid = ({ notBefore, notAfter }: Certificate): number => Number(notBefore <= time && time <= notAfter);
    return [...of].sort((a, b) => isValid(b) - isValid(a) || b.notAfter - a.notAfter)[0];
  };
  const signer = newest(
    signersOf(
      document.bytes,
      certificates.filter((one) => !isSelfIssued(one)),
    ),
  );
  const root = signer && newest(certificates.filter((one) => isSelfIssued(one) && isIssuedBy(signer, one)));
  return signer && root && utf8(toPem('CERTIFICATE', signer.raw) + toPem('CERTIFICATE', root.raw));
}
