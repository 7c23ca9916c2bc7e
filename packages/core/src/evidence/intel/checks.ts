/** Every question that is put to a quote and its collateral. Order: as they are asked. */
import { checks } from '../../appraisal.ts';

const quoteFormat = { source: 'Intel SGX ECDSA QuoteLib reference, appendix A' };
const pck = { source: 'Intel SGX PCK certificate and CRL profile' };
const pcs = { source: 'Intel PCS API v4' };
const qvl = { source: 'Intel quote verification library, QuoteVerifier' };
const fetchAgain = { remedy: 'Replace it with what Intel serves today' };
/** What Azure Attestation answers to any quote that does not verify. */
const badQuote =
  "RETURN_IF_ERROR('EBADQUOTECOLLATERAL') failed with 0xfffe: 'The specified quote was invalid due to an error in the quote collateral.'";

export const check = checks({
  'intel.oe.layout': [
    'EvidenceMalformed',
    'The OpenEnclave report is a 16-byte header and exactly one quote',
    { source: 'openenclave bits/report.h' },
  ],
  'intel.quote.layout': ['EvidenceMalformed', 'The quote reads whole', quoteFormat],
  'intel.quote.tee': ['EvidenceMalformed', 'The quote is of the kind that this attestation type takes', quoteFormat],
  'intel.quote.bound-data': ['RequestMalformed', 'Data that is said to be JSON is one JSON object'],
  'intel.pck.certificates': [
    'EvidenceRefused',
    'The quote brings a chain of exactly three certificates: PCK, intermediate, root',
    { ...pck, remedy: 'Produce the quote with certification data of type 5 (PCK certificate chain)', wire: badQuote },
  ],
  'intel.pck.names': ['EvidenceRefused', 'The chain names Intel’s PCK certificate, its CA and its root', pck],
  'intel.pck.path': [
    'EvidenceRefused',
    'The PCK chain is issued in order up to a root key in force',
    { source: 'RFC 5280 §6.1', wire: badQuote },
  ],
  'intel.pck.profile': ['EvidenceRefused', 'Each certificate of the chain is of Intel’s profile', pck],
  'intel.pck.extension': ['EvidenceRefused', 'The PCK certificate states FMSPC, PCE and security versions', pck],
  'intel.pck.dated': [
    'EvidenceRefused',
    'The PCK chain is in date',
    { source: 'RFC 5280 §6.1.3', remedy: 'Provision the platform with a current PCK certificate' },
  ],
  'intel.pck.begun': ['EvidenceRefused', 'The PCK chain is valid already', { source: 'RFC 5280 §6.1.3' }],
  'intel.collateral.present': [
    'CollateralMissing',
    'The collateral needed to judge this platform is at hand',
    { ...pcs, remedy: 'Fetch it with «assay collateral fetch», or import it with «assay collateral import»' },
  ],
  'intel.root-crl.signed': [
    'CollateralInvalid',
    'The root CRL is one, and signed by the root',
    { source: 'RFC 5280 §6.3', ...fetchAgain },
  ],
  'intel.pck-crl.signed': [
    'CollateralInvalid',
    'The PCK CRL is one, and signed by the CA that issued the PCK certificate',
    { source: 'RFC 5280 §6.3', ...fetchAgain },
  ],
  'intel.root-crl.dated': ['CollateralExpired', 'The root CRL is in date', fetchAgain],
  'intel.pck-crl.dated': ['CollateralExpired', 'The PCK CRL is in date', fetchAgain],
  'intel.root.standing': ['EvidenceRefused', 'The root certificate is not revoked', pck],
  'intel.ca.standing': ['EvidenceRefused', 'The PCK CA certificate is not revoked', pck],
  'intel.pck.standing': [
    'EvidenceRefused',
    'The PCK certificate is not revoked',
    { ...pck, remedy: 'This platform is no longer trusted by Intel' },
  ],
  'intel.signing.path': [
    'CollateralInvalid',
    'The collateral’s issuer chain is a TCB signing certificate and a root in force',
    { ...pcs, ...fetchAgain },
  ],
  'intel.signing.begun': ['CollateralInvalid', 'The collateral’s issuer chain is valid already', pcs],
  'intel.signing.dated': ['CollateralExpired', 'The collateral’s issuer chain is in date', { ...pcs, ...fetchAgain }],
  'intel.signing.standing': [
    'CollateralInvalid',
    'The TCB signing certificate is not revoked',
    { ...pcs, ...fetchAgain },
  ],
  'intel.tcb-info.signed': [
    'CollateralInvalid',
    'The TCB info is signed by its issuer, byte for byte',
    { ...pcs, ...fetchAgain },
  ],
  'intel.tcb-info.content': ['CollateralInvalid', 'The TCB info says all that it must', { ...pcs, ...fetchAgain }],
  'intel.tcb-info.begun': ['CollateralInvalid', 'The TCB info is valid already', pcs],
  'intel.tcb-info.dated': ['CollateralExpired', 'The TCB info is in date', { ...pcs, ...fetchAgain }],
  'intel.tcb-info.subject': ['CollateralInvalid', 'The TCB info is about this kind of platform', qvl],
  'intel.qe-identity.signed': [
    'CollateralInvalid',
    'The QE identity is signed by its issuer, byte for byte',
    { ...pcs, ...fetchAgain },
  ],
  'intel.qe-identity.content': [
    'CollateralInvalid',
    'The QE identity says all that it must',
    { ...pcs, ...fetchAgain },
  ],
  'intel.qe-identity.begun': ['CollateralInvalid', 'The QE identity is valid already', pcs],
  'intel.qe-identity.dated': ['CollateralExpired', 'The QE identity is in date', { ...pcs, ...fetchAgain }],
  'intel.qe-identity.subject': [
    'CollateralInvalid',
    'The QE identity is that of the enclave that quotes this kind of evidence',
    qvl,
  ],
  'intel.tdx.module': ['EvidenceRefused', 'The TDX module is one that the TCB info knows, signed as it says', qvl],
  'intel.tdx.seam-attributes': ['EvidenceRefused', 'The TDX module runs without debug attributes', qvl],
  'intel.qe.signed': [
    'EvidenceRefused',
    'The quoting enclave’s report is signed by the PCK key',
    { ...qvl, wire: badQuote },
  ],
  'intel.qe.binding': [
    'EvidenceRefused',
    'The quoting enclave vouches for the attestation key',
    { ...qvl, wire: badQuote },
  ],
  'intel.qe.identity': ['EvidenceRefused', 'The quoting enclave is Intel’s', { ...qvl, wire: badQuote }],
  'intel.quote.key': ['EvidenceMalformed', 'The attestation key is a point on P-256', qvl],
  'intel.quote.signed': ['EvidenceRefused', 'The quote is signed by the attestation key', { ...qvl, wire: badQuote }],
  'intel.runtime-data': [
    'RuntimeDataMismatch',
    'The report data begins with the SHA-256 of runtimeData',
    { wire: `${badQuote}SuppliedRuntimeDataDigest does not match RuntimeData Digest in quote` },
  ],
  'intel.init-data': [
    'RuntimeDataMismatch',
    'The configuration id begins with the SHA-256 of initTimeData',
    {
      source: 'Azure Attestation REST, initTimeData',
      remedy: 'Launch the enclave with that configuration id (SGX: key separation, KSS)',
    },
  ],
  'intel.tcb.supported': [
    'EvidenceRefused',
    'A TCB level matches the platform',
    { ...qvl, remedy: 'Update microcode, platform software and quoting enclave' },
  ],
  'intel.tcb.evaluation': [
    'CollateralMissing',
    'The TCB evaluation number is not below the provider’s minimum',
    { ...pcs, remedy: 'Fetch collateral of that TCB evaluation, or lower the minimum' },
  ],
  'intel.collateral.age': [
    'CollateralExpired',
    'The TCB info and the QE identity are not older than the provider allows',
    fetchAgain,
  ],
  'intel.tcb.status': [
    'BaselineUnmet',
    'The TCB status is one that the provider accepts',
    {
      remedy:
        'Update microcode, platform software and quoting enclave, or accept this status in the provider’s baseline',
      wire: 'the device on which the quote was generated does not meet the Azure baseline requirements',
    },
  ],
});
