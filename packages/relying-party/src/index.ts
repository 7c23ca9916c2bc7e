/** Verifies attestation tokens against their issuer's published keys and the relying party's expectations. */
export { claimNames, sgxClaimNames, tpmClaimNames } from './claims.ts';
export type { Expectation } from './expect/expectation.ts';
export type { OneOf } from './expect/one-of.ts';
export { type SgxExpectation, sgx } from './expect/sgx.ts';
export { holderOf, type TpmExpectation, tpm } from './expect/tpm.ts';
export { type TpmEventsExpectation, tpmEvents } from './expect/tpm-events.ts';
export { expressGuard } from './guard/express.ts';
export { type FastifyLikeReply, type FastifyLikeRequest, fastifyGuard } from './guard/fastify.ts';
export { type HonoLikeContext, honoGuard } from './guard/hono.ts';
export type { Demand, Denial } from './guard/judge.ts';
export { type AuthRequestOptions, authRequest } from './guard/nginx.ts';
export type { NodeRequest, NodeResponse } from './guard/node.ts';
export { type Algorithm, algorithms } from './header.ts';
export { type ChallengeOptions, challengeHolder, type HolderChallenge, proveHolder } from './holder.ts';
export { type Fetch, fetchTrusting, type Outgoing, type Reply } from './http.ts';
export type { CacheOptions } from './issuer.ts';
export type { JsonObject } from './json.ts';
export { KeysUnavailable, type Problem, type ProblemCode, TokenRefused } from './problem.ts';
export {
  type TokenVerifier,
  tokenVerifier,
  type Verified,
  type VerifierOptions,
  type VerifyOptions,
} from './verifier.ts';
