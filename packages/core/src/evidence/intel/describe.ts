/** Describes certificates, revocation lists, TCB info and QE identities for people. Nothing is verified. */
import type { Check } from '../../appraisal.ts';
import { type Bytes, equal, hex } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { isoTime, parseMembers } from '../../json/index.ts';
import { type Certificate, commonName, crlBytes, nameText, parseCrl } from '../../pki/index.ts';
import { certificateRows, type Explanation, type Part, type Row, row } from '../explanation.ts';
import { intelRoot } from './anchors.ts';
import { check } from './checks.ts';
import { readPck, sgxExtension } from './pck.ts';
import { readQeIdentity } from './qe-identity.ts';
import { type Recognised, withoutMark } from './recognise.ts';
import { type ComponentLevel, readTcbInfo, type TcbLevel } from './tcb-info.ts';

type Described = Omit<Explanation, 'length'>;

const checksOf = (...families: readonly string[]): readonly Check[] =>
  Object.values(check).filter(({ id }) => families.some((family) => id.startsWith(`intel.${family}.`)));

/** Collateral that was recognised, in words. */
export function describeCollateral(file: Bytes, found: Recognised): Described {
  switch (found.kind) {
    case 'certificates':
      return {
        what: found.certificates.length === 1 ? 'a certificate' : `${found.certificates.length} certificates`,
        parts: found.certificates.map((one, i) =>
          describeCertificate(one, `certificate ${i + 1} of ${found.certificates.length}`),
        ),
        checks: checksOf('pck', 'signing'),
      };
    case 'crl':
      return {
        what: 'a certificate revocation list',
        parts: [describeCrl(file)],
        checks: checksOf(found.name === 'intel/crl-root' ? 'root-crl' : 'pck-crl'),
      };
    case 'tcb-info':
      return {
        what: `TCB info, ${found.name}`,
        parts: describeTcbInfo(withoutMark(file)),
        checks: checksOf('signing', 'tcb-info', 'collateral', 'tcb'),
      };
    case 'qe-identity':
      return {
        what: `identity of a quoting enclave, ${found.name}`,
        parts: describeIdentity(withoutMark(file)),
        checks: checksOf('signing', 'qe-identity', 'qe'),
      };
  }
}

/** @param place such as `certificate 1 of 3` */
export function describeCertificate(one: Certificate, place: string): Part {
  return {
    title: `${place}: ${one.commonName ?? 'without a common name'}`,
    rows: [
      ...certificateRows(one, equal(one.spki, intelRoot) ? 'Intel’s root, the one that is believed' : undefined),
      ...platformRows(one),
      ...evidenceRows(one),
    ],
  };
}

/** Extensions in which OpenEnclave's self-signed certificates carry evidence: today's, and that of old versions. */
const evidenceExtensions = ['1.3.6.1.4.1.311.105.1', '1.2.840.113556.10.1.1'];

function evidenceRows(one: Certificate): readonly Row[] {
  return evidenceExtensions.flatMap((oid) => {
    const value = one.extensions.get(oid)?.value;
    return value ? [row('evidence', hex(value), 'OpenEnclave evidence of the enclave that holds the key')] : [];
  });
}

const platformTypes = ['standard', 'scalable', 'scalable with integrity'];

/** What a PCK certificate says about the platform. */
function platformRows(one: Certificate): readonly Row[] {
  const extension = one.extensions.get(sgxExtension);
  if (!extension) return [];
  try {
    const pck = readPck(extension.value);
    return [
      row('FMSPC', hex(pck.fmspc), 'platform family: names its TCB info'),
      row('PPID', hex(pck.ppid), 'names this very platform'),
      row('PCE-ID', hex(pck.pceId)),
      row('PCESVN', String(pck.pceSvn), 'security version of the provisioning enclave'),
      row('components', pck.components.join(' '), 'security versions 1 to 16: what TCB levels are compared with'),
      row('CPUSVN', hex(pck.cpuSvn), 'opaque'),
      row('SGX type', String(pck.sgxType), platformTypes[pck.sgxType]),
      ...(pck.platformInstanceId ? [row('platform instance', hex(pck.platformInstanceId))] : []),
    ];
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return [row('SGX extension', hex(extension.value), `cannot be read: ${error.message}`)];
  }
}

/** Most revoked serial numbers that are listed. */
const mostSerials = 20;

function describeCrl(file: Bytes): Part {
  const crl = parseCrl(crlBytes(file));
  const serials = [...crl.revoked];
  return {
    title: `revocations by ${commonName(crl.issuer) ?? 'an issuer without a common name'}`,
    rows: [
      row('issuer', nameText(crl.issuer)),
      row('number', crl.number ?? 'none'),
      row('valid from', isoTime(crl.thisUpdate)),
      row('valid until', isoTime(crl.nextUpdate ?? Number.POSITIVE_INFINITY)),
      row('signature', crl.signatureAlgorithm.scheme ?? crl.signatureAlgorithm.oid),
      row(
        'revoked',
        String(serials.length),
        serials.length > mostSerials ? `the first ${mostSerials} follow` : undefined,
      ),
      ...serials.slice(0, mostSerials).map((serial, i) => row(`revoked.${i}`, serial)),
    ],
  };
}

function describeTcbInfo(file: Bytes): readonly Part[] {
  const info = readTcbInfo({ value: parseMembers(file).value['tcbInfo'], path: 'tcbInfo' });
  return [
    {
      title: 'TCB info',
      rows: [
        row('tee', info.tee.toUpperCase()),
        row('version', String(info.version)),
        row('issued', isoTime(info.issued)),
        row('next update', isoTime(info.nextUpdate)),
        row('FMSPC', hex(info.fmspc)),
        row('PCE-ID', hex(info.pceId)),
        row('evaluation', String(info.evaluation), 'counts Intel’s TCB recoveries'),
        ...(info.tdxModule ? [row('TDX module signer', hex(info.tdxModule.mrSigner))] : []),
      ],
    },
    { title: 'levels, best first', rows: info.levels.flatMap(levelRows) },
    ...info.tdxModuleIdentities.map(
      (module): Part => ({
        title: `TDX module ${module.id}, levels best first`,
        rows: module.levels.map(componentRow),
      }),
    ),
  ];
}

function levelRows(level: TcbLevel, i: number): readonly Row[] {
  return [
    row(`${i}`, level.status, described(level)),
    row(`${i}.sgx`, level.sgx.join(' '), `and PCESVN ${level.pceSvn}`),
    ...(level.tdx ? [row(`${i}.tdx`, level.tdx.join(' '))] : []),
  ];
}

const componentRow = (level: ComponentLevel, i: number): Row =>
  row(`${i}`, level.status, `from version ${level.isvSvn}, ${described(level)}`);
const described = ({ date, advisoryIds }: Pick<TcbLevel, 'date' | 'advisoryIds'>): string =>
  `as of ${isoTime(date).slice(0, 10)}${advisoryIds.length > 0 ? `; ${advisoryIds.join(', ')}` : ''}`;

function describeIdentity(file: Bytes): readonly Part[] {
  const identity = readQeIdentity({ value: parseMembers(file).value['enclaveIdentity'], path: 'enclaveIdentity' });
  return [
    {
      title: `identity of ${identity.id}`,
      rows: [
        row('issued', isoTime(identity.issued)),
        row('next update', isoTime(identity.nextUpdate)),
        row('evaluation', String(identity.evaluation), 'counts Intel’s TCB recoveries'),
        row('MRSIGNER', hex(identity.mrSigner)),
        row('ISVPRODID', String(identity.isvProdId)),
        row('ATTRIBUTES', hex(identity.attributes), `under the mask ${hex(identity.attributesMask)}`),
        row('MISCSELECT', hex(identity.miscSelect), `under the mask ${hex(identity.miscSelectMask)}`),
      ],
    },
    { title: 'levels, best first', rows: identity.levels.map(componentRow) },
  ];
}
