/**
 * Trying again as Microsoft's clients do: 408 and 5xx (but 501 and 505) with exponential back-off, 429 and 503 only
 * when the service says when, connections that failed likewise; never 400 or 401. Attesting twice does no harm.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { AttestationError } from './error.ts';
import { type Answer, systemCode } from './http.ts';

export interface Retry {
  /** How often to try again after the first try; 0 for never. Default 3. */
  readonly retries?: number;
  /** Wait before the first retry, in milliseconds, doubled each time. Default 1 000. */
  readonly firstDelayMs?: number;
  /** Longest wait, in milliseconds. A service that asks for a longer one is not waited for. Default 30 000. */
  readonly longestDelayMs?: number;
  /** Waits; rejects when the signal fires. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** A number from 0 (included) to 1 (excluded) that spreads clients which failed together. */
  readonly random?: () => number;
}

const sleepFor = async (ms: number, signal: AbortSignal): Promise<void> => {
  await delay(ms, undefined, { signal });
};

/**
 * @param send one try
 * @returns the first answer that is not to be tried again, whatever its status
 * @throws {AttestationError} of the last try that got no answer
 */
export async function withRetries(send: () => Promise<Answer>, retry: Retry, signal: AbortSignal): Promise<Answer> {
  const { retries = 3, sleep = sleepFor } = retry;
  for (let tried = 0; ; tried++) {
    const outcome = await settle(send);
    const wait = tried < retries ? waitAfter(outcome, tried, retry) : undefined;
    if (wait === undefined) {
      if (outcome instanceof AttestationError) throw outcome;
      return outcome;
    }
    await sleep(wait, signal);
  }
}

async function settle(send: () => Promise<Answer>): Promise<Answer | AttestationError> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof AttestationError) return error;
    throw error;
  }
}

/** Connections that may well succeed a moment later. */
const passing = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']);

/** Milliseconds to wait before trying again; nothing when this outcome is final. */
function waitAfter(outcome: Answer | AttestationError, tried: number, retry: Retry): number | undefined {
  const { firstDelayMs = 1000, longestDelayMs = 30_000, random = Math.random } = retry;
  const backOff = (): number => {
    const full = Math.min(firstDelayMs * 2 ** tried, longestDelayMs);
    return full / 2 + (random() * full) / 2;
  };
  if (outcome instanceof AttestationError)
    return outcome.code === 'Unreachable' && passing.has(systemCode(outcome) ?? '') ? backOff() : undefined;
  const { status } = outcome;
  if (status === 429 || status === 503) {
    const asked = retryAfterMs(outcome);
    return asked === undefined || asked > longestDelayMs ? undefined : asked;
  }
  const again = status === 408 || (status >= 500 && status !== 501 && status !== 505);
  return again ? backOff() : undefined;
}

/** The wait that an answer asks for, in milliseconds: `retry-after-ms`, or `Retry-After` in seconds or as a date. */
export function retryAfterMs(answer: Answer): number | undefined {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const ms = answer.header(name);
    if (ms !== undefined && /^\d{1,9}$/.test(ms)) return Number(ms);
  }
  const text = answer.header('retry-after');
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
