/**
 * Collateral: what Intel publishes to judge quotes by. Everything here works on exact bytes, without a clock, and gives
 * values to be vouched for; names of needs are made here and nowhere else.
 */
import type { Appraisal, Check, CheckTable } from '../../appraisal.ts';
import { type Bytes, hex, utf8 } from '../../bytes/index.ts';
import type { Need, NeedName, Proven } from '../../contract.ts';
import { sha256, verifySignature } from '../../crypto/index.ts';
import { hexBytes, parseMembers, type Slot } from '../../json/index.ts';
import { type Certificate, type Crl, crlBytes, isCrlIssuedBy, nameText, parseCrl, toPem } from '../../pki/index.ts';
import { attempt } from '../attempt.ts';
import type { SigningChain } from './chain.ts';
import type { Tee } from './quote.ts';

export const rootCrl: NeedName = 'intel/crl-root';
export const pckCrl = (ca: 'platform' | 'processor'): NeedName => `intel/crl-${ca}`;
export const tcbInfo = (tee: Tee, fmspc: string): NeedName => `intel/tcb-info-${tee}-${fmspc}`;
export const qeIdentity = (tee: Tee): NeedName => `intel/qe-identity-${tee}`;
/** The chain that signs a piece of collateral, PEM: it is served beside it. */
export const issuersOf = (name: NeedName): NeedName => `${name}-issuers`;

/** All that it takes to judge a quote of this platform. */
export function needsOf(
  tee: Tee,
  fmspc: string,
  ca: 'platform' | 'processor',
  minimumEvaluation: number,
): readonly Need[] {
  const signed = [tcbInfo(tee, fmspc), qeIdentity(tee)];
  return [
    ...[rootCrl, pckCrl(ca)].map((name): Need => ({ name, proven: true })),
    ...signed.map((name): Need => ({ name, proven: true, minimumEvaluation })),
    ...signed.map((name): Need => ({ name: issuersOf(name), proven: true, minimumEvaluation })),
  ];
}

/** A CRL whose signature holds. */
export interface VouchedCrl {
  readonly revokes: (certificate: Certificate) => boolean;
  /** SHA-256 as Azure Attestation computes it: over the PEM text and one NUL byte. */
  readonly hash: string;
}

/** @param given DER, PEM or hexadecimal: Intel, Azure and caches serve all three */
export function verifyCrl(given: Bytes, issuer: Certificate, wanted: Check, appraisal: Appraisal): Proven<VouchedCrl> {
  return verifyList(given, `«${nameText(issuer.subject)}»`, (crl) => isCrlIssuedBy(crl, issuer), wanted, appraisal);
}

/**
 * Verifies a CRL, whoever its issuer shall be.
 * @param issuer what messages call the issuer
 * @param isIssued whether the list is the issuer's, signature included
 */
export function verifyList(
  given: Bytes,
  issuer: string,
  isIssued: (crl: Crl) => boolean,
  wanted: Check,
  appraisal: Appraisal,
): Proven<VouchedCrl> {
  const crl: Crl = attempt(appraisal, wanted, () => parseCrl(crlBytes(given)));
  const { nextUpdate, number, authorityKeyIdentifier, unknownCritical } = crl;
  const seen = { expected: `signed by ${issuer}`, observed: `issuer «${nameText(crl.issuer)}»` };
  if (nextUpdate === undefined) appraisal.refuse(wanted, { ...seen, detail: 'it has no nextUpdate' });
  if (number === undefined) appraisal.refuse(wanted, { ...seen, detail: 'it has no CRL number' });
  if (authorityKeyIdentifier === undefined)
    appraisal.refuse(wanted, { ...seen, detail: 'it has no authority key identifier' });
  if (unknownCritical.length > 0)
    appraisal.refuse(wanted, {
      ...seen,
      detail: `its critical extensions ${unknownCritical.join(', ')} are not understood`,
    });
  appraisal.require(wanted, isIssued(crl), seen);
  return {
    value: {
      revokes: (certificate) => crl.revoked.has(certificate.serialHex),
      hash: nulTerminatedHash(utf8(toPem('X509 CRL', crl.raw))),
    },
    from: crl.thisUpdate,
    until: nextUpdate,
  };
}

/** A signed JSON document of Intel's whose signature holds. */
export interface SignedDocument<T> {
  readonly content: T;
  /** SHA-256 as Azure Attestation computes it: over the response and one NUL byte. */
  readonly hash: string;
}

/**
 * Verifies TCB info or a QE identity: `{"<member>": {…}, "signature": "<hex>"}`, where the signature covers the very
 * bytes of the member's value. No re-serialisation: two documents that differ in white space are different documents.
 */
export function verifyDocument<T extends { readonly issued: number; readonly nextUpdate: number }>(
  document: Bytes,
  chain: SigningChain,
  name: 'tcbInfo' | 'enclaveIdentity',
  read: (slot: Slot) => T,
  wanted: CheckTable<'signed' | 'content'>,
  appraisal: Appraisal,
): Proven<SignedDocument<T>> {
  const { members, signature } = attempt(appraisal, wanted.signed, () => {
    const members = parseMembers(document);
    return { members, signature: hexBytes({ value: members.value['signature'], path: 'signature' }, 64) };
  });
  const signed = members.raw.get(name);
  appraisal.require(
    wanted.signed,
    signed !== undefined && verifySignature('ecdsa-sha256-raw', chain.key, signed, signature),
    {
      ...(signed === undefined && { detail: `it has no member «${name}»` }),
    },
  );
  const content = attempt(appraisal, wanted.content, () => read({ value: members.value[name], path: name }));
  appraisal.note(wanted.content, true);
  return { value: { content, hash: nulTerminatedHash(document) }, from: content.issued, until: content.nextUpdate };
}

/** SHA-256 of an issuer chain as Azure Attestation computes it: both certificates in PEM, signer first, and one NUL byte. */
export const chainHash = ({ signer, root }: Pick<SigningChain, 'signer' | 'root'>): string =>
  nulTerminatedHash(utf8(toPem('CERTIFICATE', signer.raw) + toPem('CERTIFICATE', root.raw)));

const nulTerminatedHash = (bytes: Bytes): string => hex(sha256(bytes, new Uint8Array(1)));
