/**
 * The endpoint that nginx asks with `auth_request`: 204 lets the request through, 401 does not (nginx hands the
 * challenge on), and anything else becomes 500 there. `createServer(authRequest(verifier)).listen(port, '127.0.0.1')`,
 * and in nginx:
 *
 *     location /private/ { auth_request /attested; auth_request_set $enclave $upstream_http_x_enclave; }
 *     location = /attested {
 *       internal; proxy_pass http://127.0.0.1:9000;
 *       proxy_pass_request_body off; proxy_set_header Content-Length "";
 *     }
 */
import { type JsonObject, member } from '../json.ts';
import type { TokenVerifier } from '../verifier.ts';
import { type Demand, judge } from './judge.ts';
import { answer, type NodeRequest, type NodeResponse } from './node.ts';

export interface AuthRequestOptions<Request> {
  readonly demand?: Demand<Request>;
  /** Headers of the 204 answer by the claim they show, for `auth_request_set`: `{ 'x-enclave': 'x-ms-sgx-mrenclave' }`. */
  readonly show?: Readonly<Record<string, string>>;
}

/** @returns a handler for node:http that answers every request, whatever its path */
export const authRequest =
  <Request extends NodeRequest>(verifier: TokenVerifier, options: AuthRequestOptions<Request> = {}) =>
  async (request: Request, response: NodeResponse): Promise<void> => {
    const { demand = () => ({}), show = {} } = options;
    try {
      const outcome = await judge(verifier, request.headers.authorization, () => demand(request));
      if ('denial' in outcome) return answer(response, outcome.denial);
      for (const [header, claim] of Object.entries(show)) {
        const value = headerValue(outcome.verified.claims, claim);
        if (value !== undefined) response.setHeader(header, value);
      }
      response.statusCode = 204;
    } catch {
      response.statusCode = 500;
    }
    response.end();
  };

/** Text, numbers and truth values; nothing that a header cannot hold. */
function headerValue(claims: JsonObject, claim: string): string | undefined {
  const value = member(claims, claim);
  const text = ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : '';
  return /^[\x21-\x7e]([\x20-\x7e]{0,1022}[\x21-\x7e])?$/.test(text) ? text : undefined;
}
