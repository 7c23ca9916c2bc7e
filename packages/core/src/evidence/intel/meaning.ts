/**
 * What the fields of quotes mean, in words: for people who look into evidence. Nothing here judges anything.
 * Intel SGX ECDSA QuoteLib reference, appendix A; Intel SDM volume 3D (ATTRIBUTES); Intel TDX module ABI (TDATTRIBUTES).
 */
import { type Bytes, equal, fromHex, isZero } from '../../bytes/index.ts';

const enclaveBits: Bits = [
  [0, 'INIT'],
  [1, 'DEBUG'],
  [2, 'MODE64BIT'],
  [4, 'PROVISION_KEY'],
  [5, 'EINITTOKEN_KEY'],
  [6, 'CET'],
  [7, 'KSS'],
  [10, 'AEX_NOTIFY'],
];
const domainBits: Bits = [
  [0, 'DEBUG'],
  [28, 'SEPT_VE_DISABLE'],
  [29, 'MIGRATABLE'],
  [30, 'PKS'],
  [31, 'KL'],
  [63, 'PERFMON'],
];
const stateBits: Bits = [
  [0, 'x87'],
  [1, 'SSE'],
  [2, 'AVX'],
  [5, 'AVX-512 masks'],
  [6, 'AVX-512 low'],
  [7, 'AVX-512 high'],
  [8, 'PT'],
  [9, 'PKRU'],
  [11, 'CET user'],
  [12, 'CET supervisor'],
  [17, 'AMX tiles'],
  [18, 'AMX data'],
];
type Bits = readonly (readonly [bit: number, name: string])[];

const isSet = (value: Bytes, bit: number): boolean => (((value[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;

/** Names of the bits that are set; those without a name as `bit 12`. */
function bitsOf(value: Bytes, names: Bits): string {
  const named = new Map(names);
  const set = Array.from({ length: 8 * value.length }, (_, bit) => bit).filter((bit) => isSet(value, bit));
  return set.length === 0 ? 'none set' : set.map((bit) => named.get(bit) ?? `bit ${bit}`).join(', ');
}

const quotingEnclaves: readonly (readonly [Bytes, string])[] = [
  [fromHex('8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff'), 'Intel, for quoting enclaves of SGX'],
  [fromHex('dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5'), 'Intel, for quoting enclaves of TDX'],
];
const certifications: { readonly [type: number]: string } = {
  1: 'PPID in plain text: names the platform’s certificate',
  2: 'PPID encrypted with RSA-2048: names the platform’s certificate',
  3: 'PPID encrypted with RSA-3072: names the platform’s certificate',
  4: 'PCK certificate alone',
  5: 'PCK certificate chain in PEM',
  6: 'report of the quoting enclave, with certification inside',
};

type Meaning = (value: unknown) => string | undefined;
const says =
  (text: string): Meaning =>
  () =>
    text;
const ofBytes =
  (meaning: (value: Bytes) => string | undefined): Meaning =>
  (value) =>
    value instanceof Uint8Array ? meaning(value) : undefined;
const ofNumber =
  (meaning: (value: number) => string | undefined): Meaning =>
  (value) =>
    typeof value === 'number' ? meaning(value) : undefined;
const unlessZero = (text: string): Meaning => ofBytes((value) => (isZero(value) ? 'not used' : text));

/** By the end of the field's path; longer ends first. */
const meanings: readonly (readonly [end: string, Meaning])[] = [
  ['qeReport.reportData', says('first 32 bytes: SHA-256 of the attestation key and the QE auth data')],
  ['qeReport.isvSvn', says('security version of the quoting enclave')],
  ['qeReport', says('the quoting enclave, which vouches for the attestation key')],
  ['header.version', ofNumber((version) => `quote format ${version}`)],
  ['attestationKeyType', ofNumber((type) => (type === 2 ? 'ECDSA over P-256 with SHA-256' : undefined))],
  ['teeType', ofNumber((type) => (type === 0 ? 'SGX' : type === 0x81 ? 'TDX' : undefined))],
  ['claimedQeSvn', says('informational, no check uses it')],
  ['claimedPceSvn', says('informational, no check uses it')],
  ['vendorId', says('Intel')],
  ['userData', says('first 16 bytes: id of the quoting enclave')],
  ['signed', says('what the quote signature covers')],
  [
    'body.type',
    ofNumber((type) => ({ 1: 'SGX enclave', 2: 'TD, TDX 1.0', 3: 'TD, TDX 1.5', 4: 'TD, TDX 1.5 extended' })[type]),
  ],
  ['cpuSvn', says('security version of the processor, opaque')],
  [
    'miscSelect',
    ofBytes((value) =>
      bitsOf(value, [
        [0, 'EXINFO'],
        [1, 'CPINFO'],
      ]),
    ),
  ],
  [
    'attributes',
    ofBytes((value) => `${bitsOf(value.subarray(0, 8), enclaveBits)}; XFRM ${bitsOf(value.subarray(8), stateBits)}`),
  ],
  ['mrEnclave', says('measurement of the enclave’s code and data')],
  [
    'mrSigner',
    ofBytes(
      (value) =>
        quotingEnclaves.find(([key]) => equal(key, value))?.[1] ?? 'SHA-256 of the key that signed the enclave',
    ),
  ],
  ['isvProdId', says('product, as its signer numbers it')],
  ['isvSvn', says('security version of the product')],
  ['isvExtProdId', unlessZero('extended product id (KSS)')],
  ['isvFamilyId', unlessZero('product family (KSS)')],
  ['configId', unlessZero('configuration the enclave was launched with (KSS): first 32 bytes bind initTimeData')],
  ['configSvn', ofNumber((svn) => (svn === 0 ? undefined : 'security version of the configuration (KSS)'))],
  ['reportData', unlessZero('as the enclave set it: first 32 bytes bind runtimeData')],
  ['teeTcbSvn', ofBytes((value) => `at launch: TDX module ${value[1] ?? 0}.${value[0] ?? 0}, SEAM ${value[2] ?? 0}`)],
  ['teeTcbSvn2', ofBytes((value) => `now: TDX module ${value[1] ?? 0}.${value[0] ?? 0}, SEAM ${value[2] ?? 0}`)],
  ['mrSeam', says('measurement of the TDX module')],
  ['mrSignerSeam', ofBytes((value) => (isZero(value) ? 'Intel' : 'signer of the TDX module'))],
  ['seamAttributes', ofBytes((value) => (isZero(value) ? 'none set' : 'must be zero'))],
  ['tdAttributes', ofBytes((value) => bitsOf(value, domainBits))],
  ['xfam', ofBytes((value) => bitsOf(value, stateBits))],
  ['mrTd', says('measurement of the TD as it was built')],
  ['mrConfigId', unlessZero('configuration that the host gave')],
  ['mrOwner', unlessZero('owner that the host named')],
  ['mrOwnerConfig', unlessZero('the owner’s configuration')],
  ['rtmr0', unlessZero('run-time measurements: firmware’s configuration')],
  ['rtmr1', unlessZero('run-time measurements: boot loader and kernel')],
  ['rtmr2', unlessZero('run-time measurements: operating system')],
  ['rtmr3', unlessZero('run-time measurements: for applications')],
  ['mrServiceTd', unlessZero('service TDs bound to this one')],
  ['signature', says('ECDSA by the attestation key, r and s')],
  ['attestationKey', says('a point on P-256, x and y')],
  ['qeSignature', says('ECDSA by the PCK key over the quoting enclave’s report')],
  ['qeAuthData', says('bound by the quoting enclave’s report together with the attestation key')],
  ['outerType', ofNumber((type) => certifications[type])],
  ['certificationType', ofNumber((type) => certifications[type])],
  ['slack', ofBytes((value) => (value.length === 0 ? undefined : 'under no signature'))],
  [
    'padding',
    ofBytes((value) => (value.length === 0 ? undefined : `${isZero(value) ? 'zeros, ' : ''}under no signature`)),
  ],
];

/** What a field's value means; undefined where its name says it all. @param path such as `signed.body.report.mrEnclave` */
export function meaningOf(path: string, value: unknown): string | undefined {
  if (/(^|\.)reserved\d*$/.test(path))
    return value instanceof Uint8Array && !isZero(value) ? 'reserved, yet not zero' : 'reserved';
  return meanings.find(([end]) => path === end || path.endsWith(`.${end}`))?.[1](value);
}
