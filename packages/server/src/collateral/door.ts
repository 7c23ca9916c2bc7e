/**
 * The one way out to a source of collateral: a GET over HTTPS to the configured host, bounded in time and size. What the
 * source says is nothing but bytes here. Never a redirect to another host, never an address out of evidence.
 */
import { readFileSync } from 'node:fs';
import type { Bytes } from '@assay/core';
import type { Dispatcher } from 'undici';
import { misconfigured } from '../misconfigured.ts';
import { CollateralFailure } from './failure.ts';

/** How a source is reached. */
export interface Reach {
  /** From the first byte sent to the last received, in milliseconds. */
  readonly timeoutMilliseconds: number;
  /** Longest answer, in bytes. */
  readonly longestAnswer: number;
  /** PEM file with the roots to trust for TLS; the public ones unless told. */
  readonly ca?: string;
  /** HTTP proxy through which the source is reached. */
  readonly proxy?: string;
}

/** An answer of status 200, read whole. */
export interface Answer {
  /** A header's value by its name in lower case; undefined where it is absent. Twice the same header is a failure. */
  readonly header: (name: string) => string | undefined;
  readonly body: Bytes;
}

export interface Door {
  /**
   * @param url built from the configuration and checked parts
   * @throws {CollateralFailure}
   */
  readonly get: (url: URL) => Promise<Answer>;
  readonly close: () => void;
}

/** Redirects on the source's own host: http to a path with a slash, an old path to a new one. */
const mostRedirects = 2;
/** Longest wait that a source can ask for, in milliseconds. */
const longestWait = 3_600_000;

/**
 * @param now tells how long it is until a moment that a source names in Retry-After
 * @throws {AttestError} ConfigurationInvalid when the file with roots cannot be read
 */
export function doorTo(reach: Reach, now: () => Date): Door {
  const roots = reach.ca === undefined ? undefined : readRoots(reach.ca);
  let dispatcher: Promise<Dispatcher> | undefined;
  const closing = new AbortController();
  return {
    async get(url) {
      const limit = AbortSignal.timeout(reach.timeoutMilliseconds);
      try {
        dispatcher ??= dispatcherTo(reach, roots);
        return await exchange(url, reach, await dispatcher, AbortSignal.any([limit, closing.signal]), now);
      } catch (error) {
        if (error instanceof CollateralFailure) throw error;
        throw limit.aborted
          ? new CollateralFailure('timeout', `no whole answer within ${reach.timeoutMilliseconds} ms`, { cause: error })
          : new CollateralFailure('unreachable', codeOf(error), { cause: error });
      }
    },
    close() {
      closing.abort();
      void dispatcher?.then((open) => open.destroy());
    },
  };
}

async function dispatcherTo({ proxy, timeoutMilliseconds }: Reach, roots: string | undefined): Promise<Dispatcher> {
  // Loaded when it is first needed: most commands and air-gapped services never go out.
  const { Agent, ProxyAgent } = await import('undici');
  const connect = { timeout: timeoutMilliseconds, ...(roots !== undefined && { ca: roots }) };
  return proxy === undefined
    ? new Agent({ connect })
    : new ProxyAgent({ uri: proxy, requestTls: connect, proxyTls: connect });
}

function readRoots(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  } catch (cause) {
    throw misconfigured(`The roots in ${file} cannot be read`, cause);
  }
  throw misconfigured(`${file} holds no certificate in PEM`);
}

async function exchange(
  start: URL,
  reach: Reach,
  dispatcher: Dispatcher,
  signal: AbortSignal,
  now: () => Date,
): Promise<Answer> {
  const { request } = await import('undici');
  let url = start;
  for (let redirects = 0; ; redirects++) {
    const reply = await request(url, {
      dispatcher,
      signal,
      headers: { accept: '*/*', 'accept-encoding': 'identity' },
    });
    const header = (name: string): string | undefined => single(name, reply.headers[name]);
    const { statusCode: status } = reply;
    if (status === 200) {
      const encoding = header('content-encoding');
      if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
        throw dismiss(reply, new CollateralFailure('encoding', `the answer is encoded (${encoding})`));
      return { header, body: await readWhole(reply, header('content-length'), reach.longestAnswer, signal) };
    }
    const location = header('location');
    if (status < 300 || status > 399 || location === undefined)
      throw dismiss(reply, failureOfStatus(status, header, now));
    const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    if (next?.origin !== start.origin)
      throw dismiss(reply, new CollateralFailure('redirect', `redirects (${status}) to ${next?.origin ?? 'nowhere'}`));
    if (redirects === mostRedirects)
      throw dismiss(reply, new CollateralFailure('redirect', `redirects more than ${mostRedirects} times`));
    dismiss(reply, undefined);
    url = next;
  }
}

function single(name: string, value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new CollateralFailure('malformed', `the answer has the header ${name} ${value.length} times`);
}

/** Lets go of an answer that is not read. */
function dismiss<T>({ body }: Dispatcher.ResponseData, failure: T): T {
  body.on('error', () => {});
  body.destroy();
  return failure;
}

async function readWhole(
  reply: Dispatcher.ResponseData,
  announced: string | undefined,
  most: number,
  signal: AbortSignal,
): Promise<Bytes> {
  const tooLarge = (): CollateralFailure =>
    new CollateralFailure('too-large', `the answer is longer than ${most} bytes`);
  if (announced !== undefined && Number(announced) > most) throw dismiss(reply, tooLarge());
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of reply.body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > most) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof CollateralFailure || signal.aborted) throw cause;
    throw new CollateralFailure('truncated', `the answer ends after ${length} bytes (${codeOf(cause)})`, { cause });
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

/** PCS says 404 for platforms and evaluations it does not know, 410 for retired ones; PCCS 461 and 462. */
const absent: ReadonlySet<number> = new Set([404, 410, 461, 462]);

function failureOfStatus(
  status: number,
  header: (name: string) => string | undefined,
  now: () => Date,
): CollateralFailure {
  if (absent.has(status)) return new CollateralFailure('unknown', `it has no such thing (${status})`);
  const waitMilliseconds = waitOf(header('retry-after'), now());
  if (status === 429 || (status === 503 && waitMilliseconds !== undefined))
    return new CollateralFailure('limited', `it asks to wait (${status})`, {
      ...(waitMilliseconds !== undefined && { waitMilliseconds }),
    });
  return new CollateralFailure('status', `it answers ${status}`);
}

/** `Retry-After` in seconds or as a date, in milliseconds; within an hour. */
function waitOf(text: string | undefined, now: Date): number | undefined {
  if (text === undefined) return undefined;
  const wait = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isNaN(wait) ? undefined : Math.min(longestWait, Math.max(0, wait));
}

/** The system's or TLS's code (`ECONNREFUSED`, `SELF_SIGNED_CERT_IN_CHAIN`): it tells, and quotes nothing. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const { code } = at as { readonly code?: unknown };
    if (typeof code === 'string') return code;
  }
  return error instanceof Error ? error.name : 'no answer';
}
