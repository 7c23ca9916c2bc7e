/**
 * The three parts of a compact JWS (RFC 7515 §7.1), read strictly: canonical base64url, no leftover bits, JSON without
 * duplicates. A token has one spelling, so that changing any character of it changes what is verified.
 */
import { type JsonObject, JsonRefused, parseObject } from './json.ts';
import { problem, TokenRefused } from './problem.ts';

/** The parts as bytes; nothing is known about their contents yet. */
export interface Parts {
  readonly text: string;
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

export interface Compact {
  readonly text: string;
  readonly header: JsonObject;
  /** Not to be believed before the signature is verified. */
  readonly claimed: JsonObject;
}

/** Longest token read, in characters: one that carries as much bound data as a service takes is somewhat shorter. */
const longestToken = 4 * 1024 * 1024;

/**
 * @throws {TokenRefused} with code `malformed`
 */
export function splitCompact(token: unknown): Parts {
  if (typeof token !== 'string') throw malformed('the token is not a text', typeof token);
  if (token.length > longestToken)
    throw malformed(`the token is longer than ${longestToken} characters`, `${token.length} characters`);
  const [header, payload, signature, ...more] = token.split('.', 6);
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0)
    throw malformed('the token does not have three parts', token);
  decode('signature', signature);
  return { text: token, header: decode('header', header), payload: decode('payload', payload) };
}

/**
 * @throws {TokenRefused} with code `malformed`
 */
export function parseCompact(token: unknown): Compact {
  const { text, header, payload } = splitCompact(token);
  return { text, header: object('header', header), claimed: object('payload', payload) };
}

function decode(part: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  // Buffer skips what it does not know; only the canonical spelling comes back unchanged.
  if (bytes.toString('base64url') !== text) throw malformed(`the ${part} is not canonical base64url`, text);
  return bytes;
}

function object(part: string, bytes: Uint8Array): JsonObject {
  try {
    return parseObject(bytes);
  } catch (error) {
    if (!(error instanceof JsonRefused)) throw error;
    throw malformed(`the ${part} ${error.message}`, Buffer.from(bytes.subarray(0, 256)).toString('latin1'));
  }
}

const malformed = (message: string, found: string): TokenRefused =>
  new TokenRefused([problem('malformed', message, 'a compact JWS', found)]);
