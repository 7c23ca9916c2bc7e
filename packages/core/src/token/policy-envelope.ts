/**
 * Policies as they are uploaded: a compact JWS (RFC 7515) whose payload is `{"AttestationPolicy": "<base64url of the
 * text>"}`, signed or not; an empty payload resets a policy. Azure Attestation, policies; its recorded sentences.
 */
import { type Bytes, base64, base64url, fromBase64, fromUtf8, utf8 } from '../bytes/index.ts';
import type { Json, JsonObject } from '../claim.ts';
import { type PrivateKey, type PublicKey, type Scheme, sha256, signData, verifySignature } from '../crypto/index.ts';
import { AttestError, Malformed, printable } from '../errors.ts';
import { formatJson, isObject, parseJson } from '../json/index.ts';
import type { Certificate } from '../pki/index.ts';
import { admit, chainOf, keyOfJwk, type PolicySigner, type SignerRule } from './policy-signer.ts';

/** RFC 7518 §3.1, without the symmetric ones. For ECDSA the curve goes with the hash. */
const algorithms = {
  RS256: { scheme: 'rsa-pkcs1-sha256', curve: undefined },
  RS384: { scheme: 'rsa-pkcs1-sha384', curve: undefined },
  RS512: { scheme: 'rsa-pkcs1-sha512', curve: undefined },
  PS256: { scheme: 'rsa-pss-sha256', curve: undefined },
  PS384: { scheme: 'rsa-pss-sha384', curve: undefined },
  PS512: { scheme: 'rsa-pss-sha512', curve: undefined },
  ES256: { scheme: 'ecdsa-sha256-raw', curve: 'P-256' },
  ES384: { scheme: 'ecdsa-sha384-raw', curve: 'P-384' },
  ES512: { scheme: 'ecdsa-sha512-raw', curve: 'P-521' },
} as const satisfies Record<string, { scheme: Scheme; curve: string | undefined }>;

export type PolicyAlgorithm = keyof typeof algorithms;
export const policyAlgorithms = Object.keys(algorithms) as readonly PolicyAlgorithm[];

/** Longest JWS read, in characters: the longest policy, twice in base64, and a chain. */
const longestEnvelope = 512 * 1024;
const mostMembers = 32;

export interface PolicyEnvelope {
  /** Exactly as it was received: it is hashed, kept and given back so. */
  readonly jws: string;
  readonly header: JsonObject;
  /** The text of the policy; undefined for the empty payload of a reset. */
  readonly text: string | undefined;
  /** Undefined for an unsigned one. */
  readonly signed:
    | {
        readonly alg: PolicyAlgorithm;
        readonly chain: readonly Certificate[];
        readonly jwk?: JsonObject;
        readonly signature: Bytes;
      }
    | undefined;
}

const wrong = (problem: string, cause?: unknown): AttestError =>
  new AttestError('OperationInvalid', problem, { where: { path: 'policy' }, cause });

/**
 * Reads the shape. Nothing is verified: until `verifyPolicy` has seen it, everything in it is somebody's claim.
 * @throws {AttestError} OperationInvalid
 */
export function readPolicyEnvelope(jws: string): PolicyEnvelope {
  if (jws.length > longestEnvelope)
    throw wrong(`The JWS has ${jws.length} characters, at most ${longestEnvelope} are read.`);
  const [head, body, signature, more] = jws.split('.', 4);
  if (head === undefined || body === undefined) throw wrong('Malformed JWT: Could not find first period in the token.');
  if (signature === undefined) throw wrong('Malformed JWT: Could not find second period in the token.');
  if (more !== undefined) throw wrong('Malformed JWT: There are more than two periods in the token.');
  const header = readObject(head, 'header');
  if (Object.hasOwn(header, 'crit'))
    throw wrong('Malformed JWT: The header has critical extensions, and none is known here.');
  const signed = readSigner(header, decoded(signature, 'signature'));
  return { jws, header, text: body === '' ? undefined : readText(body), signed };
}

function readSigner(header: JsonObject, signature: Bytes): PolicyEnvelope['signed'] {
  const { alg, x5c, jwk } = header as { readonly [name: string]: Json | undefined };
  if (alg === 'none') {
    if (signature.length > 0) throw wrong('Malformed JWT: The algorithm is «none», and yet there is a signature.');
    return undefined;
  }
  const known = policyAlgorithms.find((name) => name === alg);
  if (!known)
    throw wrong(
      `The algorithm ${typeof alg === 'string' ? `«${shown(alg)}»` : 'of the header'} is not none, ${policyAlgorithms.join(', ')}.`,
    );
  if (signature.length === 0) throw wrong('Malformed JWT: The algorithm asks for a signature, and there is none.');
  if (x5c !== undefined) {
    if (!Array.isArray(x5c) || !x5c.every((item) => typeof item === 'string'))
      throw wrong('x5c is not an array of strings.');
    return {
      alg: known,
      chain: chainOf(x5c.map((item, i) => decoded(item as string, `x5c[${i}]`, 'base64'))),
      signature,
    };
  }
  if (!isObject(jwk)) throw wrong('The header names no signer: expected x5c, or jwk.');
  return { alg: known, chain: [], jwk, signature };
}

function readText(body: string): string {
  const payload = readObject(body, 'payload');
  const text = Object.hasOwn(payload, 'AttestationPolicy') ? payload['AttestationPolicy'] : undefined;
  if (typeof text !== 'string') throw wrong('Could not find "AttestationPolicy" claim in policy token');
  return asText(decoded(text, 'AttestationPolicy', 'either'), 'AttestationPolicy');
}

function readObject(part: string, path: string): JsonObject {
  try {
    const value = parseJson(decoded(part, path), { path, maxDepth: 16 });
    if (isObject(value) && Object.keys(value).length <= mostMembers) return value;
  } catch (error) {
    if (error instanceof Malformed) throw wrong(`Malformed JWT: ${error.message}.`, error);
    throw error;
  }
  throw wrong(`Malformed JWT: The ${path} is not a JSON object of at most ${mostMembers} members.`);
}

function asText(bytes: Bytes, path: string): string {
  try {
    return fromUtf8(bytes, path);
  } catch (error) {
    if (error instanceof Malformed) throw wrong(`The policy is not UTF-8: ${error.message}.`, error);
    throw error;
  }
}

function decoded(text: string, path: string, kind: 'base64' | 'base64url' | 'either' = 'base64url'): Bytes {
  try {
    return fromBase64(text, kind, path);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const unit = text.charCodeAt(error.offset ?? text.length);
    const foreign = error.problem.endsWith('character') && unit >= 0;
    throw wrong(
      foreign
        ? `Unknown base64 character: ${unit} ('${printable(String.fromCharCode(unit))}') (${error.message})`
        : `${error.message}.`,
      error,
    );
  }
}

const shown = (text: string): string => printable(text.slice(0, 20));

/**
 * Verifies the signature, then asks whether the signer may sign.
 * @returns who signed; undefined for an unsigned policy
 * @throws {AttestError} OperationInvalid or RequestMalformed
 */
export function verifyPolicy({ jws, signed }: PolicyEnvelope, rule: SignerRule): PolicySigner | undefined {
  if (!signed) {
    if (rule.listed) throw wrong('Unsigned JWS specified but enclave is configured with signing certificates.');
    return undefined;
  }
  const { alg, chain, jwk, signature } = signed;
  const key = chain[0]?.key() ?? keyOfJwk(jwk ?? {});
  if (!isSigned(alg, key, jws.slice(0, jws.lastIndexOf('.')), signature))
    throw wrong('The signature of the policy is not by the key in its header.');
  const signer: PolicySigner = { alg, key, chain, ...(jwk && { jwk }) };
  admit(signer, rule);
  return signer;
}

function isSigned(alg: PolicyAlgorithm, key: PublicKey, input: string, signature: Bytes): boolean {
  const { scheme, curve } = algorithms[alg];
  return (
    (curve === undefined || (key.kind === 'EC' && key.curve === curve)) &&
    verifySignature(scheme, key, utf8(input), signature)
  );
}

/** `x-ms-policy-token-hash`: over the JWS as it was received, without quotes around it. */
export const policyTokenHash = (jws: string): string => base64url(sha256(utf8(jws)));

const payloadOf = (text: string | undefined): string =>
  text === undefined ? '' : base64url(utf8(formatJson({ AttestationPolicy: base64url(utf8(text)) })));

/** @param text the policy; none: the JWS that resets one */
export const unsignedPolicy = (text: string | undefined): string =>
  `${base64url(utf8('{"alg":"none"}'))}.${payloadOf(text)}.`;

/** Who signs a policy: with certificates, leaf first, in DER, or with the public key alone. */
export interface PolicySigning {
  readonly alg: PolicyAlgorithm;
  readonly key: PrivateKey;
  readonly by: { readonly x5c: readonly Bytes[] } | { readonly jwk: JsonObject };
}

/**
 * @param text the policy; none: the JWS that resets one
 * @throws {AttestError} OperationInvalid when the key does not go with the algorithm or the certificate
 */
export function signPolicy(text: string | undefined, { alg, key, by }: PolicySigning): string {
  const { scheme, curve } = algorithms[alg];
  const kind = curve ?? 'RSA';
  const found = key.public.kind === 'EC' ? key.public.curve : key.public.kind;
  if (kind !== found) throw wrong(`${alg} needs a key of kind ${kind}, and this one is of kind ${found}.`);
  const header: JsonObject = 'x5c' in by ? { alg, x5c: by.x5c.map(base64) } : { alg, jwk: by.jwk };
  const input = `${base64url(utf8(formatJson(header)))}.${payloadOf(text)}`;
  const jws = `${input}.${base64url(signData(scheme, key, utf8(input)))}`;
  // Whoever receives it would refuse what was signed with another key than the certificate's.
  verifyPolicy(readPolicyEnvelope(jws), {});
  return jws;
}
