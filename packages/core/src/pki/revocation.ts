/**
 * Revocation along a path (RFC 5280 §6.3; no delta lists, no lists of other issuers). Fails closed: a certificate without
 * a usable list is refused, and any list signed for its issuer that names it revokes it.
 */
import { hex } from '../bytes/index.ts';
import type { Certificate } from './certificate.ts';
import type { Crl } from './crl.ts';
import { nameText, sameName } from './name.ts';
import { extensionOids } from './oids.ts';
import { always, type BadPath, bad, meet, type Span } from './problem.ts';
import { isInScope } from './scope.ts';
import { isCrlIssuedBy } from './step.ts';

/** A certificate that may sign lists beside the issuer itself. */
export interface ListSigner {
  readonly certificate: Certificate;
  /** When its own path holds; undefined where it does not. Asked only if it signed a list. */
  readonly stands: () => Span | undefined;
}

/**
 * Judges every certificate of a path but the root.
 * @param path leaf first, root last, signatures already checked
 * @returns when the lists used are in force, or the first certificate that is revoked or not vouched for
 */
export function checkRevocation(
  path: readonly Certificate[],
  crls: readonly Crl[],
  signers: readonly ListSigner[],
): Span | BadPath {
  let span = always;
  // From the root down: what an issuer says counts once the issuer is known to stand.
  for (let index = path.length - 2; index >= 0; index--) {
    const found = judge(path, index, crls, signers);
    if ('ok' in found) return found;
    span = meet(span, found);
  }
  return span;
}

function judge(
  path: readonly Certificate[],
  index: number,
  crls: readonly Crl[],
  signers: readonly ListSigner[],
): Span | BadPath {
  const certificate = path[index] as Certificate;
  const issuer = nameText(certificate.issuer);
  const named = crls.filter((crl) => sameName(crl.issuer, certificate.issuer));
  if (named.length === 0) return bad('crl-missing', index, `There is no list by «${issuer}»`);

  const signed = named.flatMap((crl) => {
    const signer = signerSpan(crl, path.slice(index + 1), signers);
    return signer ? [{ crl, signer }] : [];
  });
  if (signed.length === 0) {
    return bad('crl-signature', index, `No list by «${issuer}» is signed by a certificate that may sign it`);
  }
  if (signed.some(({ crl }) => crl.revoked.has(certificate.serialHex))) {
    const subject = nameText(certificate.subject);
    return bad('revoked', index, `«${subject}», serial number ${hex(certificate.serial)}, is revoked by «${issuer}»`);
  }

  const understood = signed.filter(({ crl }) => unprocessed(crl).length === 0);
  if (understood.length === 0) {
    const ids = signed.flatMap(({ crl }) => unprocessed(crl)).join(', ');
    return bad(
      'crl-critical-extension',
      index,
      `Critical extensions of the list by «${issuer}» are not processed: ${ids}`,
    );
  }
  const [newest] = understood
    .filter(({ crl }) => isInScope(crl, certificate))
    .sort((a, b) => b.crl.thisUpdate - a.crl.thisUpdate);
  if (!newest) return bad('crl-missing', index, `No list by «${issuer}» speaks for this certificate`);
  const { thisUpdate, nextUpdate } = newest.crl;
  if (nextUpdate === undefined) {
    return bad('crl-without-end', index, `The list by «${issuer}» does not say when the next one comes`);
  }
  return meet({ from: thisUpdate, until: nextUpdate }, newest.signer);
}

/** When whoever signed the list stands: always for those above in the path, whose dates are the path's own. */
function signerSpan(crl: Crl, above: readonly Certificate[], signers: readonly ListSigner[]): Span | undefined {
  if (above.some((issuer) => isCrlIssuedBy(crl, issuer))) return always;
  for (const { certificate, stands } of signers) {
    const span = isCrlIssuedBy(crl, certificate) ? stands() : undefined;
    if (span) return span;
  }
  return undefined;
}

/** Critical extensions beyond the one that `isInScope` processes. */
const unprocessed = ({ unknownCritical }: Crl): readonly string[] =>
  unknownCritical.filter((id) => id !== extensionOids.issuingDistributionPoint);
