/**
 * A guard for Fastify: `app.addHook('onRequest', fastifyGuard(verifier))`, or `onRequest` of one route. What was
 * verified is `request.attestation`.
 */
import type { TokenVerifier, Verified } from '../verifier.ts';
import { type Demand, judge } from './judge.ts';

/** The part of Fastify's request that is used. */
export interface FastifyLikeRequest {
  readonly headers: { readonly authorization?: string | undefined };
}
/** The part of Fastify's reply that is used. */
export interface FastifyLikeReply {
  readonly code: (status: number) => unknown;
  readonly headers: (headers: Record<string, string>) => unknown;
  readonly send: (body: unknown) => unknown;
}

export const fastifyGuard =
  <Request extends FastifyLikeRequest>(verifier: TokenVerifier, demand: Demand<Request> = () => ({})) =>
  async (request: Request, reply: FastifyLikeReply): Promise<unknown> => {
    const outcome = await judge(verifier, request.headers.authorization, () => demand(request));
    if ('verified' in outcome) {
      (request as { attestation?: Verified }).attestation = outcome.verified;
      return undefined;
    }
    const { status, headers, body } = outcome.denial;
    reply.code(status);
    reply.headers(headers);
    reply.send(body);
    // Fastify's sign that a hook has answered itself.
    return reply;
  };
