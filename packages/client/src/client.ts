/**
 * The client of the attestation service (or of Azure Attestation: the wire is the same). It sends evidence and hands
 * back the token; whether to believe a token is the relying party's business.
 */
import type { Bytes } from '@assay/core/bytes';
import { accepted, appraisalIdOf } from './answer.ts';
import { AttestationError } from './error.ts';
import { type ApiVersion, type AttestOptions, frame, type TeeKind, tokenOf, tpmPath } from './framing.ts';
import { type Answer, exchange, type Fetch, type Outgoing } from './http.ts';
import { type Retry, withRetries } from './retry.ts';
import { fetchTrusting } from './tls.ts';
import type { TpmCollector } from './tpm/collector.ts';
import { challengeOf, initBody, reportOf, requestBody } from './tpm/exchange.ts';
import type { Challenge } from './tpm/request.ts';

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
   * Both rounds of the TPM protocol. A round that fails for a passing reason is tried again from the first one on, since
   * a challenge is good once.
   * @param collector answers the service's challenge, as `tpmCollector` does with this machine's TPM
   */
  readonly attestTpm: (collector: TpmCollector, options?: { readonly signal?: AbortSignal }) => Promise<Attested>;
  /** The first round of the TPM protocol alone: for evidence that is made elsewhere, within a few minutes. */
  readonly tpmChallenge: (options?: { readonly signal?: AbortSignal }) => Promise<Challenge>;
  /**
   * The second round alone. It is sent once: a challenge is good once.
   * @param request a compact JWS
   */
  readonly attestTpmRequest: (request: string, options?: { readonly signal?: AbortSignal }) => Promise<Attested>;
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

  /** Sends one request of a call. */
  type Send = (method: Outgoing['method'], path: string, body?: string) => Promise<Answer>;

  /** One call: everything it sends, with its retries, within its time. @param once one try of all of it */
  async function call(
    place: string,
    signal: AbortSignal | undefined,
    once: (send: Send, until: AbortSignal) => Promise<Answer>,
    again: Retry = retry,
  ) {
    const deadline = AbortSignal.timeout(timeoutMs);
    const until = signal ? AbortSignal.any([signal, deadline]) : deadline;
    try {
      until.throwIfAborted();
      const authorized = await authorization(options.token);
      const send: Send = (method, path, body) => {
        const headers = {
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...authorized,
        };
        const request = { method, headers, ...(body !== undefined && { body }) };
        return exchange(fetch, `${endpoint}${path}`, request, until);
      };
      return await withRetries(() => once(send, until), again, until);
    } catch (cause) {
      if (signal?.aborted) throw new AttestationError('Aborted', `${place}: given up by the caller`, { cause });
      if (deadline.aborted)
        throw new AttestationError('TimedOut', `${place}: not done within ${timeoutMs} ms`, { cause });
      throw cause;
    }
  }

  async function attest(kind: TeeKind, evidence: Bytes, wanted: AttestOptions = {}): Promise<Attested> {
    const framed = frame(kind, apiVersion, evidence, wanted);
    const place = `POST ${endpoint}${framed.path}`;
    const answer = await call(place, wanted.signal, (send) => send('POST', framed.path, framed.body));
    const token = tokenOf(framed.token(accepted(answer, place)), place);
    return { token, appraisalId: appraisalIdOf(answer) };
  }

  /** Where both rounds go. */
  function tpmRoute(): { readonly path: string; readonly place: string } {
    const path = tpmPath(apiVersion);
    return { path, place: `POST ${endpoint}${path}` };
  }

  async function tpmChallenge(signal: AbortSignal | undefined): Promise<Challenge> {
    const { path, place } = tpmRoute();
    return challengeOf(accepted(await call(place, signal, (send) => send('POST', path, initBody)), place), place);
  }

  async function attestTpmRequest(request: string, signal: AbortSignal | undefined): Promise<Attested> {
    const { path, place } = tpmRoute();
    const answer = await call(place, signal, (send) => send('POST', path, requestBody(request)), { retries: 0 });
    return { token: tokenOf(reportOf(accepted(answer, place)), place), appraisalId: appraisalIdOf(answer) };
  }

  async function attestTpm(collector: TpmCollector, signal: AbortSignal | undefined): Promise<Attested> {
    const { path, place } = tpmRoute();
    const answer = await call(place, signal, async (send, until) => {
      const first = await send('POST', path, initBody);
      if (first.status !== 200) return first;
      const collected = collector.collect(challengeOf(accepted(first, place), place));
      const request = await unlessAborted(collected, until);
      return send('POST', path, requestBody(request));
    });
    return { token: tokenOf(reportOf(accepted(answer, place)), place), appraisalId: appraisalIdOf(answer) };
  }

  return {
    attestSgxEnclave: (quote, wanted) => attest('SgxEnclave', quote, wanted),
    attestOpenEnclave: (report, wanted) => attest('OpenEnclave', report, wanted),
    attestTpm: (collector, wanted = {}) => attestTpm(collector, wanted.signal),
    tpmChallenge: (wanted = {}) => tpmChallenge(wanted.signal),
    attestTpmRequest: (request, wanted = {}) => attestTpmRequest(request, wanted.signal),
    async getAppraisal(id, wanted = {}) {
      const path = `/assay/v1/appraisals/${encodeURIComponent(id)}`;
      const place = `GET ${endpoint}${path}`;
      return accepted(await call(place, wanted.signal, (send) => send('GET', path)), place);
    },
  };
}

/** The outcome of work that cannot be stopped, or the signal's reason as soon as it fires. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });

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
