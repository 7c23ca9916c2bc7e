/** The doors of one request to the world: the stored policy, collateral, single use, and the signing key. */
import {
  type Grant,
  hex,
  type JsonObject,
  policyHash,
  signed,
  timesOf,
  unsecured,
  type World,
  writeHeader,
  writePayload,
} from '@assay/core';
import type { Deps, Offered } from './deps.ts';
import type { AnySettings } from './policies.ts';

/** Bytes of a token's identifier. */
const jtiBytes = 32;

/**
 * @param at the time that the evidence is appraised for
 * @param appraisalId goes into the token, so that whoever holds it can ask why
 */
export function worldOf(deps: Deps, { policy }: Offered, at: Date, appraisalId: string): World<AnySettings> {
  const now = deps.now();
  return {
    now,
    random: deps.random,
    seal: deps.desk.seal,
    unseal: deps.desk.unseal,
    policy,
    collateral: (needs) => deps.collateral.collateral(needs, at),
    once: async (key, until) => deps.spend(key, until, now),
    issue: (grant) => issue(deps, grant, now, appraisalId),
  };
}

async function issue(
  deps: Deps,
  { type, claims, ruling, policy }: Grant,
  now: Date,
  appraisalId: string,
): Promise<string> {
  const { keys, issuer, config } = deps;
  const header = writeHeader(type.token, {
    alg: policy.draft ? 'none' : keys.signer.alg,
    kid: keys.signer.kid,
    issuer,
    x5c: keys.x5c,
  });
  const payload = writePayload(type.token, {
    times: timesOf(type.token, now.getTime()),
    issuer,
    jti: hex(deps.random(jtiBytes)),
    policyHash: policyHash(policy.program.text),
    claims,
    issued: ruling.issued,
    serviceClaims: type.serviceClaims,
    ...(config.provider.ownClaims && { own: ownClaims(deps, appraisalId) }),
  });
  return policy.draft ? unsecured(header, payload) : signed(header, payload, keys.signer);
}

const ownClaims = ({ insecure }: Deps, appraisalId: string): JsonObject => ({
  'x-assay-appraisal': appraisalId,
  ...(insecure.names.length > 0 && { 'x-assay-insecure': insecure.names }),
});
