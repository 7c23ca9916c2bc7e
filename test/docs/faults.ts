/**
 * What went wrong in published verifiers, by a number of our own: where, and what. Each has tests whose names begin with
 * its number, or a reason why it cannot happen here yet.
 */
export interface Fault {
  readonly where: string;
  readonly what: string;
  /** Why there is no test. */
  readonly none?: string;
}

const noTpm =
  'The product keeps no records of TPMs: a request brings the certificate of its attestation key, every time.';
const noSnp = 'SEV-SNP evidence is not part of the product yet.';
const noAdministration =
  'The product has no administration over the network yet: policies and settings come from files.';
const noStore = 'Of what it decides the product keeps nothing that outlives a process but keys and spent contexts.';
const oneProvider = 'A process serves one provider.';

export const faults: { readonly [group: string]: { readonly [id: string]: Fault } } = {
  'Signatures and chains of trust': {
    T1: {
      where: 'dcap-qvl, CVE-2026-22696 (GHSA-796p-j2gh-9m2q)',
      what: 'The quoting enclave’s identity was believed without a look at who signed it.',
    },
    T2: {
      where: 'automata-dcap-attestation, pull request 144',
      what: 'A revoked quoting enclave ended verification early, and with success.',
    },
    T3: {
      where: 'azure-sdk-for-java, pull request 50449',
      what: 'Unsigned tokens and tokens of strangers looked the same, and a token could vouch for itself with its own certificate.',
    },
    T4: {
      where: 'jsrsasign, CVE-2021-30246',
      what: 'RSA signatures with malformed PKCS#1 padding were accepted.',
    },
    T5: {
      where: 'cmcp issue 429; basilica pull request 313',
      what: 'A signature was computed over and thrown away; a verifier was a stub that said yes.',
    },
    T6: {
      where: 'Cocos, CVE-2026-92702; cmcp issue 384',
      what: 'Report data that did not match, or were missing or empty, did not end verification.',
    },
    T7: {
      where: 'Keylime, CVE-2021-3406',
      what: 'Nothing tied the attestation key to the TPM whose endorsement certificate was shown.',
    },
    T8: {
      where: 'Keylime, CVE-2022-1053',
      what: 'One record was checked for identity, and another was used to check the quote.',
      none: noTpm,
    },
    T9: {
      where: 'Keylime, CVE-2023-38201',
      what: 'An error gave the answer to the registrar’s challenge away, and tries were free.',
    },
    T10: {
      where: 'Keylime, CVE-2025-13609',
      what: 'An identity was taken over by registering its name again with another TPM.',
      none: noTpm,
    },
    T11: {
      where: 'MarbleRun, GHSA-j3rq-4xjw-xg63',
      what: 'After one verification the command line trusted any certificate.',
    },
    T12: {
      where: 'Constellation, GO-2023-1583; openenclave issue 3856',
      what: 'Data of the user stood beside the evidence without being covered by its signature.',
    },
    T13: {
      where: 'Trustee, insecure_header_jwk; Microsoft TAV, pull request 152',
      what: 'Keys from a header, or a root that was downloaded, were trusted without a pinned one to compare with.',
    },
    T14: {
      where: 'dstack audit; attestation-go issue 23; snpguest issue 130',
      what: 'Revocation was not looked at, or only on demand.',
    },
    T51: {
      where: 'Node.js, crypto.X509Certificate',
      what: 'A DER certificate with PEM text in an extension is read as the certificate in that text.',
    },
    T52: {
      where: 'a literal reading of the wire',
      what: 'A stranger’s signed policy passed because the stranger appended a listed certificate to the chain.',
    },
    T53: {
      where: 'a literal reading of the wire',
      what: 'An older client’s update of a provider quietly opened what had been closed.',
      none: noAdministration,
    },
  },
  'Meaning of evidence': {
    T15: {
      where: 'go-attestation, CVE-2022-0317 (GHSA-99cg-575x-774p)',
      what: 'PCR values that the quote did not cover were believed.',
    },
    T16: {
      where: 'go-attestation, disclosure on event logs',
      what: 'The type of an event is not hashed, so events could be given another meaning.',
    },
    T17: {
      where: 'dstack audit',
      what: 'The check for debug mode looked at one bit of a whole byte.',
    },
    T18: {
      where: 'attestation-rs, pull requests 67 and 83',
      what: 'A second implementation, for browsers, left out checks that the first one made.',
      none: 'There is one implementation: service, library and command line all run `appraise`.',
    },
    T19: {
      where: 'Trail of Bits on WhatsApp, TOB-WAPI-8',
      what: 'Patch levels were taken from the report instead of the certificate.',
      none: `${noSnp} For quotes they come from the PCK certificate alone.`,
    },
    T20: {
      where: 'Trail of Bits on WhatsApp, TOB-WAPI-7, -13, -17',
      what: 'Nothing fresh was in the evidence, and parts of the machine were not measured.',
      none: 'It is about what evidence can say at all: [trust](trust.md) lists what a token does not prove.',
    },
    T21: {
      where: 'dstack audit, issues 615 and 618',
      what: 'Configuration from the host, which nothing measured, decided about security.',
    },
    T22: {
      where: 'confidential-os-builder, pull request 114; kettle issue 56',
      what: 'Offsets of RTMRs were wrong in code and tests alike, and a log did not cover all that was measured.',
    },
    T23: {
      where: 'Keylime, commit 0219550c',
      what: 'Coordinates of keys were taken to be as long as usual.',
    },
    T24: {
      where: 'openenclave; Intel DCAP',
      what: 'The same TCB status was fine in one place and a failure in another.',
    },
  },
  'Freshness, replay, relay': {
    T25: {
      where: 'Keylime, CVE-2026-6420',
      what: 'The challenge was a constant.',
    },
    T26: {
      where:
        'Cocos, CVE-2026-33697, -92701 and -119344; Contrast, CVE-2026-100835 (GHSA-hjgc-jc5v-fw7h); attested-tls-poc, CVE-2026-112377; Privasys, CVE-2026-108265, -108267 and -108268',
      what: 'Evidence was bound to a key but not to the connection or the machine, so it could be relayed.',
      none: 'No claim says that evidence belongs to a connection; [trust](trust.md) says what is left to the caller.',
    },
    T27: {
      where: 'Contrast, CVE-2026-109359',
      what: 'A peer’s older history of manifests was accepted.',
      none: noStore,
    },
    T28: {
      where: 'NVFlare, pull request 5131',
      what: 'A table of reports already seen was taken for freshness.',
    },
    T29: {
      where: 'azure-docs, issue 43938',
      what: 'A cached answer carried an older nonce.',
      none: 'No answer is kept for later: each token is made for its request, and answers are sent with `no-store`.',
    },
    T30: {
      where: 'Keylime, commit 180e728c',
      what: 'A node that had failed was trusted again just by passing later.',
      none: 'The product keeps no state about machines: each request is judged by itself.',
    },
    T31: {
      where: 'Keylime, CVE-2022-3500',
      what: 'An exception ended the checks and left the verdict positive.',
    },
    T32: {
      where: 'Keylime, CVE-2023-3674',
      what: 'A bad signature was logged, and nothing more.',
    },
    T33: {
      where: 'Keylime, commit b382aa0d',
      what: 'Verification went by a policy that had been replaced.',
      none: noAdministration,
    },
  },
  'Availability and parsing': {
    T34: {
      where: 'dstack, pull request 1267',
      what: 'Repeated selections made a small request cost millions of hashes before any signature was checked.',
    },
    T35: {
      where: 'go-attestation, GHSA-hcm6-rjfh-f25p',
      what: 'Nested structures overflowed the stack.',
    },
    T36: {
      where: 'dstack issues 566 and 567; Keylime, GHSA-6xx7-m45w-76m2',
      what: 'Compressed bodies grew without a bound, and lengths were believed before memory was taken.',
    },
    T37: {
      where: 'Keylime, CVE-2023-38200',
      what: 'One idle TLS connection kept everybody else waiting.',
    },
    T38: {
      where: 'Trustee, issue 1536',
      what: 'Open endpoints had no limits, and outgoing requests no deadline.',
    },
    T39: {
      where: 'Keylime, CVE-2022-23949, -23950 and -23952',
      what: 'Logs could be forged by control characters in names; files were open to every user.',
    },
    T40: {
      where: 'dstack, issue 558',
      what: 'Names from outside became paths of files.',
    },
    T41: {
      where: 'verifiers that follow `jku`, `x5u`, or distribution points of CRLs',
      what: 'Evidence told the verifier which address to fetch from.',
    },
    T42: {
      where: 'libraries for JOSE',
      what: 'Keys were used with the wrong algorithm, critical headers ignored, members repeated, sizes unbounded.',
    },
  },
  Administration: {
    T43: {
      where: 'Keylime, CVE-2026-1709',
      what: 'A change of the code turned the check of client certificates off.',
      none: noAdministration,
    },
    T44: {
      where: 'Contrast, GO-2025-3455',
      what: 'Anybody could use the endpoint for recovery and become the coordinator.',
      none: noAdministration,
    },
    T45: {
      where: 'Contrast, CVE-2025-71423 (GHSA-h5f8-crrq-4pw8)',
      what: 'Secrets were printed to the log.',
    },
    T46: {
      where: 'NVFlare, pull request 5312',
      what: 'One tenant could overwrite what belonged to another.',
      none: oneProvider,
    },
    T47: {
      where: 'dstack, issues 563, 608 and 609',
      what: 'Simulators and logins for development could be reached in production.',
    },
    T48: {
      where: 'Keylime, commits 2a14b452 and 4ce3a724',
      what: 'Session tokens were stored as they are, and survived their deletion.',
      none: 'The product has no sessions.',
    },
    T49: {
      where: 'Keylime, documentation on authentication',
      what: 'A certificate for a machine made its holder an administrator.',
      none: noAdministration,
    },
    T50: {
      where: 'TEE.fail, WireTap, Battering RAM, BadRAM',
      what: 'Attestation keys were taken out of genuine hardware; all signatures verify.',
      none: 'No verifier can see it in the evidence; [trust](trust.md) says so.',
    },
  },
};
