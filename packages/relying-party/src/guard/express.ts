/**
 * A guard for Express, and for anything else that chains handlers of node:http: `app.use(expressGuard(verifier))`.
 * What was verified is `request.attestation`.
 */
import type { TokenVerifier, Verified } from '../verifier.ts';
import { type Demand, judge } from './judge.ts';
import { answer, type NodeRequest, type NodeResponse } from './node.ts';

export const expressGuard =
  <Request extends NodeRequest>(verifier: TokenVerifier, demand: Demand<Request> = () => ({})) =>
  (request: Request, response: NodeResponse, next: (error?: unknown) => void): void => {
    judge(verifier, request.headers.authorization, () => demand(request)).then((outcome) => {
      if ('denial' in outcome) return answer(response, outcome.denial);
      (request as { attestation?: Verified }).attestation = outcome.verified;
      next();
    }, next);
  };
