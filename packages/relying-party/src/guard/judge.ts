/**
 * What every guard of an HTTP server does, whatever the framework: take the token of `Authorization: Bearer`, have it
 * verified, and answer 401 with all that is wrong with it (RFC 6750 §3), or 503 when the issuer cannot be asked.
 */
import { KeysUnavailable, type Problem, TokenRefused } from '../problem.ts';
import type { TokenVerifier, Verified, VerifyOptions } from '../verifier.ts';

/** What the token of one request must say beside what the verifier always demands: its nonce, say. */
export type Demand<Request> = (request: Request) => VerifyOptions | Promise<VerifyOptions>;

export interface Denial {
  readonly status: 401 | 503;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly error: { readonly code: string; readonly message: string; readonly problems: readonly Problem[] };
  };
}

/** Seconds after which to ask again when the issuer's keys could not be had. */
const retryAfter = '30';

/**
 * @param authorization the header, where there is one
 * @returns what was verified, or the answer to give instead of the guarded one
 */
export async function judge(
  verifier: TokenVerifier,
  authorization: string | undefined,
  demand: () => VerifyOptions | Promise<VerifyOptions>,
): Promise<{ readonly verified: Verified } | { readonly denial: Denial }> {
  const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
  if (token === undefined)
    return { denial: denial(401, 'TokenMissing', 'an attestation token is needed: Authorization: Bearer <token>') };
  try {
    return { verified: await verifier.verify(token, await demand()) };
  } catch (error) {
    if (error instanceof TokenRefused) return { denial: denial(401, 'TokenRefused', error.message, error.problems) };
    // Why they cannot be had is for the operator to know, not for whoever asks.
    if (error instanceof KeysUnavailable)
      return { denial: denial(503, 'KeysUnavailable', `the keys of the tokens' issuer cannot be had at the moment`) };
    throw error;
  }
}

function denial(status: Denial['status'], code: string, message: string, problems: readonly Problem[] = []): Denial {
  const challenge = code === 'TokenRefused' ? 'Bearer error="invalid_token"' : 'Bearer';
  const headers = status === 401 ? { 'www-authenticate': challenge } : { 'retry-after': retryAfter };
  return { status, headers: { ...headers, 'cache-control': 'no-store' }, body: { error: { code, message, problems } } };
}
