/**
 * The client of the attestation service (or of Azure Attestation: the wire is the same). It sends evidence and hands
 * back the token; whether to believe a token is the relying party's business.
 */
import type { Bytes } from '@assay/core/bytes';
import { accepted, appraisalIdOf } from './answer.ts';
import { AttestationError } from './error.ts';
import { type ApiVersion, type AttestOptions, frame, type TeeKind, tokenOf } from './framing.ts';
import { type Answer, exchange, type Fetch, type Outgoing } from './http.ts';
import { type Retry, withRetries } from './retry.ts';
import { fetchTrusting } from './tls.ts';

export interface ClientOptions {
  /** Address of the provider, such as `https://attest.example`; may carry a path. */
  readonly endpoint: string;
  /** Default `2022-08-01`. */
  readonly apiVersion?: ApiVersion;
  /**
   * Roots to trust, in PEM, instead of the public ones: for a service with a certificate of a private CA. (The other
   * way is to name the CA's file in the environment variable NODE_EXTRA_CA_CERTS before the process starts.)
   */
  readonly ca?: string | readonly string[];
  /** Another transport, such as `fetch` with a proxy. It decides whom to trust: not together with `ca`. */
  readonly fetch?: Fetch;
  readonly retry?: Retry;
  /** Time for a whole call, its retries included, in milliseconds. Default 60 000. */
  readonly timeoutMs?: number;
  /** Bearer token, or what fetches one (its errors come through as they are): for services that ask for it. */
  readonly token?: string | (() => string | Promise<string>);
  /** Allows `http:` endpoints. Default false. */
  readonly allowInsecureConnection?: boolean;
}

export interface Attested {
  /** The attestation token: a compact JWS. */
  readonly token: string;
  /** Id of the kept appraisal, for `getAppraisal`; other services than Assay name none. */
  readonly appraisalId: string | undefined;
}

/** Every function rejects with an `AttestationError`, and with a `TypeError` only for arguments that make no sense. */
export interface AttestationClient {
  /** @param quote an SGX quote as Intel's library makes it */
  readonly attestSgxEnclave: (quote: Bytes, options?: AttestOptions) => Promise<Attested>;
  /** @param report an Open Enclave report: 16 bytes of header, then the quote */
  readonly attestOpenEnclave: (report: Bytes, options?: AttestOptions) => Promise<Attested>;
  /**
   * Every check of an earlier request with what it saw.
   * @param id as told with the token or the error
   */
  readonly getAppraisal: (id: string, options?: { readonly signal?: AbortSignal }) => Promise<unknown>;
}

/**
 * @throws {TypeError} for an endpoint that is no https address, or options that contradict each other
 */
export function attestationClient(options: ClientOptions): AttestationClient {
  const { apiVersion = '2022-08-01', retry = {}, timeoutMs = 60_000, ca } = options;
  const endpoint = addressOf(options);
  if (ca !== undefined && options.fetch) throw new TypeError('`ca` and `fetch` exclude each other');
  const fetch = options.fetch ?? (ca === undefined ? (globalThis.fetch as Fetch) : fetchTrusting(ca));

  async function call(method: Outgoing['method'], path: string, signal?: AbortSignal, body?: string): Promise<Answer> {
    const place = `${method} ${endpoint}${path}`;
    const deadline = AbortSignal.timeout(timeoutMs);
    const until = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      until.throwIfAborted();
      const headers = {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(await authorization(options.token)),
      };
      const request = { method, headers, ...(body !== undefined && { body }) };
      return await withRetries(() => exchange(fetch, `${endpoint}${path}`, request, until), retry, until);
    } catch (cause) {
      if (signal?.aborted) throw new AttestationError('Aborted', `${place}: given up by the caller`, { cause });
      if (deadline.aborted)
        throw new AttestationError('TimedOut', `${place}: not done within ${timeoutMs} ms`, { cause });
      throw cause;
    }
  }

  async function attest(kind: TeeKind, evidence: Bytes, wanted: AttestOptions = {}): Promise<Attested> {
    const framed = frame(kind, apiVersion, evidence, wanted);
    const answer = await call('POST', framed.path, wanted.signal, framed.body);
    const place = `POST ${endpoint}${framed.path}`;
    const token = tokenOf(framed.token(accepted(answer, place)), place);
    return { token, appraisalId: appraisalIdOf(answer) };
  }

  return {
    attestSgxEnclave: (quote, wanted) => attest('SgxEnclave', quote, wanted),
    attestOpenEnclave: (report, wanted) => attest('OpenEnclave', report, wanted),
    async getAppraisal(id, wanted = {}) {
      const path = `/assay/v1/appraisals/${encodeURIComponent(id)}`;
      return accepted(await call('GET', path, wanted.signal), `GET ${endpoint}${path}`);
    },
  };
}

function addressOf({ endpoint, allowInsecureConnection = false }: ClientOptions): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const protocols = allowInsecureConnection ? ['https:', 'http:'] : ['https:'];
  if (!url || !protocols.includes(url.protocol))
    throw new TypeError(`endpoint must be an https address, not «${endpoint}»`);
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    throw new TypeError('endpoint must have no query, fragment or credentials');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

async function authorization(token: ClientOptions['token']): Promise<Record<string, string>> {
  const value = typeof token === 'function' ? await token() : token;
  return value === undefined ? {} : { authorization: `Bearer ${value}` };
}
