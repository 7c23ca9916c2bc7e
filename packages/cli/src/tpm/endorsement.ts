/** Whether a genuine TPM holds an endorsement key: its certificate's chain to roots of makers (TCG EK credential profile). */
import { type Bytes, type Certificate, isIssuedBy, isSelfIssued, Malformed, parseCertificate } from '@assay/core';
import { equal } from '@assay/core/bytes';
import { extensionOids, walkPath } from '@assay/core/pki';
import { endorsementKey as keyOfCertificate, type Public, publicKeyOf } from '@assay/core/tpm';

/** tcg-kp-EKCertificate. The platform's certificate may be over the same key, with another purpose. */
const ekPurpose = '2.23.133.8.1';
const longestChain = 8;

/**
 * What is wrong with the certificate; undefined where it is of this very key, and chains to one of the roots. Its end is
 * not looked at: old chips outlive their certificates.
 * @param der of the endorsement key's certificate
 * @param area what the TPM says the key is
 * @param given roots, and certificates between them and the leaf
 */
export function endorsementProblem(der: Bytes, area: Public, given: readonly Bytes[]): string | undefined {
  try {
    const leaf = parseCertificate(der, 'ek certificate');
    const others = given.map((one) => parseCertificate(one, '--ek-root'));
    // Finding the key's bytes somewhere in the certificate would not do: other bytes of it may make a weak key.
    if (!equal(keyOfCertificate(leaf.spki).spki, publicKeyOf(area).spki))
      return 'the certificate in the TPM is of another key';
    if (leaf.basicConstraints?.ca) return 'it is a CA';
    if (!leaf.extendedKeyUsage?.has(ekPurpose)) return `it has not the purpose ${ekPurpose} of endorsement keys`;
    const path = walkPath(upward(leaf, others), {
      anchors: others.filter(isSelfIssued).map(({ spki }) => spki),
      crls: 'elsewhere',
      understood: [extensionOids.certificatePolicies],
    });
    return path.ok ? undefined : path.detail;
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

/** A certificate and those above it, as far as they are there. */
function upward(leaf: Certificate, others: readonly Certificate[]): readonly Certificate[] {
  const chain = [leaf];
  while (chain.length < longestChain) {
    const top = chain[chain.length - 1] as Certificate;
    const above = isSelfIssued(top) ? undefined : others.find((one) => !chain.includes(one) && isIssuedBy(top, one));
    if (!above) break;
    chain.push(above);
  }
  return chain;
}
