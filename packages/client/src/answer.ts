/** Reading answers: JSON or an error, errors into what they say. Nothing of an answer is taken on trust. */
import { AttestationError } from './error.ts';
import type { Answer } from './http.ts';
import { retryAfterMs } from './retry.ts';

/**
 * The JSON of a 200 answer.
 * @param place names the request in messages
 * @throws {AttestationError} with the service's code and message for any other status, `AnswerInvalid` for nonsense
 */
export function accepted(answer: Answer, place: string): unknown {
  const body = parse(answer);
  if (answer.status !== 200) throw refusal(answer, body, place);
  if (body === undefined)
    throw new AttestationError('AnswerInvalid', `${place}: answered 200 with ${contentOf(answer)}, not JSON`, {
      status: 200,
      requestId: requestIdOf(answer),
    });
  return body;
}

/** Id of the appraisal that an answer names. */
export const appraisalIdOf = (answer: Answer): string | undefined => answer.header('x-assay-appraisal-id');
const requestIdOf = (answer: Answer): string | undefined => answer.header('x-ms-request-id');

const contentOf = (answer: Answer): string => answer.header('content-type')?.slice(0, 100) ?? 'no content type';

function parse(answer: Answer): unknown {
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(answer.header('content-type') ?? '')) return undefined;
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}

/** Longest text taken over from an answer into an error, in characters. */
const longestText = 4096;

/** A member that is text, whatever the rest of the body is. */
function text(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const value = (body as Record<string, unknown>)[name];
  return typeof value === 'string' && value !== '' ? value.slice(0, longestText) : undefined;
}

function refusal(answer: Answer, body: unknown, place: string): AttestationError {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  const wait = retryAfterMs(answer);
  const details = {
    status: answer.status,
    appraisalId: appraisalIdOf(answer) ?? text(body, 'x-assay-appraisal') ?? text(error, 'x-assay-appraisal'),
    check: text(error, 'x-assay-check') ?? text(body, 'x-assay-check'),
    requestId: requestIdOf(answer),
    retryAfterSeconds: wait === undefined ? undefined : Math.ceil(wait / 1000),
  };
  const [code, message] = [text(error, 'code'), text(error, 'message')];
  if (code !== undefined && message !== undefined) return new AttestationError(code, message, details);
  const moved = answer.status >= 300 && answer.status < 400 ? '; redirects are not followed' : '';
  return new AttestationError(
    'AnswerInvalid',
    `${place}: answered ${answer.status} with ${contentOf(answer)} that is no error of the attestation protocol${moved}`,
    details,
  );
}
