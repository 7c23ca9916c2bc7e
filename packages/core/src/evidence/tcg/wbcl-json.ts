/**
 * Windows' records as the `events` claim shows them: the names of wbcl.h without `SIPA`, and one form for each record,
 * as Azure Attestation writes them. Records that stand in no table are left out.
 */
import {
  type Bytes,
  base64url,
  decode,
  type Layout,
  rest,
  sized,
  struct,
  u8,
  u16le,
  u32le,
  u64le,
} from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import type { Json, JsonObject } from '../../json/index.ts';
import { hashes } from './algorithms.ts';
import { utf16Trimmed } from './efi.ts';
import { counted, toEnd } from './fields.ts';
import { recordNumber, type WbclRecord } from './wbcl.ts';

/** How one record is written. @throws {Malformed} for data that do not have the form */
type Form = (record: WbclRecord) => Json;
interface Row {
  readonly name: string;
  /** Its name as a member. */
  readonly member: string;
  readonly form: Form;
  /** Always an array, of one element even. Others must not be there twice. */
  readonly isList?: true;
}

/** A number as JSON reads it back: `bigint` only where a double would lose digits. */
export const whole = (value: bigint): number | bigint => (value <= Number.MAX_SAFE_INTEGER ? Number(value) : value);

const flag: Form = ({ data }) => {
  if (data.length !== 1) throw new Malformed('record', undefined, `is a boolean of ${data.length} bytes`);
  return data[0] !== 0;
};
/** Most have 4 or 8 bytes; VBS_MICROSOFT_BOOT_CHAIN_REQUIRED has one on machines of several makers. */
const number: Form = ({ data }) => {
  if (![1, 4, 8].includes(data.length))
    throw new Malformed('record', undefined, `is a number of ${data.length} bytes, expected 1, 4 or 8`);
  return whole(recordNumber(data));
};
const text: Form = ({ data }) => utf16Trimmed(data);
const binary: Form = ({ data }) => base64url(data);
const nested: Form = ({ inside }) => recordsJson(inside ?? []);
/** A number with its name in wbcl.h, where that is known. */
const named =
  (names: { readonly [value: number]: string }): Form =>
  (record) => {
    const value = number(record);
    const name = names[Number(value)];
    return name === undefined ? { Value: value } : { String: name, Value: value };
  };
const laidOut =
  <T>(layout: Layout<T>, show: (value: T, data: Bytes) => Json): Form =>
  ({ data }) =>
    show(decode(layout, data), data);

const hashName = (id: number): string => (hashes.get(id)?.name ?? `0x${id.toString(16)}`).toUpperCase();

const RevocationList = struct({
  time: u64le,
  digestLength: u32le,
  hash: u16le,
  digest: counted((fields) => fields.digestLength),
});
const revocationList = laidOut(RevocationList, ({ time, hash, digest }, data) => ({
  CreationTime: whole(time),
  Digest: base64url(digest),
  HashAlgId: hashName(hash),
  RawData: base64url(data),
}));

const Policy = struct({
  version: u64le,
  nameLength: u16le,
  hash: u16le,
  digestLength: u32le,
  name: counted((fields) => fields.nameLength),
  digest: counted((fields) => fields.digestLength),
});
const policy = laidOut(Policy, ({ version, name, hash, digest }, data) => ({
  Digest: base64url(digest),
  HashAlgId: hashName(hash),
  PolicyName: utf16Trimmed(name),
  PolicyVersion: whole(version),
  RawData: base64url(data),
}));

const PolicySigner = struct({
  rootId: u32le,
  certificateBytes: u32le,
  certificateCount: u16le,
  nameBytes: u16le,
  ekuBytes: u16le,
  ekuCount: u16le,
  name: counted((fields) => fields.nameBytes),
  ekus: counted((fields) => fields.ekuBytes),
  certificates: counted((fields) => fields.certificateBytes),
});
const SignerCertificates = toEnd(
  struct({
    publisherBytes: u16le,
    issuerBytes: u16le,
    capiHash: u32le,
    digestLength: u16le,
    publisher: counted((fields) => fields.publisherBytes),
    issuer: counted((fields) => fields.issuerBytes),
    digest: counted((fields) => fields.digestLength),
  }),
);
const policySigner = laidOut(PolicySigner, ({ rootId, name, ekus, certificates }, data) => ({
  Certificates: decode(SignerCertificates, certificates).map(({ capiHash, digest, issuer, publisher }) => ({
    CapiHashAlgId: capiHash,
    Digest: base64url(digest),
    IssuerCommonName: utf16Trimmed(issuer),
    PublisherCommonName: utf16Trimmed(publisher),
  })),
  EKUs: decode(toEnd(sized(u8, rest)), ekus).map(base64url),
  PolicyName: utf16Trimmed(name),
  RawData: base64url(data),
  RootId: rootId,
}));

const ConfigurationPolicy = struct({
  version: u32le,
  offset: u32le,
  hash: u16le,
  digestLength: u16le,
  options: u32le,
  signers: u32le,
  digest: counted((fields) => fields.digestLength),
});
const configurationPolicy = laidOut(ConfigurationPolicy, ({ version, hash, options, signers, digest }) => ({
  Digest: base64url(digest),
  HashAlgId: hashName(hash),
  // The texts of other options were never seen.
  ...(options === 0 && { Options: 'SecureBootPolicy: default (no options set)' }),
  PayloadVersion: version,
  SignersCount: signers,
}));

export const IdentityKey = struct({
  algorithm: u32le,
  bits: u32le,
  exponentBytes: u32le,
  modulusBytes: u32le,
  exponent: counted((fields) => fields.exponentBytes),
  modulus: counted((fields) => fields.modulusBytes),
});
/** The RSA key by which Windows' secure kernel is known; the second one signs the reports of VBS enclaves. */
const identityKey = laidOut(IdentityKey, ({ algorithm, bits, exponent, modulus }) => ({
  RsaKeyBitLength: bits,
  RsaModulus: base64url(modulus),
  RsaPublicExponent: base64url(exponent),
  ...(algorithm === 1 && { Vsm_idk_alg_id: 'VSM_IDK_ALG_ID_RSA' }),
}));

const row = (name: string, form: Form): Row => ({ name, member: `EVENT_${name}`, form });
const rows = (name: string, form: Form): Row => ({ ...row(name, form), isList: true });

const bitlockerUnlock = {
  1: 'CACHED',
  2: 'MEDIA',
  4: 'TPM',
  16: 'PIN',
  32: 'EXTERNAL',
  64: 'RECOVERY',
  128: 'PASSPHRASE',
  256: 'NBP',
  512: 'AUK_OSFVEINFO',
};
const osDevices = {
  0: 'OSDEVICE_TYPE_UNKNOWN',
  65537: 'OSDEVICE_TYPE_BLOCKIO_HARDDISK',
  65538: 'OSDEVICE_TYPE_BLOCKIO_REMOVABLEDISK',
  65539: 'OSDEVICE_TYPE_BLOCKIO_CDROM',
  65540: 'OSDEVICE_TYPE_BLOCKIO_PARTITION',
  65541: 'OSDEVICE_TYPE_BLOCKIO_FILE',
  65542: 'OSDEVICE_TYPE_BLOCKIO_RAMDISK',
  65543: 'OSDEVICE_TYPE_BLOCKIO_VIRTUALHARDDISK',
  131072: 'OSDEVICE_TYPE_SERIAL',
  196608: 'OSDEVICE_TYPE_UDP',
  262144: 'OSDEVICE_TYPE_VMBUS',
  327680: 'OSDEVICE_TYPE_COMPOSITE',
};

/** Record ids that others refer to. */
export const recordId = {
  trustBoundary: 0x4001_0001,
  bootCounter: 0x0002_0002,
  transferControl: 0x0002_0003,
  eventCounter: 0x0002_0006,
  counterId: 0x0002_0007,
  idk: 0x0005_0020,
  idks: 0x0005_0023,
} as const;

/** Records by id, in the order of wbcl.h. */
const table: ReadonlyMap<number, Row> = new Map([
  [recordId.trustBoundary, row('TRUSTBOUNDARY', nested)],
  [0x4001_0002, row('ELAM_AGGREGATION', nested)],
  [0x4001_0003, rows('LOADEDMODULE_AGGREGATION', nested)],
  [recordId.bootCounter, row('BOOTCOUNTER', number)],
  [recordId.transferControl, row('TRANSFER_CONTROL', named({ 1: 'SiBootAppOsLoader', 5: 'SiBootHypervisor' }))],
  [0x0002_0005, row('BITLOCKER_UNLOCK', named(bitlockerUnlock))],
  [recordId.eventCounter, row('EVENTCOUNTER', number)],
  [recordId.counterId, row('COUNTERID', number)],
  [0x0002_0009, row('APPLICATION_SVN', number)],
  [0x0002_000a, row('SVN_CHAIN_STATUS', number)],
  [0x0002_000b, row('MORBIT_API_STATUS', number)],
  [0x0004_0001, row('BOOTDEBUGGING', flag)],
  [0x0004_0002, row('BOOT_REVOCATION_LIST', revocationList)],
  [0x0005_0001, row('OSKERNELDEBUG', flag)],
  [0x0005_0002, row('CODEINTEGRITY', flag)],
  [0x0005_0003, row('TESTSIGNING', flag)],
  [0x0005_0004, row('DATAEXECUTIONPREVENTION', named({ 0: 'NxPolicyOptIn' }))],
  [0x0005_0005, row('SAFEMODE', flag)],
  [0x0005_0006, row('WINPE', flag)],
  [0x0005_0008, row('OSDEVICE', named(osDevices))],
  [0x0005_0009, row('SYSTEMROOT', text)],
  [0x0005_000a, row('HYPERVISOR_LAUNCH_TYPE', named({ 1: 'HypervisorLaunchAuto' }))],
  [0x0005_000c, row('HYPERVISOR_IOMMU_POLICY', named({ 1: 'BtIommuPolicyEnable' }))],
  [0x0005_000d, row('HYPERVISOR_DEBUG', flag)],
  [0x0005_000e, row('DRIVER_LOAD_POLICY', named({ 1: 'GoodPlusUnknown' }))],
  [0x0005_000f, rows('SI_POLICY', policy)],
  [0x0005_0012, row('VSM_LAUNCH_TYPE', named({ 1: 'VsmLaunchAuto' }))],
  [0x0005_0013, row('OS_REVOCATION_LIST', revocationList)],
  [recordId.idk, row('VSM_IDK_INFO', identityKey)],
  [0x0005_0021, row('FLIGHTSIGNING', flag)],
  [0x0005_0022, row('PAGEFILE_ENCRYPTION_ENABLED', flag)],
  [recordId.idks, row('VSM_IDKS_INFO', identityKey)],
  [0x0005_0024, row('HIBERNATION_DISABLED', flag)],
  [0x0005_0025, row('DUMPS_DISABLED', flag)],
  [0x0005_0026, row('DUMP_ENCRYPTION_ENABLED', flag)],
  [0x0005_0029, row('SBCP_INFO', configurationPolicy)],
  [0x0005_0031, rows('SI_POLICY_SIGNER', policySigner)],
  [0x0005_0032, rows('SI_POLICY_UPDATE_SIGNER', policySigner)],
  [0x0006_0002, rows('AUTHORITYPUBKEY', binary)],
  [0x0007_0001, row('FILEPATH', text)],
  [0x0007_0002, row('IMAGESIZE', number)],
  [0x0007_0003, row('HASHALGORITHMID', named({ 32780: 'CALG_SHA_256' }))],
  [0x0007_0004, row('AUTHENTICODEHASH', binary)],
  [0x0007_0005, row('AUTHORITYISSUER', text)],
  [0x0007_0006, row('AUTHORITYSERIAL', binary)],
  [0x0007_0007, row('IMAGEBASE', number)],
  [0x0007_0008, row('AUTHORITYPUBLISHER', text)],
  [0x0007_0009, row('AUTHORITYSHA1THUMBPRINT', binary)],
  [0x0007_000a, row('IMAGEVALIDATED', flag)],
  [0x0007_000b, row('MODULE_SVN', number)],
  [0x000a_0001, row('VBS_VSM_REQUIRED', flag)],
  [0x000a_0002, row('VBS_SECUREBOOT_REQUIRED', flag)],
  [0x000a_0003, row('VBS_IOMMU_REQUIRED', flag)],
  [0x000a_0004, row('VBS_MMIO_NX_REQUIRED', flag)],
  [0x000a_0005, row('VBS_MSR_FILTERING_REQUIRED', flag)],
  [0x000a_0006, row('VBS_MANDATORY_ENFORCEMENT', flag)],
  [0x000a_0007, row('VBS_HVCI_POLICY', named({ 1: 'HypervisorEnforcedCodeIntegrityEnable' }))],
  [0x000a_0008, row('VBS_MICROSOFT_BOOT_CHAIN_REQUIRED', named({ 1: 'VbsBootChainSignerEnforceSoft' }))],
  [0x000a_000a, row('VBS_VSM_NOSECRETS_ENFORCED', flag)],
  // The two forms below are known from policies alone.
  [0x000c_0001, row('DRTM_STATE_AUTH', (record) => ({ SignatureValid: flag(record) }))],
  [0x000c_0002, row('DRTM_SMM', (record) => ({ Value: number(record) }))],
]);

/** The name of a record in claims, and for people. */
export const recordName = (id: number): string | undefined => table.get(id)?.name;

/**
 * Records as one object, members in byte order.
 * @throws {Malformed} for data that do not have their record's form, and for a record that is there twice but may not be
 */
export function recordsJson(records: readonly WbclRecord[]): JsonObject {
  const out = new Map<Row, Json | Json[]>();
  for (const record of records) {
    const known = table.get(record.id);
    if (!known) continue;
    const value = known.form(record);
    const before = out.get(known);
    if (before === undefined) out.set(known, known.isList ? [value] : value);
    else if (known.isList) (before as Json[]).push(value);
    else throw new Malformed(known.member, undefined, 'is there twice');
  }
  // Names are ASCII.
  const members = [...out].sort(([a], [b]) => (a.member < b.member ? -1 : 1));
  return Object.fromEntries(members.map(([{ member }, value]) => [member, value]));
}
