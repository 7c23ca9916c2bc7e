/**
 * What a client sends in the second round of the TPM protocol (Azure Attestation, `attReq` and `attReqV2`), read as far
 * as its shape goes. Nothing here is believed: the key that signs the request is found before the signature is checked.
 */
import { type Bytes, decode } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { elements, integer, member, parseSlices, type Slot, text, word } from '../../json/index.ts';
import { once } from '../../once.ts';
import { algorithmName, hashes } from './algorithms.ts';
import { type CustomClaim, customClaims } from './custom.ts';
import { type ClaimedJws, canonicalBase64url, readJws } from './jws.ts';
import type { PcrValues } from './pcrs.ts';
import { type ClaimedJwk, type ClaimedKey, claimedJwk, claimedKey } from './request-key.ts';
import { pcrCount } from './selection.ts';
import { claimedPcrs, PlatformClaim } from './wrappers.ts';

/** A log as it was sent, and where it stood. */
interface ClaimedLog {
  readonly kind: 'TCG' | 'IMA';
  readonly log: Bytes;
  readonly path: string;
}

/** A quote with all that it is judged by. */
export interface ClaimedPlatform {
  /** In the order of measurement. */
  readonly logs: readonly ClaimedLog[];
  readonly aik: { readonly key: ClaimedJwk; readonly certificate?: Bytes };
  /** TPMS_ATTEST. */
  readonly attest: Bytes;
  /** TPMT_SIGNATURE. */
  readonly signature: Bytes;
  readonly pcrs: PcrValues;
  /** Where it stood in the request. */
  readonly path: string;
}

export interface ClaimedRequest {
  readonly jws: ClaimedJws;
  readonly version: 1 | 2;
  readonly challenge: Bytes;
  /** As it was issued. */
  readonly serviceContext: string;
  /** The relying party's nonce, as it was sent. */
  readonly relyingPartyData?: string;
  /** Signs the request. */
  readonly key: ClaimedKey;
  readonly otherKeys: readonly ClaimedKey[];
  readonly custom: readonly CustomClaim[];
  readonly current: ClaimedPlatform;
  /** Kept before hibernation. */
  readonly boot?: ClaimedPlatform;
  /** The report of a VBS enclave, and the text that it vouches for. */
  readonly enclave?: { readonly report: Bytes; readonly signed: Bytes };
}

/** Bytes, unless they count something else. */
const most = {
  relyingPartyId: 1024,
  relyingPartyData: 4096,
  challenge: 64,
  serviceContext: 4096,
  certificate: 16_384,
  statement: 4096,
  enclaveReport: 65_536,
  logs: 8,
  log: 2 * 1024 * 1024,
  list: 4 * 1024 * 1024,
  banks: 4,
};
const deepest = 12;

/**
 * Reads a request, once: its service context is asked for first, and then the rest.
 * @param evidence never changes
 * @throws {Malformed} naming the member
 */
export const readRequest = once(read);

function read(evidence: Bytes): ClaimedRequest {
  const jws = readJws(evidence);
  const version = jws.type === 'attReq' ? 1 : 2;
  const { value, raw } = parseSlices(
    jws.payload,
    [
      ['att_data', 'request_key', 'jwk'],
      ['att_data', 'report_signed', 'request_key', 'jwk'],
      ['att_data', 'report_signed'],
    ],
    { maxDepth: deepest },
  );
  const payload: Slot = { value, path: '' };
  // The documents say both.
  const isEnclave = word(member(payload, 'att_type'), ['basic', 'vbs', 'vsm']) !== 'basic';
  const outer = member(payload, 'att_data');
  const data = isEnclave ? member(outer, 'report_signed') : outer;
  const keyText = raw[isEnclave ? 1 : 0] ?? new Uint8Array(0);
  const platform = member(data, 'tpm_att_data');
  const nonce = optional(member(data, 'rp_data'));
  if (nonce) binary(nonce, most.relyingPartyData);
  const partner = optional(member(data, 'rp_id'));
  if (partner) short(partner, most.relyingPartyId);
  const common = {
    jws,
    version: version as 1 | 2,
    challenge: binary(member(data, 'challenge'), most.challenge),
    serviceContext: short(member(data, 'service_context'), most.serviceContext),
    ...(nonce && { relyingPartyData: text(nonce) }),
    custom: customClaims(optional(member(data, 'custom_claims'))),
    ...(isEnclave && {
      enclave: {
        report: enclaveReport(outer, version),
        signed: raw[2] ?? new Uint8Array(0),
      },
    }),
  };
  if (version === 1) {
    const key = {
      ...claimedJwk(member(data, 'attest_key')),
      text: new Uint8Array(0),
      binding: { by: 'nothing' },
    } as const;
    return { ...common, key, otherKeys: [], ...firstVersion(platform) };
  }
  const others = optional(member(data, 'other_keys'));
  const bootSlot = optional(member(platform, 'boot_attestation'));
  return {
    ...common,
    key: claimedKey(member(data, 'request_key'), keyText),
    otherKeys: others ? elements(others, 2).map((slot) => claimedKey(slot)) : [],
    current: platformOf(member(platform, 'current_attestation')),
    ...(bootSlot && { boot: platformOf(bootSlot) }),
  };
}

/** The service context of a request that may be no request at all. */
export function claimedContext(evidence: Bytes): string | undefined {
  try {
    return readRequest(evidence).serviceContext;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** A member that may be left out, or be null. */
const optional = (slot: Slot): Slot | undefined => (slot.value === undefined || slot.value === null ? undefined : slot);

/** base64url of at most so many bytes. */
const binary = (slot: Slot, longest: number): Bytes => canonicalBase64url(text(slot), slot.path, longest);

function short(slot: Slot, longest: number): string {
  const value = text(slot);
  if (value.length > longest)
    throw new Malformed(slot.path, undefined, `has ${value.length} characters, at most ${longest}`);
  return value;
}

const enclaveReport = (outer: Slot, version: number): Bytes =>
  binary(
    version === 1 ? member(outer, 'vsm_report') : member(member(member(outer, 'vsm_report'), 'enclave'), 'report'),
    most.enclaveReport,
  );

function certificateOf(slot: Slot): { readonly certificate?: Bytes } {
  const given = optional(slot);
  const certificate = given && given.value !== '' ? binary(given, most.certificate) : undefined;
  return certificate ? { certificate } : {};
}

/** The four logs of version 1, and its claims: statements in a wrapper of Windows'. */
function firstVersion(slot: Slot): Pick<ClaimedRequest, 'current' | 'boot'> {
  const aik = { key: claimedJwk(member(slot, 'aik_pub')), ...certificateOf(member(slot, 'aik_cert')) };
  const logs = (...names: readonly string[]): readonly ClaimedLog[] =>
    names.flatMap((name) => {
      const given = optional(member(slot, name));
      const log = given ? binary(given, most.log) : new Uint8Array(0);
      return log.length > 0 ? [{ kind: 'TCG' as const, log, path: `${slot.path}.${name}` }] : [];
    });
  const booted = logs('srtm_boot_log', 'drtm_boot_log');
  const resumed = logs('srtm_resume_log', 'drtm_resume_log');
  const wrapped = (name: string, its: readonly ClaimedLog[]): ClaimedPlatform | undefined => {
    const given = optional(member(slot, name));
    if (!given || given.value === '') return undefined;
    const claim = inside(given.path, () => decode(PlatformClaim, binary(given, 2 * most.statement)));
    const pcrs = new Map([[algorithmName(claim.bank), claimedPcrs(claim, given.path)]]);
    return { logs: its, aik, attest: claim.quote, signature: claim.signature, pcrs, path: given.path };
  };
  const current = wrapped('current_claim', resumed.length > 0 ? resumed : booted);
  if (!current) throw new Malformed(`${slot.path}.current_claim`, undefined, 'is missing');
  const boot = wrapped('boot_claim', booted);
  return { current, ...(boot && { boot }) };
}

/** Errors of a decoder, with the member in front of their path. */
export function inside<T>(path: string, decodeIt: () => T): T {
  try {
    return decodeIt();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw new Malformed(`${path}: ${error.path}`, error.offset, error.problem);
  }
}

function platformOf(slot: Slot): ClaimedPlatform {
  return {
    logs: elements(member(slot, 'logs'), most.logs).map((one) => {
      const kind = word(member(one, 'type'), ['TCG', 'IMA']);
      const log = binary(member(one, 'log'), kind === 'TCG' ? most.log : most.list);
      return { kind, log, path: `${one.path}.log` };
    }),
    aik: { key: claimedJwk(member(slot, 'aik_pub')), ...certificateOf(member(slot, 'aik_cert')) },
    attest: binary(member(slot, 'quote'), most.statement),
    signature: binary(member(slot, 'signature'), most.statement),
    pcrs: pcrsOf(member(slot, 'pcrs')),
    path: slot.path,
  };
}

/** Counted and told apart before anything is hashed. */
function pcrsOf(slot: Slot): PcrValues {
  const banks = new Map<string, ReadonlyMap<number, Bytes>>();
  for (const bank of elements(slot, most.banks)) {
    const id = integer(member(bank, 'algorithm'), 0, 0xffff);
    const name = algorithmName(id);
    const size = hashes.get(id)?.size;
    if (size === undefined) throw new Malformed(`${bank.path}.algorithm`, undefined, `is ${name}, which is no bank`);
    if (banks.has(name)) throw new Malformed(bank.path, undefined, `gives the bank ${name} a second time`);
    const values = new Map<number, Bytes>();
    for (const one of elements(member(bank, 'values'), pcrCount)) {
      const index = integer(member(one, 'index'), 0, pcrCount - 1);
      if (values.has(index)) throw new Malformed(one.path, undefined, `gives PCR ${index} a second time`);
      values.set(index, binary(member(one, 'digest'), size));
    }
    banks.set(name, values);
  }
  return banks;
}
