/**
 * `POST /attest/Tpm`: a quote of a TPM with the logs of a boot, in two rounds. The first hands out a challenge, the second
 * brings the request that answers it; the service remembers nothing in between, since what it must know travels sealed in
 * the service context. Azure Attestation, TPM protocol.
 */
import { type Bytes, base64url, bytes, decode, encode, struct, u64be, utf8 } from '../bytes/index.ts';
import type { Json, JsonObject } from '../claim.ts';
import type { AttestationType, Desk, Received, TokenForm } from '../contract.ts';
import { Malformed } from '../errors.ts';
import { tpmClaimNames, tpmIncomingClaims } from '../evidence/tcg/claims.ts';
import type { TpmFacts } from '../evidence/tcg/facts.ts';
import { canonicalBase64url } from '../evidence/tcg/jws.ts';
import { claimedContext } from '../evidence/tcg/request.ts';
import type { TpmSettings } from '../evidence/tcg/settings.ts';
import { tpmRequest } from '../evidence/tcg/verifier.ts';
import type { AnchoredTpm, TpmEvidence } from '../evidence/tcg/verify.ts';
import { formatJson, isObject, parseJson } from '../json/index.ts';
import { members, wrong } from './envelope.ts';

/** Four days, as published tokens have it; valid already five minutes before. */
const tpmToken: TokenForm = {
  lifetimeSeconds: 5760 * 60,
  earlySeconds: 300,
  header: 'x5c',
  order: [
    ...['nbf', 'exp', 'iat', 'iss', 'jti', 'ver', 'x-ms-ver', 'rp_data', 'nonce', 'cnf', 'x-ms-policy-hash'],
    ...['x-ms-tpm-request-key', 'x-ms-tpm-other-keys', 'x-ms-policy-signer', 'x-ms-policy'],
  ],
  policyClaims: 'nested',
  identifierBytes: 20,
  issuance: { lifetimeMinutes: 'report_validity_in_minutes', omitCertificates: 'omit_x5c' },
};

export const tpm: AttestationType<TpmEvidence, AnchoredTpm, TpmFacts, TpmSettings> = {
  name: 'Tpm',
  aliases: ['VbsEnclave'],
  request: {
    type: 'object',
    required: ['data'],
    properties: {
      data: {
        type: 'string',
        description: 'base64url of JSON: {"payload":{"type":"aikcert"}}, then {"payload":{"request":JWS}}',
      },
    },
  },
  verifier: tpmRequest,
  token: tpmToken,
  route: { hasLongBody: true, demandsBearer: true, hasNoPreview: true },
  properties: {
    require_valid_aik_cert: { kind: 'Boolean', sets: 'requireValidAik' },
    required_pcr_mask: { kind: 'Integer', sets: 'requiredPcrMask' },
  },
  serviceClaims: tpmClaimNames,
  incomingClaims: tpmIncomingClaims,
  receive,
  // Nobody has recorded this answer: it stands where the one client looks, and where documents show it.
  answer: (report) => frame({ payload: { report }, report }),
};

const frame = (inner: JsonObject): JsonObject => ({ data: base64url(utf8(formatJson(inner))) });

/** The frame around a request: 6 MiB of body hold so much. */
const longestData = 6 * 1024 * 1024;
const deepest = 12;

function receive(body: Json, desk: Desk): Received | { readonly answer: Json } {
  const data = members(body, '')('data');
  if (typeof data !== 'string')
    throw wrong(
      'data',
      data === undefined ? 'is missing: expected base64url text' : 'must be a string of base64url text',
    );
  const inner = innerOf(data);
  const payload = inner['payload'] ?? {};
  if (!isObject(payload)) throw wrong('data.payload', 'must be an object');
  const [type, request] = [payload['type'], payload['request'] ?? inner['request']];
  if (type !== undefined && request !== undefined) throw wrong('data.payload', 'has both a type and a request');
  if (request === undefined) {
    if (type === undefined) throw wrong('data.payload', 'has neither a type nor a request');
    if (type !== 'aikcert') throw wrong('data.payload.type', 'must be «aikcert»');
    return { answer: challenge(desk) };
  }
  if (typeof request !== 'string') throw wrong('data.payload.request', 'must be a string');
  const evidence = utf8(request);
  const context = openContext(claimedContext(evidence), desk);
  return {
    // What does not open is for the verifier to refuse, on record.
    submission: { evidence, provider: desk.issuer, ...(context && { challenge: context.challenge }) },
    ...(context && { once: { key: context.challenge, until: new Date(Number(context.expires)) } }),
  };
}

function innerOf(data: string): JsonObject {
  try {
    const inner = parseJson(canonicalBase64url(data, 'data', longestData), { path: 'data', maxDepth: deepest });
    if (isObject(inner)) return inner;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    throw wrong('data', `does not read: ${error.message}`);
  }
  throw wrong('data', 'must hold a JSON object');
}

const challengeBytes = 16;
/** How long an answer to a challenge may take: quotes take seconds, and keys are enrolled before. */
const lifetimeMilliseconds = 5 * 60_000;

/** What the service must know in the second round. */
const Context = struct({ version: bytes(1), expires: u64be, challenge: bytes(challengeBytes) });
const version = Uint8Array.of(1);

/** The first round's answer: the context has the recorded shape, and clients hand it back unread. */
function challenge(desk: Desk): Json {
  const fresh = desk.random(challengeBytes);
  const expires = BigInt(desk.now.getTime() + lifetimeMilliseconds);
  const sealed = desk.seal(encode(Context, { version, expires, challenge: fresh }));
  const context = formatJson({ ProtectionKeyName: desk.sealedBy, ProtectedContext: base64url(sealed) });
  return frame({ payload: { challenge: base64url(fresh), service_context: base64url(utf8(context)) } });
}

/** Undefined for a context that this service did not make, that was altered, or whose time is over. */
function openContext(text: string | undefined, desk: Desk): { challenge: Bytes; expires: bigint } | undefined {
  try {
    if (text === undefined) return undefined;
    const outer = parseJson(canonicalBase64url(text, 'service_context', 4096), { maxDepth: 2 });
    const sealed = isObject(outer) ? outer['ProtectedContext'] : undefined;
    if (typeof sealed !== 'string') return undefined;
    const plain = desk.unseal(canonicalBase64url(sealed, 'service_context.ProtectedContext', 1024));
    const context = plain && decode(Context, plain);
    return context && context.expires > BigInt(desk.now.getTime()) ? context : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
