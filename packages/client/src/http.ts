/**
 * One HTTP exchange: JSON out, JSON in, with everything bounded. Redirects are not followed, answers are cut off at a
 * size, and whatever fails is an `AttestationError`.
 */
import { fromUtf8 } from '@assay/core/bytes';
import { AttestationError } from './error.ts';

/** What this client asks of a transport: the part of `fetch` that it uses. The global `fetch` fits. */
export type Fetch = (url: string, request: Outgoing) => Promise<Reply>;

export interface Outgoing {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly headers: { readonly get: (name: string) => string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

/** Longest answer read, in bytes. Tokens take some kilobytes, whole appraisals some hundred. */
const longestAnswer = 4 * 1024 * 1024;

/**
 * Sends one request and reads the whole answer, whatever its status.
 * @param signal ends the exchange at any point of it
 * @throws {AttestationError} `Unreachable` without an answer, `AnswerInvalid` for one that is too long or not UTF-8
 */
export async function exchange(
  fetch: Fetch,
  url: string,
  request: Pick<Outgoing, 'method' | 'headers' | 'body'>,
  signal: AbortSignal,
): Promise<Answer> {
  const place = `${request.method} ${url}`;
  try {
    const reply = await fetch(url, { ...request, redirect: 'manual', signal });
    const text = await read(reply, place);
    return { status: reply.status, header: (name) => reply.headers.get(name) ?? undefined, text };
  } catch (cause) {
    if (cause instanceof AttestationError || signal.aborted) throw cause;
    throw new AttestationError('Unreachable', `${place}: ${reasonOf(cause)}`, { cause });
  }
}

async function read(reply: Reply, place: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of reply.body ?? []) {
    length += chunk.length;
    if (length > longestAnswer)
      throw new AttestationError('AnswerInvalid', `${place}: the answer is longer than ${longestAnswer} bytes`, {
        status: reply.status,
      });
    chunks.push(chunk);
  }
  try {
    return fromUtf8(Buffer.concat(chunks), 'answer');
  } catch (cause) {
    throw new AttestationError('AnswerInvalid', `${place}: the answer is not UTF-8`, { status: reply.status, cause });
  }
}

/** The system's code of a failed connection (`ECONNREFUSED` …): `fetch` hides it in the cause. */
export function systemCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const code = (at as { readonly code?: unknown }).code;
    if (typeof code === 'string' && at.name !== 'AttestationError') return code;
  }
  return undefined;
}

/** Codes of a certificate whose issuer is not among the trusted ones. */
const untrusted = /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)_)/;

function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = systemCode(cause);
  const text = inner instanceof Error && inner.message !== '' ? inner.message : (code ?? 'the connection failed');
  const hint =
    code !== undefined && untrusted.test(code)
      ? '. Where the service has a certificate of a private CA, pass that CA as `ca`, or name its PEM file in NODE_EXTRA_CA_CERTS before the process starts'
      : '';
  return `no answer: ${text}${code !== undefined && !text.includes(code) ? ` (${code})` : ''}${hint}`;
}
