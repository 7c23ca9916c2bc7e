/**
 * The two kinds of certificate chain in Intel's world, both ending at the same root: PCK certificate, PCK CA, root;
 * and TCB signing certificate, root. Certificates are told apart by name, never by position.
 */
import type { Appraisal, Check } from '../../appraisal.ts';
import { type Bytes, equal } from '../../bytes/index.ts';
import type { PublicKey } from '../../crypto/index.ts';
import { type Certificate, isIssuedBy, parseCertificate, pemBlocks, walkPath } from '../../pki/index.ts';
import { attempt } from '../attempt.ts';
import { check } from './checks.ts';
import { fmspcText, type PckFacts, readPck, sgxExtension } from './pck.ts';

/** What a verified PCK chain says. */
export interface PckChain {
  readonly pck: PckFacts;
  /** The key that signs quoting enclaves' reports. */
  readonly key: PublicKey;
  readonly ca: 'platform' | 'processor';
  readonly leaf: Certificate;
  readonly issuer: Certificate;
  readonly root: Certificate;
  readonly from: number;
  readonly until: number;
}

export const rootName = 'SGX Root CA';
const leafName = 'SGX PCK Certificate';
const signerName = 'SGX TCB Signing';

/** By bytes, like all names here. */
const isSelfIssued = ({ subject, issuer }: Certificate): boolean => equal(subject, issuer);
const nameOf = ({ commonName = '' }: Certificate): string => commonName;
const named = (certificate: Certificate, part: string): boolean => nameOf(certificate).includes(part);

/** Extensions that every certificate of Intel's profile carries: AKI, CRL distribution points, SKI, key usage, basic constraints. */
const profile = {
  '2.5.29.35': 'AKI',
  '2.5.29.31': 'CRLDP',
  '2.5.29.14': 'SKI',
  '2.5.29.15': 'key usage',
  '2.5.29.19': 'basic constraints',
};

/**
 * Verifies a PCK chain up to a root in force. Clock-free: its dates are in the answer.
 * @param certificates DER, in any order, exactly three
 * @param anchors SubjectPublicKeyInfo of roots in force
 * @throws {Refusal}
 */
export function verifyPckChain(
  certificates: readonly Bytes[],
  anchors: readonly Bytes[],
  appraisal: Appraisal,
): PckChain {
  const number = { expected: 3, observed: certificates.length };
  appraisal.require(check['intel.pck.certificates'], certificates.length === 3, number);
  const parsed = attempt(appraisal, check['intel.pck.certificates'], () =>
    certificates.map((der) => parseCertificate(der)),
  );
  const root = parsed.find((one) => isSelfIssued(one) && named(one, rootName));
  const leaf = parsed.find((one) => one !== root && named(one, leafName));
  const issuer = parsed.find((one) => one !== root && one !== leaf && named(one, 'CA'));
  appraisal.require(check['intel.pck.names'], root !== undefined && leaf !== undefined && issuer !== undefined, {
    expected: `«…${leafName}», «…CA», «…${rootName}» (self-issued)`,
    observed: parsed.map((one) => `«${nameOf(one)}»`),
  });
  const { from, until } = walk([leaf, issuer, root], anchors, check['intel.pck.path'], appraisal);
  for (const certificate of [root, issuer, leaf]) requireProfile(certificate, check['intel.pck.profile'], appraisal);
  if (leaf.basicConstraints?.ca)
    appraisal.refuse(check['intel.pck.profile'], { detail: 'the PCK certificate is a CA' });
  appraisal.note(check['intel.pck.profile'], true);
  const extension = leaf.extensions.get(sgxExtension);
  if (!extension) appraisal.refuse(check['intel.pck.extension'], { detail: 'the SGX extension is absent' });
  const pck = attempt(appraisal, check['intel.pck.extension'], () => readPck(extension.value));
  appraisal.note(check['intel.pck.extension'], true, { observed: `FMSPC ${fmspcText(pck)}` });
  return {
    pck,
    key: leaf.key(),
    ca: named(issuer, 'Processor') ? 'processor' : 'platform',
    leaf,
    issuer,
    root,
    from,
    until,
  };
}

/** What a verified TCB signing chain says. */
export interface SigningChain {
  readonly key: PublicKey;
  readonly signer: Certificate;
  readonly root: Certificate;
  readonly from: number;
  readonly until: number;
}

/**
 * Verifies the chain that signs TCB info and QE identity: exactly a TCB signing certificate and a root in force.
 * @param pem both certificates, in either order
 * @param seen a certificate that was read already, most likely the root: reading it again would import its key again
 * @throws {Refusal}
 */
export function verifySigningChain(
  pem: Bytes,
  anchors: readonly Bytes[],
  appraisal: Appraisal,
  seen?: Certificate,
): SigningChain {
  const wanted = check['intel.signing.path'];
  const parsed = attempt(appraisal, wanted, () =>
    pemBlocks(pem, 'CERTIFICATE', 2).map((der) => (seen && equal(der, seen.raw) ? seen : parseCertificate(der))),
  );
  const root = parsed.find((one) => isSelfIssued(one) && named(one, rootName));
  const signer = parsed.find((one) => one !== root && named(one, signerName));
  if (!root || !signer) {
    const observed = parsed.map((one) => `«${nameOf(one)}»`);
    appraisal.refuse(wanted, { expected: `«…${signerName}» and «…${rootName}»`, observed });
  }
  const { from, until } = walk([signer, root], anchors, wanted, appraisal);
  for (const certificate of [root, signer]) requireProfile(certificate, wanted, appraisal);
  return { key: signer.key(), signer, root, from, until };
}

/** What a verified chain of a CA that issues PCK certificates says. */
export interface CaChain {
  readonly issuer: Certificate;
  readonly root: Certificate;
  readonly from: number;
  readonly until: number;
}

/**
 * Verifies the chain served beside a PCK CRL: exactly a PCK CA of one kind and a root in force.
 * @param pem both certificates, in either order
 * @param wanted the check that a failure is one of
 * @throws {Refusal}
 */
export function verifyCaChain(
  pem: Bytes,
  ca: PckChain['ca'],
  anchors: readonly Bytes[],
  wanted: Check,
  appraisal: Appraisal,
): CaChain {
  const caName = ca === 'platform' ? 'PCK Platform CA' : 'PCK Processor CA';
  const parsed = attempt(appraisal, wanted, () => pemBlocks(pem, 'CERTIFICATE', 2).map((der) => parseCertificate(der)));
  const root = parsed.find((one) => isSelfIssued(one) && named(one, rootName));
  const issuer = parsed.find((one) => one !== root && named(one, caName));
  if (!root || !issuer) {
    const observed = parsed.map((one) => `«${nameOf(one)}»`);
    appraisal.refuse(wanted, { expected: `«…${caName}» and «…${rootName}»`, observed });
  }
  const { from, until } = walk([issuer, root], anchors, wanted, appraisal);
  for (const certificate of [root, issuer]) requireProfile(certificate, wanted, appraisal);
  return { issuer, root, from, until };
}

function walk(
  chain: readonly Certificate[],
  anchors: readonly Bytes[],
  wanted: Check,
  appraisal: Appraisal,
): { from: number; until: number } {
  // Intel's certificates repeat names byte for byte: nothing that only means the same is taken for it.
  const foreign = chain.find((child, i) => !equal(child.issuer, (chain[i + 1] ?? child).subject));
  if (foreign)
    appraisal.refuse(wanted, {
      observed: `«${nameOf(foreign)}»`,
      detail: 'its issuer is not the next certificate, byte for byte',
    });
  const path = walkPath(chain, { anchors, crls: 'elsewhere' });
  appraisal.require(wanted, path.ok, {
    observed: chain.map((one) => `«${nameOf(one)}»`),
    ...(!path.ok && { detail: path.detail }),
  });
  return path;
}

/** Intel signs with ECDSA P-256 and SHA-256 alone, and its certificates all carry the same extensions. */
function requireProfile(certificate: Certificate, wanted: Check, appraisal: Appraisal): void {
  const name = `«${nameOf(certificate)}»`;
  const missing = Object.entries(profile).filter(([oid]) => !certificate.extensions.has(oid));
  const { scheme, oid: algorithm } = certificate.signatureAlgorithm;
  if (scheme !== 'ecdsa-sha256')
    appraisal.refuse(wanted, { expected: 'ecdsa-sha256', observed: scheme ?? algorithm, detail: name });
  if (missing.length > 0)
    appraisal.refuse(wanted, { detail: `${name} lacks ${missing.map(([, title]) => title).join(', ')}` });
}

/**
 * Picks, out of certificates held beside a quote, the three of its own chain: for quotes that name their PCK certificate
 * instead of carrying it. The choice is only a guess; the chain is verified like any other.
 * @param signs whether a key made the quoting enclave's signature
 */
export function assembleChain(held: readonly Bytes[], signs: (key: PublicKey) => boolean): readonly Bytes[] {
  const parsed = held.flatMap((der) => {
    try {
      return [parseCertificate(der)];
    } catch {
      return [];
    }
  });
  const leaf = parsed.find((one) => named(one, leafName) && canSign(one, signs));
  const issuer = leaf && parsed.find((one) => !isSelfIssued(one) && isIssuedBy(leaf, one));
  const root = issuer && parsed.find((one) => isSelfIssued(one) && isIssuedBy(issuer, one));
  return leaf && issuer && root ? [leaf.raw, issuer.raw, root.raw] : held;
}

function canSign(certificate: Certificate, signs: (key: PublicKey) => boolean): boolean {
  try {
    return signs(certificate.key());
  } catch {
    return false;
  }
}
