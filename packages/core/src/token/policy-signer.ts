/**
 * Who signed a policy, and whether his word counts. Each certificate beside a signature must be issued by the next one;
 * in a provider with policy signers the first must be one of them, or the path must end at one. Nothing may stand in
 * the chain that the path does not use: else anyone could put the listed, public certificate behind his own.
 */
import { type Bytes, base64, equal } from '../bytes/index.ts';
import type { JsonObject } from '../claim.ts';
import { importJwk, type PublicKey } from '../crypto/index.ts';
import { AttestError, Malformed } from '../errors.ts';
import {
  type Certificate,
  extensionOids,
  isIssuedBy,
  isSelfIssued,
  keyOf,
  maySignCertificates,
  nameText,
  parseCertificate,
} from '../pki/index.ts';

/** Certificates that may stand beside a signature. */
const longestChain = 5;

export interface PolicySigner {
  /** The JWS's algorithm. */
  readonly alg: string;
  readonly key: PublicKey;
  /** Leaf first; empty for a bare key. */
  readonly chain: readonly Certificate[];
  /** The bare key as it was sent, where there was no certificate. */
  readonly jwk?: JsonObject;
}

export interface SignerRule {
  /** Policy signers of the provider in DER; none given: anyone may sign, and is put on record. */
  readonly listed?: readonly Bytes[];
  /** When the certificates must be valid, in milliseconds since 1970; none given: their dates are not asked. */
  readonly at?: number;
}

const wrong = (problem: string, cause?: unknown): AttestError =>
  new AttestError('OperationInvalid', problem, { cause });
/** What is wrong with a chain is a wrong parameter on the wire, with its recorded sentence where an issuer is missing. */
const badChain = (problem: string): AttestError => new AttestError('RequestMalformed', problem);

/** @throws {AttestError} OperationInvalid for what is no certificate or of no supported key */
export function chainOf(x5c: readonly Bytes[]): readonly Certificate[] {
  if (x5c.length === 0 || x5c.length > longestChain)
    throw wrong(`x5c has ${x5c.length} certificates, expected 1 to ${longestChain}.`);
  return x5c.map((der, i) => {
    try {
      const certificate = parseCertificate(der, `x5c[${i}]`);
      certificate.key();
      return certificate;
    } catch (error) {
      if (error instanceof Malformed) throw wrong(`The signer's certificate cannot be read: ${error.message}.`, error);
      throw error;
    }
  });
}

/** @throws {AttestError} OperationInvalid for what is no key to verify with */
export function keyOfJwk(jwk: JsonObject): PublicKey {
  try {
    return importJwk(jwk);
  } catch (error) {
    if (error instanceof Malformed) throw wrong(`The signer's key cannot be read: ${error.message}.`, error);
    throw error;
  }
}

/**
 * Whether a signature by this signer counts; that it is one has been verified.
 * @throws {AttestError} RequestMalformed for a chain that is none, OperationInvalid for a signer that is not listed
 */
export function admit({ chain }: Pick<PolicySigner, 'chain'>, { listed, at }: SignerRule): void {
  if (chain.length === 0) {
    if (listed)
      throw wrong(
        'The policy is signed by a bare key, but this provider takes the certificates of its policy signers only.',
      );
    return;
  }
  checkLinks(chain);
  const path = listed ? upToListed(chain, listed) : chain;
  checkContents(path);
  if (at === undefined) return;
  const stale = path.find(({ notBefore, notAfter }) => at < notBefore || at > notAfter);
  if (stale)
    throw wrong(
      `The certificate of «${nameText(stale.subject)}» is valid from ${day(stale.notBefore)} to ${day(stale.notAfter)}, not on ${day(at)}.`,
    );
}

const day = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z');

function checkLinks(chain: readonly Certificate[]): void {
  for (const [i, child] of chain.entries()) {
    const issuer = chain[i + 1];
    // A certificate above one that ends the path, or out of order, issued nothing below it.
    if (issuer && !isIssuedBy(child, issuer))
      throw badChain(
        `Unable to find issuer certificate ${nameText(child.issuer)}: x5c[${i + 1}] («${nameText(issuer.subject)}») has not issued x5c[${i}].`,
      );
  }
}

/** The chain if a listed certificate begins or ends it, or the chain and the listed certificate that issued its last. */
function upToListed(chain: readonly Certificate[], listed: readonly Bytes[]): readonly Certificate[] {
  const [leaf, last] = [chain[0] as Certificate, chain[chain.length - 1] as Certificate];
  const isListed = ({ raw }: Certificate): boolean => listed.some((der) => equal(der, raw));
  if (isListed(leaf) || isListed(last)) return chain;
  const issuer = listed.map((der) => parseCertificate(der, 'policy signer')).find((one) => isIssuedBy(last, one));
  if (!issuer)
    throw wrong(
      `The policy is signed by «${nameText(leaf.subject)}», which is not among the policy signers of this provider, nor issued by one of them.`,
    );
  return [...chain, issuer];
}

/** Extensions that may be critical: they are looked at here, or say nothing about signing. */
const processed: ReadonlySet<string> = new Set([
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectAltName,
]);

function checkContents(path: readonly Certificate[]): void {
  const [leaf] = path;
  // Recorded signers are CAs that may only sign certificates.
  if (leaf?.keyUsage && !leaf.keyUsage.digitalSignature && !leaf.keyUsage.keyCertSign)
    throw badChain(
      `The key of «${nameText(leaf.subject)}» may not sign: its usage is neither digitalSignature nor keyCertSign.`,
    );
  let below = 0;
  for (const [i, certificate] of path.entries()) {
    const name = nameText(certificate.subject);
    const { extensions, basicConstraints } = certificate;
    const unknown = [...extensions].find(([id, { critical }]) => critical && !processed.has(id));
    if (unknown) throw badChain(`«${name}» has the critical extension ${unknown[0]}, which is not processed.`);
    if (extensions.has(extensionOids.nameConstraints) || extensions.has(extensionOids.policyConstraints))
      throw badChain(`«${name}» has constraints, which are not processed.`);
    if (!keyOf(certificate)) throw badChain(`The key of «${name}» is not supported.`);
    if (i === 0) continue;
    if (!maySignCertificates(certificate)) throw badChain(`«${name}» is no CA, and cannot have issued x5c[${i - 1}].`);
    const { pathLength } = basicConstraints ?? {};
    if (pathLength !== undefined && below > pathLength)
      throw badChain(`There are ${below} CAs below «${name}», which allows ${pathLength}.`);
    if (!isSelfIssued(certificate)) below++;
  }
}

/** The claim `x-ms-policy-signer`. */
export const signerClaim = ({ alg, key, chain, jwk }: PolicySigner): JsonObject => ({
  alg,
  kty: key.kind === 'RSA' ? 'RSA' : 'EC',
  use: 'sig',
  ...(chain.length > 0 ? { x5c: chain.map(({ raw }) => base64(raw)) } : keyMembers(jwk ?? {})),
});

const keyMembers = (jwk: JsonObject): JsonObject =>
  Object.fromEntries(
    ['n', 'e', 'crv', 'x', 'y'].filter((name) => Object.hasOwn(jwk, name)).map((name) => [name, jwk[name] ?? null]),
  );
