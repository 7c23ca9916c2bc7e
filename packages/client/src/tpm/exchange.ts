/**
 * The frames of the TPM protocol's two rounds (REST API, `/attest/Tpm`): JSON inside base64url inside JSON, both ways.
 * What counts stands in `payload`; documents also show it without, so both are read.
 */
import { type Bytes, base64url, fromBase64, fromUtf8, utf8 } from '@assay/core/bytes';
import { AttestationError } from '../error.ts';
import type { Challenge } from './request.ts';

const frame = (payload: object): string => JSON.stringify({ data: base64url(utf8(JSON.stringify({ payload }))) });

/** Body of the first round. */
export const initBody: string = frame({ type: 'aikcert' });

/** Body of the second round. @param request a compact JWS */
export const requestBody = (request: string): string => frame({ request });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member of the frame's payload, or of the frame itself. */
function memberOf(body: unknown, name: string): unknown {
  const data = isObject(body) ? body['data'] : undefined;
  if (typeof data !== 'string') return undefined;
  const inner = parsed(data);
  const payload = isObject(inner) && isObject(inner['payload']) ? inner['payload'] : undefined;
  return payload?.[name] ?? (isObject(inner) ? inner[name] : undefined);
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(fromUtf8(fromBase64(data)));
  } catch {
    return undefined;
  }
}

/**
 * Longest challenge, in bytes; they have 16. One as long as a hash may be the hash that binds a stranger's key to another
 * service's challenge: the TPM would quote it as it is, and that service take the stranger's key for this machine's.
 */
const longestChallenge = 31;

/**
 * The answer of the first round.
 * @throws {AttestationError} `AnswerInvalid` when it holds no challenge
 */
export function challengeOf(body: unknown, place: string): Challenge {
  const [text, serviceContext] = [memberOf(body, 'challenge'), memberOf(body, 'service_context')];
  const challenge = typeof text === 'string' ? decoded(text) : undefined;
  if (challenge && challenge.length > 0 && challenge.length <= longestChallenge && typeof serviceContext === 'string')
    return { challenge, serviceContext };
  throw new AttestationError(
    'AnswerInvalid',
    `${place}: answered 200 without a challenge of 1 to ${longestChallenge} bytes and a service context`,
    {
      status: 200,
    },
  );
}

function decoded(text: string): Bytes | undefined {
  try {
    return fromBase64(text);
  } catch {
    return undefined;
  }
}

/** What stands where the token should in the answer of the second round. */
export const reportOf = (body: unknown): unknown => memberOf(body, 'report');
