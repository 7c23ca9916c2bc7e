/** Every question that is put to TPM evidence. Order: as they are asked; nothing of a log is read before the quote holds. */
import { checks } from '../../appraisal.ts';

const protocol = { source: 'Azure Attestation, TPM protocol' };
const library = { source: 'TPM 2.0 library, part 2' };
const firmware = { source: 'TCG PC Client Platform Firmware Profile' };
const credential = { source: 'TCG EK and AIK credential profiles; RFC 5280 §6.1' };
const quoteAgain = { remedy: 'Quote again, and read the logs after the quote' };

export const check = checks({
  'tpm.request.shape': ['RequestMalformed', 'The request is one of the protocol', protocol],
  'tpm.context': [
    'OperationInvalid',
    'The request answers a challenge that this service gave a short while ago',
    { ...protocol, remedy: 'Begin again with the first round' },
  ],
  'tpm.jws': ['EvidenceRefused', 'The request is signed by the key that it is for', { source: 'RFC 7515, RFC 7518' }],
  'tpm.key.binding': [
    'EvidenceRefused',
    'Something that the TPM signed says that the key belongs to this machine',
    { ...protocol, remedy: 'Use version 2 of the request, with tpm_quote or tpm_certify' },
  ],
  'tpm.aik.pub': [
    'EvidenceRefused',
    'The attestation key is the one of its certificate',
    { ...protocol, remedy: 'Send the certificate of the key that signs the quote' },
  ],
  'tpm.aik.weak-key': [
    'EvidenceRefused',
    'The attestation key is none that can be computed from its public half',
    { source: 'CVE-2017-15361 (ROCA)', remedy: 'Update the TPM’s firmware and make a new key' },
  ],
  'tpm.quote.layout': ['EvidenceMalformed', 'The quote is one, and reads whole', library],
  'tpm.quote.signature': ['EvidenceRefused', 'The attestation key signed the quote', library],
  'tpm.quote.freshness': [
    'EvidenceRefused',
    'The quote holds what the challenge and the key demand, and no more',
    protocol,
  ],
  'tpm.quote.pcrs': [
    'EvidenceRefused',
    'The PCR values are exactly those that the quote covers',
    { source: 'TPM 2.0 library, part 3 §18.4' },
  ],
  'tpm.aik.issuer': [
    'CollateralMissing',
    'The certificates between the attestation key and a root are at hand',
    {
      ...credential,
      remedy: 'Import the issuer’s certificate, and those above it up to a root, with «assay collateral import»',
    },
  ],
  'tpm.aik.chain': ['EvidenceRefused', 'The attestation key’s certificate chains to a root in force', credential],
  'tpm.aik.profile': [
    'EvidenceRefused',
    'The certificate is one of an attestation key, and so says its chain',
    credential,
  ],
  'tpm.aik.dated': [
    'EvidenceRefused',
    'The attestation key’s chain is in date',
    { source: 'RFC 5280 §6.1.3', remedy: 'Enrol the attestation key again' },
  ],
  'tpm.aik.standing': [
    'EvidenceRefused',
    'No certificate of the attestation key’s chain is revoked, by the lists at hand',
    { source: 'RFC 5280 §6.3' },
  ],
  'tpm.key.certify': [
    'EvidenceRefused',
    'The attestation key certifies the key that is said to be in the TPM',
    library,
  ],
  'tpm.log.layout': [
    'EvidenceMalformed',
    'Each log reads to its end',
    { ...firmware, remedy: 'Send the log as the system keeps it, whole' },
  ],
  'tpm.log.replay': [
    'EvidenceRefused',
    'The logs explain every quoted PCR that firmware and the system’s loader extend',
    { ...firmware, ...quoteAgain },
  ],
  'tpm.log.events': ['EvidenceMalformed', 'What the logs’ events hold reads, and nests within bounds', firmware],
  'tpm.log.boot-counter': ['EvidenceRefused', 'The boot counter of the log is that of the quote', firmware],
  'tpm.log.trust-point': ['EvidenceRefused', 'The quote that Windows put into its log agrees with the log', firmware],
  'tpm.ima.layout': ['EvidenceMalformed', 'Each IMA list reads to its end', { source: 'Linux, IMA templates' }],
  'tpm.ima': [
    'EvidenceRefused',
    'The quote covers the IMA lists, or a first part of them',
    { source: 'Linux, IMA templates', ...quoteAgain },
  ],
  'tpm.ima.aggregate': [
    'EvidenceRefused',
    'The IMA list begins with the aggregate of the PCRs that firmware left',
    { source: 'Linux, IMA templates' },
  ],
  'tpm.vbs.layout': [
    'EvidenceMalformed',
    'The report of the VBS enclave reads whole',
    { source: 'Windows SDK, VBS_ENCLAVE_REPORT' },
  ],
  'tpm.vbs.key': [
    'EvidenceRefused',
    'The measured boot names exactly one key that signs reports of VBS enclaves',
    { source: 'Windows SDK, wbcl.h' },
  ],
  'tpm.vbs.signature': [
    'EvidenceRefused',
    'That key signed the report of the VBS enclave',
    { source: 'Windows SDK, VBS_ENCLAVE_REPORT' },
  ],
  'tpm.vbs.data': ['EvidenceRefused', 'The enclave vouches for the request, byte for byte', protocol],
  'tpm.boot-attestation': [
    'EvidenceRefused',
    'The kept quote is of the same cold boot, and this boot resumed it',
    { ...protocol, remedy: 'Send the current attestation alone' },
  ],
  'tpm.quote.selection': [
    'BaselineUnmet',
    'The quote covers the PCRs that the policy requires, in a bank that is strong enough',
    { ...protocol, remedy: 'Quote these PCRs in a bank of SHA-256 or better, or set required_pcr_mask in the policy' },
  ],
  'tpm.quote.hash': [
    'BaselineUnmet',
    'The attestation key signs with a hash that the provider accepts',
    { ...library, remedy: 'Use an attestation key that signs with SHA-256, or accept sha1Signatures' },
  ],
  'tpm.vbs.debug': [
    'BaselineUnmet',
    'The VBS enclave runs without debugging',
    { source: 'Windows SDK, VBS_ENCLAVE_REPORT', remedy: 'Build the enclave without debugging' },
  ],
});
