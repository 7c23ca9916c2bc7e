/** What the demo plays of machines with a TPM: a CA for their attestation keys, and the settings that the service needs. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { base64url, toPem } from '@assay/core';
import { forgeLog, forgeTpm } from '@assay/core/testing';
import { setReferenceLog } from '@assay/server/collateral';
import { writeFolder } from '../../output.ts';
import { banks, boot, loaderDigest } from './boot.ts';

export interface MachinePiece {
  /** The CA of attestation keys: whose keys they are, and when it began. */
  readonly ca: { readonly seed: string; readonly at: Date };
  /** What the service demands of whoever attests a TPM. */
  readonly bearer: string;
  readonly flags: Readonly<Record<string, string>>;
  /** The CA's root, a file. */
  readonly anchor: string;
}

/** A CA of the demo's own, its certificate in the folder's collateral. Another one each time. */
export async function laboratory(folder: string, at: Date): Promise<MachinePiece> {
  const ca = { seed: `demo ${folder} ${at.getTime()}`, at };
  const { certificates } = forgeTpm(ca);
  const pem = (...chain: readonly Uint8Array[]) => chain.map((der) => toPem('CERTIFICATE', der)).join('');
  await writeFolder(
    folder,
    new Map([
      ['attestation-key-root.pem', pem(certificates.root)],
      [join('collateral', 'attestation-key-ca.pem'), pem(certificates.issuer, certificates.root)],
      ['tpm.policy', policy],
    ]),
  );
  // As its owner stores it of a machine known to be good: what differs from it is named.
  const references = join(folder, 'reference-logs');
  await setReferenceLog(references, 'good-boot', forgeLog(boot, banks).log);
  const bearer = randomBytes(24).toString('base64url');
  return {
    ca,
    bearer,
    flags: {
      'provider-policies': JSON.stringify({ Tpm: join(folder, 'tpm.policy') }),
      'tpm-bearer-token': bearer,
      'tpm-reference-logs': references,
    },
    anchor: join(folder, 'attestation-key-root.pem'),
  };
}

/**
 * All that the firmware started is known, and Secure Boot let it through. Programs are the events of PCR 4 that nothing is
 * proven of but their digest: what type an event has is for the log to claim.
 */
const policy = `version=1.2;

authorizationrules
{
    => add(type="known-loader", value="${base64url(loaderDigest)}");

    c:[type=="events", issuer=="AttestationService"] => add(type="started", value=JsonToClaimValue(JmesPath(c.value, "Events[?PcrIndex == \`4\` && !EventTypeString].Digests.SHA256")));
    started:[type=="started", issuer=="AttestationPolicy"] &&
    known:[type=="known-loader", issuer=="AttestationPolicy"]
    => add(type="chain-known", value=IsSubsetOf(started.value, known.value));

    [type=="secureBootEnabled", value==true, issuer=="AttestationService"] &&
    [type=="chain-known", value==true, issuer=="AttestationPolicy"]
    => permit();
};

issuancerules
{
    c:[type=="started", issuer=="AttestationPolicy"] => issue(type="loader", value=c.value);
};
`;
