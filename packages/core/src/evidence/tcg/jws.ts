/**
 * The signature around a request of the TPM protocol: a compact JWS (RFC 7515 §7.1) whose key stands in its own payload,
 * and only there. Nothing in its header is believed but the algorithm, and that must fit the key.
 */
import { type Bytes, fromBase64, fromUtf8 } from '../../bytes/index.ts';
import type { PublicKey, Scheme } from '../../crypto/index.ts';
import { Malformed } from '../../errors.ts';
import { isObject, type JsonObject, parseJson } from '../../json/index.ts';

export interface ClaimedJws {
  /** What is signed. */
  readonly input: Bytes;
  readonly algorithm: JwsAlgorithm;
  /** `typ`. */
  readonly type: string;
  readonly payload: Bytes;
  readonly signature: Bytes;
}

export type JwsAlgorithm = 'PS256' | 'PS384' | 'ES256' | 'ES384';
/** TPMs differ in the length of their salt. */
const schemes: { readonly [name in JwsAlgorithm]: readonly [Scheme, Pick<PublicKey, 'kind'> & { curve?: string }] } = {
  PS256: ['rsa-pss-sha256-any', { kind: 'RSA' }],
  PS384: ['rsa-pss-sha384-any', { kind: 'RSA' }],
  ES256: ['ecdsa-sha256-raw', { kind: 'EC', curve: 'P-256' }],
  ES384: ['ecdsa-sha384-raw', { kind: 'EC', curve: 'P-384' }],
};

/** The scheme by which a key of this kind signs; undefined where the algorithm is not for it. */
export function schemeFor(algorithm: JwsAlgorithm, key: PublicKey): Scheme | undefined {
  const [scheme, { kind, curve }] = schemes[algorithm];
  return key.kind === kind && (key.kind !== 'EC' || key.curve === curve) ? scheme : undefined;
}

/** Parameters that would change what is signed, or offer another key. */
const foreign = ['crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u', 'zip'];
/** Longest parts, in bytes. */
const longest = { header: 1024, payload: 4 * 1024 * 1024, signature: 1024 };

/** base64url without padding: one text for one value. */
export function canonicalBase64url(text: string, path: string, most: number): Bytes {
  if (text.length > Math.ceil((most * 4) / 3))
    throw new Malformed(path, undefined, `has ${text.length} characters, at most ${Math.ceil((most * 4) / 3)}`);
  const padding = text.indexOf('=');
  if (padding >= 0) throw new Malformed(path, padding, 'has padding, which base64url here has not');
  return fromBase64(text, 'base64url', path);
}

/**
 * Reads a compact JWS. The signature is not looked at.
 * @throws {Malformed} naming the part
 */
export function readJws(evidence: Bytes): ClaimedJws {
  const text = fromUtf8(evidence, 'request');
  const parts = text.split('.', 4);
  const [head = '', body = '', tail = ''] = parts;
  if (parts.length !== 3) throw new Malformed('request', undefined, 'is not three parts with dots between them');
  const header = parseJson(canonicalBase64url(head, 'request.header', longest.header), {
    path: 'request.header',
    maxDepth: 4,
  });
  if (!isObject(header)) throw new Malformed('request.header', 0, 'is not a JSON object');
  return {
    input: evidence.subarray(0, head.length + 1 + body.length),
    algorithm: algorithmOf(header),
    type: typeOf(header),
    payload: canonicalBase64url(body, 'request.payload', longest.payload),
    signature: canonicalBase64url(tail, 'request.signature', longest.signature),
  };
}

function algorithmOf(header: JsonObject): JwsAlgorithm {
  const odd = foreign.find((name) => header[name] !== undefined);
  if (odd !== undefined) throw new Malformed(`request.header.${odd}`, undefined, 'has no place in a request');
  const { alg } = header as { readonly alg?: unknown };
  if (typeof alg === 'string' && Object.hasOwn(schemes, alg)) return alg as JwsAlgorithm;
  throw new Malformed('request.header.alg', undefined, `must be one of ${Object.keys(schemes).join(', ')}`);
}

function typeOf(header: JsonObject): string {
  const { typ } = header as { readonly typ?: unknown };
  if (typ === 'attReq' || typ === 'attReqV2') return typ;
  throw new Malformed('request.header.typ', undefined, 'must be attReq or attReqV2');
}
