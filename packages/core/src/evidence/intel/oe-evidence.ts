/**
 * OpenEnclave's evidence, what `oe_get_evidence` gives: a header with the format's UUID around a quote and the claims
 * that the enclave bound. It is explained, not verified: no attestation type takes it. openenclave `bits/evidence.h`,
 * `attest_plugin.h`; header integers little-endian, UUIDs in the order they are printed.
 */
import {
  among,
  type Bytes,
  bytes,
  decode,
  hex,
  type Of,
  rest,
  sized,
  struct,
  u32le,
  u64le,
} from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { low32 } from './report.ts';

/** 28 bytes of header, then the evidence of the format. Version 2 puts OpenEnclave's report header before a quote. */
export const OeEvidence = struct({ version: among(u32le, [2, 3]), format: bytes(16), data: sized(low32, rest) });
export type OeEvidence = Of<typeof OeEvidence>;

/** What the data of a format are, as far as it is known here. */
export interface OeFormat {
  readonly name: string;
  readonly holds: 'quote and claims' | 'quote' | 'report' | 'other';
  readonly meaning: string;
}

const formats: { readonly [uuid: string]: OeFormat } = {
  'a3a21e87-1b4d-4014-b70a-a125d2fbcd8c': {
    name: 'SGX_ECDSA',
    holds: 'quote and claims',
    meaning: 'a quote and the custom claims that its report data bind',
  },
  '1923d91e-12d2-4c72-b220-25cd8dace871': {
    name: 'RAW_SGX_QUOTE_ECDSA',
    holds: 'quote',
    meaning: 'a bare SGX quote, report data as the enclave set them',
  },
  'c8303454-d923-4c2c-a691-df7def460a76': {
    name: 'LEGACY_REPORT_REMOTE',
    holds: 'report',
    meaning: 'an OpenEnclave report',
  },
  '8ba70286-c1cf-11ed-afa1-0242ac120002': {
    name: 'TDX_QUOTE_ECDSA',
    holds: 'quote',
    meaning: 'a quote of a TDX trust domain',
  },
  '09268c33-6e0b-45e5-8a27-15644d0ef89a': {
    name: 'SGX_LOCAL_ATTESTATION',
    holds: 'other',
    meaning: 'a report for another enclave of the same machine: nobody else can verify it',
  },
  'f228aa3f-de4d-49d3-884c-b2aa87a50da6': {
    name: 'SGX_EPID_LINKABLE',
    holds: 'other',
    meaning: 'EPID, which Intel has ended',
  },
  '5c35d290-a2c2-4c55-9e13-5ad732746c88': {
    name: 'SGX_EPID_UNLINKABLE',
    holds: 'other',
    meaning: 'EPID, which Intel has ended',
  },
};

/** A UUID as it is printed. */
export const uuidText = (uuid: Bytes): string =>
  hex(uuid).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

/** The format that a header names; undefined for one that is not known here. */
export function oeFormat({ format }: Pick<OeEvidence, 'format'>): OeFormat | undefined {
  const uuid = uuidText(format);
  return Object.hasOwn(formats, uuid) ? formats[uuid] : undefined;
}

/** One custom claim as the enclave wrote it. */
export interface CustomClaim {
  readonly name: Bytes;
  readonly value: Bytes;
}

const ClaimsHeader = struct({ version: among(low32, [1]), count: low32, claims: rest });
const Claim = struct({ nameSize: u64le, valueSize: u64le, rest });
const mostClaims = 256;

/**
 * The custom claims behind a quote: a header with their count, then each with its sizes before it.
 * @throws {Malformed} naming the claim
 */
export function readCustomClaims(buffer: Bytes): readonly CustomClaim[] {
  const { count, claims } = decode(ClaimsHeader, buffer);
  if (count > mostClaims) throw new Malformed('count', 8, `is ${count}, at most ${mostClaims}`);
  const out: CustomClaim[] = [];
  let left = claims;
  for (let i = 0; i < count; i++) {
    const { nameSize, valueSize, rest: behind } = decode(Claim, left);
    // Each is compared alone first: their sum may be more than the 64 bits hold.
    const length = BigInt(behind.length);
    if (nameSize > length || valueSize > length - nameSize)
      throw new Malformed(
        `claims.${i}`,
        buffer.length - left.length,
        `needs ${nameSize} and ${valueSize} bytes, ${length} left`,
      );
    const end = Number(nameSize);
    out.push({ name: behind.subarray(0, end), value: behind.subarray(end, end + Number(valueSize)) });
    left = behind.subarray(end + Number(valueSize));
  }
  if (left.length > 0) throw new Malformed('claims', buffer.length - left.length, `${left.length} bytes left over`);
  return out;
}
