/** Files of the TPM protocol: requests of the second round, and what the first round answered. */
import type { Challenge } from '@assay/client';
import { type Bytes, base64url, isObject, type Json, type JsonObject, Malformed, parseJson } from '@assay/core';
import { fromBase64, utf8 } from '@assay/core/bytes';
import { CommandError } from '../exit.ts';
import { jsonText } from '../json.ts';

/** The request out of a whole body, its frame, or by itself. @throws {Malformed} for JSON that does not read */
export function requestIn(file: Bytes): Bytes {
  const text = new TextDecoder().decode(file).trim();
  if (!text.startsWith('{')) return utf8(text);
  let json: Json = parseJson(utf8(text));
  if (isObject(json) && typeof json['data'] === 'string') json = parseJson(fromBase64(json['data']));
  const payload = isObject(json) ? (json['payload'] ?? json) : json;
  const request = isObject(payload) ? payload['request'] : undefined;
  return utf8(typeof request === 'string' ? request : text);
}

/** What the first round answered, as it is kept until the evidence is there. @param more for people */
export const challengeFile = ({ challenge, serviceContext }: Challenge, more: JsonObject): string =>
  `${jsonText({ challenge: base64url(challenge), service_context: serviceContext, ...more })}\n`;

/** @returns undefined for a file that is none @throws {CommandError} usage for one that does not read */
export function challengeIn(file: Bytes, name: string): Challenge | undefined {
  let json: Json;
  try {
    json = parseJson(file, { path: name });
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
  if (!isObject(json)) return undefined;
  const { challenge, service_context: serviceContext } = json as { readonly [name: string]: Json };
  if (challenge === undefined || serviceContext === undefined) return undefined;
  if (typeof challenge === 'string' && typeof serviceContext === 'string') {
    const bytes = fromBase64(challenge, 'base64url', `${name}: challenge`);
    if (bytes.length > 0 && bytes.length <= 64) return { challenge: bytes, serviceContext };
  }
  throw new CommandError('usage', `${name} is no file of assay tpm challenge`, [
    'the challenge is 1 to 64 bytes in base64url',
  ]);
}
