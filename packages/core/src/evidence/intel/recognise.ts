/**
 * What a file of Intel's collateral is, told by its content: for folders that people fill by hand. Nothing is verified
 * here; a file that lies about itself is refused when it is used.
 */
import { type Bytes, hex } from '../../bytes/index.ts';
import type { NeedName } from '../../contract.ts';
import { verifySignature } from '../../crypto/index.ts';
import { hexBytes, parseMembers } from '../../json/index.ts';
import {
  type Certificate,
  commonName,
  crlBytes,
  parseCertificate,
  parseCrl,
  pemBlocks,
  pemLabels,
} from '../../pki/index.ts';
import { pckCrl, qeIdentity, rootCrl, tcbInfo } from './collateral.ts';
import { readQeIdentity } from './qe-identity.ts';
import { readTcbInfo } from './tcb-info.ts';

/** A file that answers a need. Times are milliseconds since 1970. */
export interface RecognisedItem {
  readonly kind: 'tcb-info' | 'qe-identity' | 'crl';
  readonly name: NeedName;
  readonly issued: number;
  readonly until: number;
  readonly evaluation?: number;
}
/** Certificates: of a PCK chain, or of those that sign collateral. */
export interface RecognisedCertificates {
  readonly kind: 'certificates';
  readonly certificates: readonly Certificate[];
}
export type Recognised = RecognisedItem | RecognisedCertificates;

/** More than any bundle of a vendor's. */
const mostCertificates = 256;

/** Undefined for anything that is not collateral of Intel's. */
export function recognise(file: Bytes): Recognised | undefined {
  if (isMixedPem(file)) return undefined;
  for (const recognised of [asDocument, asCertificates, asCrl]) {
    try {
      const found = recognised(file);
      if (found) return found;
    } catch {
      // Not of this kind: the next one is tried.
    }
  }
  return undefined;
}

/** Whether PEM holds certificates and CRLs together: as each of them is kept by itself, one would be lost. */
export function isMixedPem(file: Bytes): boolean {
  const labels = pemLabels(file);
  return labels.has('CERTIFICATE') && labels.has('X509 CRL');
}

/** A document without the byte-order mark that some editors put before it: its signature covers none. */
export const withoutMark = (file: Bytes): Bytes =>
  file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? file.subarray(3) : file;

function asDocument(file: Bytes): RecognisedItem | undefined {
  const document = withoutMark(file);
  if (!isJson(document)) return undefined;
  const { value } = parseMembers(document);
  if (value['tcbInfo'] !== undefined) {
    const info = readTcbInfo({ value: value['tcbInfo'], path: 'tcbInfo' });
    return {
      kind: 'tcb-info',
      name: tcbInfo(info.tee, hex(info.fmspc)),
      issued: info.issued,
      until: info.nextUpdate,
      evaluation: info.evaluation,
    };
  }
  const identity = readQeIdentity({ value: value['enclaveIdentity'], path: 'enclaveIdentity' });
  const name: NeedName =
    identity.id === 'QE'
      ? qeIdentity('sgx')
      : identity.id === 'TD_QE'
        ? qeIdentity('tdx')
        : `intel/identity-${identity.id.toLowerCase()}`;
  return {
    kind: 'qe-identity',
    name,
    issued: identity.issued,
    until: identity.nextUpdate,
    evaluation: identity.evaluation,
  };
}

const [tab, lineFeed, carriageReturn, blank, brace] = [9, 10, 13, 32, 0x7b] as const;
const blanks: ReadonlySet<number> = new Set([tab, lineFeed, carriageReturn, blank]);
const isJson = (file: Bytes): boolean => file.find((byte) => !blanks.has(byte)) === brace;

function asCertificates(file: Bytes): RecognisedCertificates | undefined {
  // A quote is no text, yet holds a chain in PEM: it is evidence, not collateral. Chains copied out of one end in NUL.
  const isText = !file.subarray(0, file.findLastIndex((byte) => byte !== 0) + 1).includes(0);
  const ders = file[0] === 0x30 ? [file] : isText ? pemBlocks(file, 'CERTIFICATE', mostCertificates) : [];
  const certificates = ders.map((der) => parseCertificate(der));
  return certificates.length > 0 ? { kind: 'certificates', certificates } : undefined;
}

function asCrl(file: Bytes): RecognisedItem | undefined {
  const crl = parseCrl(crlBytes(file));
  const issuer = commonName(crl.issuer) ?? '';
  const name = issuer.includes('Root CA')
    ? rootCrl
    : issuer.includes('Processor')
      ? pckCrl('processor')
      : issuer.includes('Platform')
        ? pckCrl('platform')
        : undefined;
  return name && { kind: 'crl', name, issued: crl.thisUpdate, until: crl.nextUpdate ?? Number.POSITIVE_INFINITY };
}

/**
 * Those of the certificates whose key signed a TCB info or QE identity: candidates for its issuer.
 * @param document the response as served
 */
export function signersOf(document: Bytes, certificates: readonly Certificate[]): readonly Certificate[] {
  const { value, raw } = parseMembers(document);
  const signed = raw.get('tcbInfo') ?? raw.get('enclaveIdentity');
  const signature = hexBytes({ value: value['signature'], path: 'signature' }, 64);
  return certificates.filter((one) => {
    try {
      return signed !== undefined && verifySignature('ecdsa-sha256-raw', one.key(), signed, signature);
    } catch {
      return false;
    }
  });
}
