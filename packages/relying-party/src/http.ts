/** Fetching JSON from the issuer: bounded in time and size, without redirects, from the address it was given only. */
import { request } from 'node:https';
import { type JsonObject, JsonRefused, parseObject } from './json.ts';
import { KeysUnavailable } from './problem.ts';

/** What is asked of a transport: the part of `fetch` that is used here. The global `fetch` fits. */
export type Fetch = (url: string, request: Outgoing) => Promise<Reply>;

export interface Outgoing {
  readonly method: 'GET';
  readonly headers: Record<string, string>;
  readonly redirect: 'manual';
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** Longest answer read, in bytes. Azure's key set takes about 60 000. */
const longestAnswer = 1024 * 1024;

/**
 * @param timeoutMs for the whole exchange
 * @throws {KeysUnavailable} unless a JSON object comes back with status 200
 */
export async function getObject(fetch: Fetch, url: string, timeoutMs: number): Promise<JsonObject> {
  try {
    const headers = { accept: 'application/json' };
    const signal = AbortSignal.timeout(timeoutMs);
    const reply = await fetch(url, { method: 'GET', headers, redirect: 'manual', signal });
    if (reply.status !== 200) throw new KeysUnavailable(`${url} answered ${reply.status}, expected 200`);
    return parseObject(await read(reply, url));
  } catch (cause) {
    if (cause instanceof KeysUnavailable) throw cause;
    if (cause instanceof JsonRefused) throw new KeysUnavailable(`the answer of ${url} ${cause.message}`, cause);
    throw new KeysUnavailable(`no answer of ${url}: ${reasonOf(cause)}`, cause);
  }
}

async function read(reply: Reply, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of reply.body ?? []) {
    length += chunk.length;
    if (length > longestAnswer) throw new KeysUnavailable(`the answer of ${url} is longer than ${longestAnswer} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * A transport that trusts exactly the roots it is given, over node:https: for issuers with a certificate of a private
 * CA. (The global `fetch` trusts the public roots and what NODE_EXTRA_CA_CERTS names when the process starts.)
 * @param ca roots to trust, each in PEM; the public roots are then not trusted
 */
export const fetchTrusting =
  (ca: string | readonly string[]): Fetch =>
  (url, { method, headers, signal }) =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        { method, headers, signal, ca: typeof ca === 'string' ? ca : [...ca] },
        (incoming) => resolve({ status: incoming.statusCode ?? 0, body: incoming }),
      );
      outgoing.on('error', reject);
      outgoing.end();
    });

/** Codes of a certificate whose issuer is not among the trusted ones. */
const untrusted = /^(SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)_)/;

/** `fetch` says «fetch failed» and hides the reason in the cause. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (!(inner instanceof Error)) return 'the connection failed';
  const { code } = inner as { readonly code?: unknown };
  const text = inner.message === '' ? inner.name : inner.message;
  if (typeof code !== 'string') return text;
  const hint = untrusted.test(code)
    ? '. Where the issuer has a certificate of a private CA, pass that CA as `ca`, or name its PEM file in NODE_EXTRA_CA_CERTS before the process starts'
    : '';
  return `${text.includes(code) ? text : `${text} (${code})`}${hint}`;
}
