/**
 * Whether a genuine TPM holds the attestation key: its certificate's chain to a root in force (TCG credential profiles).
 * Clients send the certificate alone. There is one CA for each region, vendor and year, hundreds in all, and which one it
 * is the certificate only claims: what the operator holds may answer, and the network may not.
 */
import { type Appraisal, Refusal } from '../../appraisal.ts';
import { oid, readDer, tag } from '../../asn1/index.ts';
import { type Bytes, concat, hex, utf8 } from '../../bytes/index.ts';
import type { Collateral, Context, Need, NeedName } from '../../contract.ts';
import { sha256 } from '../../crypto/index.ts';
import {
  type Certificate,
  type Crl,
  extensionOids,
  isCrlIssuedBy,
  isIssuedBy,
  isSelfIssued,
  nameText,
  parseCertificate,
  parseCrl,
  pemBlocks,
  toPem,
  walkPath,
} from '../../pki/index.ts';
import { vouch } from '../../vouch.ts';
import { attempt } from '../attempt.ts';
import { aikFamily } from './anchors.ts';
import { check } from './checks.ts';
import type { TpmSettings } from './settings.ts';

/** tcg-kp-AIKCertificate. */
const aikPurpose = '2.23.133.8.3';
/** Certificates between an attestation key and its root, and lists. Real chains have one. */
const most = { certificates: 8, lists: 8 };

const nameFor = (issuer: Bytes, keyIdentifier: Bytes | undefined): NeedName =>
  `tcg/aik-issuers-${hex(sha256(concat(issuer, Uint8Array.of(0), keyIdentifier ?? utf8('')))).slice(0, 40)}`;

/** What is needed to judge an attestation key's certificate: PEM with the certificates above it, and lists of their CAs. */
export const aikIssuers = ({ issuer, authorityKeyIdentifier }: Certificate): Need => ({
  name: nameFor(issuer, authorityKeyIdentifier),
  proven: false,
});

/** The needs that a CA's certificate answers: leaves name it with its key's identifier, or without. */
export const aikNeedsAnsweredBy = ({ subject, subjectKeyIdentifier }: Certificate): readonly NeedName[] => [
  ...(subjectKeyIdentifier ? [nameFor(subject, subjectKeyIdentifier)] : []),
  nameFor(subject, undefined),
];

/**
 * The answer to such a need out of what somebody holds.
 * @param ca the certificate that is needed
 * @param certificates those that may stand above it
 * @param lists those that their CAs may have signed
 */
export function aikIssuersPem(ca: Certificate, certificates: readonly Certificate[], lists: readonly Crl[]): Bytes {
  const chain = upward(ca, certificates);
  const theirs = lists.filter((list) => chain.some((one) => isCrlIssuedBy(list, one)));
  return utf8(
    [
      ...chain.map(({ raw }) => toPem('CERTIFICATE', raw)),
      ...theirs.slice(0, most.lists).map(({ raw }) => toPem('X509 CRL', raw)),
    ].join(''),
  );
}

/** A certificate and those above it, as far as they are there. */
function upward(first: Certificate, certificates: readonly Certificate[]): readonly Certificate[] {
  const chain = [first];
  while (chain.length < most.certificates) {
    const top = chain[chain.length - 1] as Certificate;
    if (isSelfIssued(top)) break;
    const above = certificates.find((one) => !chain.includes(one) && isIssuedBy(top, one));
    if (!above) break;
    chain.push(above);
  }
  return chain;
}

/** @throws {Malformed} for what is no certificate */
export const readAik = (der: Bytes): Certificate => parseCertificate(der, 'aik_cert');

/**
 * Judges a certificate, and records each outcome.
 * @returns whether it vouches for its key
 * @throws {Refusal} only where the provider requires a valid certificate
 */
export function judgeAik(leaf: Certificate, have: Collateral, context: Context<TpmSettings>): boolean {
  try {
    requireChain(leaf, have, context);
    return true;
  } catch (error) {
    if (context.settings.requireValidAik || !(error instanceof Refusal)) throw error;
    return false;
  }
}

function requireChain(leaf: Certificate, have: Collateral, context: Context<TpmSettings>): void {
  const appraisal: Appraisal = context.appraisal;
  const { name } = aikIssuers(leaf);
  const issuers = have.get(name);
  appraisal.require(check['tpm.aik.issuer'], issuers !== undefined, {
    observed: describeIssuer(leaf),
    ...(!issuers && { detail: 'nothing at hand has this name and key' }),
  });
  const { aikPurpose: where } = context.settings;
  const inputs = [leaf.raw, issuers, utf8(where)];
  const chain = vouch(context, 'AIK chain', inputs, undefined, (branch: Appraisal) => {
    const profile = profileProblem(leaf);
    branch.require(check['tpm.aik.profile'], profile === undefined, {
      ...(profile !== undefined && { detail: profile }),
    });
    const [certificates, lists] = attempt(branch, check['tpm.aik.chain'], () => [
      pemBlocks(issuers, 'CERTIFICATE', most.certificates).map((der) => parseCertificate(der, 'issuer')),
      pemBlocks(issuers, 'X509 CRL', most.lists).map((der) => parseCrl(der)),
    ]);
    const path = walkPath([leaf, ...certificates], {
      anchors: context.anchors.of(aikFamily),
      crls: 'elsewhere',
      understood: [extensionOids.certificatePolicies],
    });
    branch.require(check['tpm.aik.chain'], path.ok, {
      observed: [leaf, ...certificates].map(({ subject }) => `«${nameText(subject)}»`),
      ...(!path.ok && { detail: path.detail }),
    });
    const without = purposeless(path.path, where);
    branch.require(check['tpm.aik.profile'], without === undefined, {
      ...(without && { observed: `«${nameText(without.subject)}»`, detail: `it has not the purpose ${aikPurpose}` }),
    });
    const revoked = path.path.find((one, i) => isRevoked(one, path.path[i + 1], lists));
    branch.require(check['tpm.aik.standing'], revoked === undefined, {
      observed: revoked
        ? `«${nameText(revoked.subject)}», serial number ${revoked.serialHex}`
        : `${lists.length} lists`,
    });
    return { value: undefined, from: path.from, until: path.until };
  });
  appraisal.require(check['tpm.aik.dated'], chain.begun && !chain.ended, {
    expected: [new Date(chain.from), new Date(chain.until)],
    observed: context.at,
  });
}

/** For whoever must find the file: the issuer's name, and the identifier of its key. */
const describeIssuer = ({ issuer, authorityKeyIdentifier: id }: Certificate): string =>
  `issuer «${nameText(issuer)}»${id ? `, key ${hex(id)}` : ''}`;

/** What keeps a certificate from being one of an attestation key, whatever its chain. */
function profileProblem({ basicConstraints, keyUsage }: Certificate): string | undefined {
  if (basicConstraints?.ca) return 'it is a CA';
  if (!keyUsage?.digitalSignature) return 'its key is not for signatures';
  // Endorsement keys and others that decrypt sign nothing that a TPM says.
  if (keyUsage.keyEncipherment || keyUsage.keyAgreement || keyUsage.dataEncipherment || keyUsage.keyCertSign)
    return 'its key is for more than signatures';
  return undefined;
}

/** The first certificate below the root that should name the purpose and does not. */
function purposeless(path: readonly Certificate[], where: TpmSettings['aikPurpose']): Certificate | undefined {
  const asked = where === 'none' ? [] : path.slice(0, where === 'leaf' ? 1 : -1);
  return asked.find(({ extendedKeyUsage }) => !extendedKeyUsage?.has(aikPurpose));
}

const isRevoked = (one: Certificate, issuer: Certificate | undefined, lists: readonly Crl[]): boolean =>
  issuer !== undefined && lists.some((list) => isCrlIssuedBy(list, issuer) && list.revoked.has(one.serialHex));

/**
 * Object identifiers of certificate policies: how the CA knew the TPM.
 * @throws {Malformed} when the extension does not read
 */
export function policyOids({ extensions }: Certificate): readonly string[] {
  const found = extensions.get(extensionOids.certificatePolicies);
  if (!found) return [];
  const policies = readDer(found.value, 'certificatePolicies').expect(tag.sequence).children('policy');
  return policies.map((policy) => oid(policy.expect(tag.sequence).fields().next('id')));
}
