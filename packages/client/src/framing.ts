/**
 * What a request looks like in each api-version, and how its answer holds the token. From 2020-10-01 on all versions
 * are one; 2018-09-01-preview has its own routes, members and answer (a bare JSON string).
 */
import { type Bytes, base64url } from '@assay/core/bytes';
import { AttestationError } from './error.ts';

export const apiVersions = [
  '2018-09-01-preview',
  '2020-10-01',
  '2022-08-01',
  '2022-09-01-preview',
  '2023-04-01-preview',
  '2025-06-01',
  '2026-03-11-preview',
] as const;
export type ApiVersion = (typeof apiVersions)[number];

/** Data that the evidence binds by its SHA-256, and how it is to appear in the token. */
export interface BoundData {
  readonly data: Bytes;
  /** `Binary`: base64url in `x-ms-sgx-ehd`. `JSON`: the data must be a JSON object and appears in `x-ms-runtime`. */
  readonly kind: 'Binary' | 'JSON';
}

export interface AttestOptions {
  /** Bound by the first 32 bytes of the report data. Without it the service does not look at the report data. */
  readonly runtimeData?: BoundData;
  /** Bound when the enclave was made (SGX: the config id). */
  readonly initTimeData?: BoundData;
  /** Policy text to use instead of the configured one. The token is then **not signed** (`alg: none`). */
  readonly draftPolicy?: string;
  /** Echoed in the token. From api-version 2022-08-01 on. */
  readonly nonce?: string;
  /** Ends the call, waits between tries included. */
  readonly signal?: AbortSignal;
}

export type TeeKind = 'SgxEnclave' | 'OpenEnclave';

/** One attest request, ready to send. */
export interface Framed {
  /** From the endpoint on, api-version included. */
  readonly path: string;
  readonly body: string;
  readonly token: (answer: unknown) => unknown;
}

/**
 * @throws {TypeError} when the api-version cannot say what the options ask for
 */
export function frame(kind: TeeKind, version: ApiVersion, evidence: Bytes, options: AttestOptions): Framed {
  const { nonce, draftPolicy } = options;
  if (version < '2022-08-01' && nonce !== undefined)
    throw new TypeError(`a nonce needs api-version 2022-08-01 or later, not ${version}`);
  if (version === '2018-09-01-preview') return framePreview(kind, evidence, options);
  return {
    path: `/attest/${kind}?api-version=${version}`,
    body: JSON.stringify({
      [kind === 'SgxEnclave' ? 'quote' : 'report']: base64url(evidence),
      ...wire('runtimeData', options.runtimeData),
      ...wire('initTimeData', options.initTimeData),
      ...(draftPolicy !== undefined && { draftPolicyForAttestation: draftPolicy }),
      ...(nonce !== undefined && { nonce }),
    }),
    token: (answer) => (typeof answer === 'object' && answer !== null && 'token' in answer ? answer.token : undefined),
  };
}

/** Where both rounds of the TPM protocol go. @throws {TypeError} when the api-version does not know them */
export function tpmPath(version: ApiVersion): string {
  if (version === '2018-09-01-preview') throw new TypeError(`api-version ${version} knows no attestation of TPMs`);
  return `/attest/Tpm?api-version=${version}`;
}

const wire = (member: string, bound: BoundData | undefined): object =>
  bound ? { [member]: { data: base64url(bound.data), dataType: bound.kind } } : {};

function framePreview(kind: TeeKind, evidence: Bytes, options: AttestOptions): Framed {
  const { runtimeData, initTimeData, draftPolicy } = options;
  if (initTimeData) throw new TypeError('api-version 2018-09-01-preview knows no initTimeData');
  if (runtimeData && runtimeData.kind !== 'Binary')
    throw new TypeError('api-version 2018-09-01-preview knows Binary runtime data only');
  return {
    path: `/attest/${kind === 'SgxEnclave' ? kind : `Tee/${kind}`}?api-version=2018-09-01-preview`,
    body: JSON.stringify({
      Quote: base64url(evidence),
      ...(runtimeData && { EnclaveHeldData: base64url(runtimeData.data) }),
      ...(draftPolicy !== undefined && { DraftPolicyForAttestation: draftPolicy }),
    }),
    token: (answer) => answer,
  };
}

/** Header, payload and signature (empty in the tokens of draft policies). */
const compact = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/**
 * @param found what stands where the token should
 * @throws {AttestationError} `AnswerInvalid` when it is no compact JWS
 */
export function tokenOf(found: unknown, place: string): string {
  if (typeof found === 'string' && compact.test(found)) return found;
  throw new AttestationError('AnswerInvalid', `${place}: answered 200 without a token`, { status: 200 });
}
