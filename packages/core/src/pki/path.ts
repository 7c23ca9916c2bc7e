/**
 * Certification paths (RFC 5280 §6.1) as far as attestation PKIs need them: anchors pinned by key, constraints on
 * names and policies not processed but refused. No clock: dates come back as a span.
 */
import { type Bytes, equal } from '../bytes/index.ts';
import type { Certificate } from './certificate.ts';
import type { Crl } from './crl.ts';
import { nameText, sameName } from './name.ts';
import { extensionOids } from './oids.ts';
import { type BadPath, bad, meet, type Span } from './problem.ts';
import { checkRevocation, type ListSigner } from './revocation.ts';
import { isIssuedBy, isSelfIssued, isSignedBy, keyOf, maySignCertificates } from './step.ts';

export interface PathOptions {
  /** Root keys in force: SubjectPublicKeyInfo in DER. */
  readonly anchors: readonly Bytes[];
  /** Root certificates for chains that end below their root. Only those with an anchor's key count. */
  readonly roots?: readonly Certificate[];
  /** Lists to judge every certificate but the root by: one without a list is refused. `elsewhere`: the caller sees to it. */
  readonly crls: readonly Crl[] | 'elsewhere';
  /**
   * Chains of other certificates that may sign lists for an issuer of the same name (key rollover, separate keys). Few:
   * the standing of each may depend on the lists of each other.
   */
  readonly crlSigners?: readonly (readonly Certificate[])[];
  /** Critical extensions, by object identifier, that the caller processes itself. */
  readonly understood?: readonly string[];
  /** Purpose that the first certificate must have if it restricts its purposes at all. */
  readonly purpose?: string;
  /** Certificates in the path, root included; 10 unless told. */
  readonly maxLength?: number;
}

/** `from` and `until`: when all certificates of the path are valid. */
export interface GoodPath extends Span {
  readonly ok: true;
  /** Leaf first, up to and with the root. */
  readonly path: readonly Certificate[];
  /** When all lists used are in force; undefined where none was asked for. */
  readonly lists: Span | undefined;
}

/** Extensions that may be critical: this page or its callers look at them. */
const processed: ReadonlySet<string> = new Set([
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectAltName,
]);

/** Not processed, and refused even where they are not critical: passing them over would trust more than the issuer does. */
const constraints = [extensionOids.nameConstraints, extensionOids.policyConstraints] as const;

/**
 * Walks a chain from the leaf to an anchor. Dates are not judged: the result says from when until when all certificates
 * (and lists) are valid. What subjects and further extensions mean is for the caller.
 * @param chain leaf first, each certificate followed by its issuer, ending in the root or just below it
 */
export function walkPath(chain: readonly Certificate[], options: PathOptions): GoodPath | BadPath {
  const { crls, maxLength = 10 } = options;
  if (chain.length === 0) return bad('path-empty', 0, 'There is no certificate');
  // Counted before anything is verified: a long chain must not cost more than a short one.
  if (chain.length > maxLength)
    return bad('path-too-long', maxLength, `There are ${chain.length} certificates, at most ${maxLength}`);
  const path = upToRoot(chain, options);
  const problem = checkAnchor(path, options) ?? checkLinks(path) ?? checkContents(path, options);
  if (problem) return problem;
  const lists = crls === 'elsewhere' ? undefined : checkRevocation(path, crls, listSigners(options));
  if (lists && 'ok' in lists) return lists;
  return {
    ok: true,
    path,
    from: Math.max(...path.map(({ notBefore }) => notBefore)),
    until: Math.min(...path.map(({ notAfter }) => notAfter)),
    lists,
  };
}

const isAnchor = ({ spki }: Certificate, anchors: readonly Bytes[]): boolean =>
  anchors.some((anchor) => equal(anchor, spki));

/** The chain, completed by a given root where it ends below one. */
function upToRoot(chain: readonly Certificate[], { anchors, roots = [] }: PathOptions): readonly Certificate[] {
  const top = chain[chain.length - 1] as Certificate;
  if (isAnchor(top, anchors) && isSelfIssued(top)) return chain;
  const root = roots.find((candidate) => isAnchor(candidate, anchors) && isIssuedBy(top, candidate));
  return root ? [...chain, root] : chain;
}

function checkAnchor(path: readonly Certificate[], { anchors }: PathOptions): BadPath | undefined {
  const index = path.length - 1;
  const root = path[index] as Certificate;
  if (isAnchor(root, anchors)) return undefined;
  return bad('untrusted', index, `The key of «${nameText(root.subject)}» is not an anchor's`);
}

/** Roots whose own signature held: one root ends several chains, and its bytes are what they are. */
const selfSigned = new WeakSet<Certificate>();

/** Names and signatures, from the root down; the root vouches for itself. */
function checkLinks(path: readonly Certificate[]): BadPath | undefined {
  for (let index = path.length - 1; index >= 0; index--) {
    const child = path[index] as Certificate;
    const issuer = path[index + 1] ?? child;
    if (issuer === child && selfSigned.has(child)) continue;
    if (!sameName(child.issuer, issuer.subject)) {
      return bad(
        'issuer-name',
        index,
        `The issuer is «${nameText(child.issuer)}», the next subject «${nameText(issuer.subject)}»`,
      );
    }
    const { scheme, oid } = child.signatureAlgorithm;
    if (!scheme) return bad('algorithm', index, `Signature algorithm ${oid} is not supported`);
    const key = keyOf(issuer);
    if (!key) return bad('issuer-key', index, `The key of «${nameText(issuer.subject)}» is not supported`);
    if (!isSignedBy(child, key))
      return bad('signature', index, `The signature is not by «${nameText(issuer.subject)}»`);
    if (issuer === child) selfSigned.add(child);
  }
  return undefined;
}

/** What RFC 5280 §6.1.4 and §6.1.5 ask of each certificate. */
function checkContents(path: readonly Certificate[], options: PathOptions): BadPath | undefined {
  // Certificates between the one in hand and the leaf that count for path lengths: self-issued ones do not.
  let below = 0;
  for (const [index, certificate] of path.entries()) {
    const problem =
      checkExtensions(certificate, index, options) ??
      (index === 0 ? checkLeaf(certificate, options) : checkIssuer(certificate, index, below));
    if (problem) return problem;
    if (index > 0 && !isSelfIssued(certificate)) below++;
  }
  return undefined;
}

function checkExtensions(
  certificate: Certificate,
  index: number,
  { understood = [] }: PathOptions,
): BadPath | undefined {
  for (const [id, { critical }] of certificate.extensions) {
    if (critical && !processed.has(id) && !understood.includes(id)) {
      return bad('critical-extension', index, `Extension ${id} is critical and not processed`);
    }
  }
  const constraint = constraints.find((id) => certificate.extensions.has(id));
  if (constraint) return bad('constraint', index, `Constraints (extension ${constraint}) are not processed`);
  return undefined;
}

function checkLeaf(certificate: Certificate, { purpose }: PathOptions): BadPath | undefined {
  const { basicConstraints, keyUsage, extendedKeyUsage } = certificate;
  if (keyUsage?.keyCertSign && !basicConstraints?.ca) {
    return bad('key-usage', 0, 'The key may sign certificates, but the certificate is no CA');
  }
  if (purpose === undefined || !extendedKeyUsage || extendedKeyUsage.has(purpose)) return undefined;
  return bad('purpose', 0, `The purposes are ${[...extendedKeyUsage].join(', ')}, expected ${purpose}`);
}

function checkIssuer(certificate: Certificate, index: number, below: number): BadPath | undefined {
  const { basicConstraints } = certificate;
  if (!basicConstraints?.ca) return bad('not-a-ca', index, 'The certificate is no CA');
  if (!maySignCertificates(certificate)) return bad('key-usage', index, 'The key may not sign certificates');
  const { pathLength } = basicConstraints;
  if (pathLength === undefined || below <= pathLength) return undefined;
  return bad('path-length', index, `There are ${below} CAs below, at most ${pathLength}`);
}

/** Those who may sign lists beside the issuers. Their own paths are walked when needed; none vouches for itself. */
function listSigners(options: PathOptions): readonly ListSigner[] {
  const { purpose: _, crlSigners = [], ...rest } = options;
  return crlSigners.flatMap((chain) => {
    const [certificate] = chain;
    if (!certificate) return [];
    const others = crlSigners.filter((other) => other !== chain);
    const stands = (): Span | undefined => {
      const result = walkPath(chain, { ...rest, crlSigners: others });
      return result.ok ? meet(result, result.lists ?? result) : undefined;
    };
    return [{ certificate, stands }];
  });
}
