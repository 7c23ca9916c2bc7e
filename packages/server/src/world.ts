/** The doors of one request to the world: the stored policy, collateral, single use, and the signing key. */
import {
  type Claim,
  certificateKeyId,
  fromBase64,
  type Grant,
  hex,
  issuedForm,
  signed,
  timesOf,
  unsecured,
  type World,
  writeHeader,
  writePayload,
} from '@assay/core';
import type { Deps, Offered } from './deps.ts';
import type { AnySettings } from './policies.ts';

/** Bytes of a token's identifier, where its form does not say. */
const identifierBytes = 32;

/**
 * @param at the time that the evidence is appraised for
 * @param appraisalId goes into the token, so that whoever holds it can ask why
 */
export function worldOf(deps: Deps, { policy }: Offered, at: Date, appraisalId: string): World<AnySettings> {
  const now = deps.now();
  return {
    now,
    issuer: deps.issuer,
    sealedBy: deps.desk.sealedBy,
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
  const form = issuedForm(type.token, ruling.properties);
  const [leaf] = keys.x5c;
  const header = writeHeader(form, {
    alg: policy.draft ? 'none' : keys.signer.alg,
    kid: form.header === 'x5c' && leaf !== undefined ? certificateKeyId(fromBase64(leaf, 'base64')) : keys.signer.kid,
    issuer,
    x5c: keys.x5c,
  });
  const payload = writePayload(form, {
    times: timesOf(form, now.getTime()),
    issuer,
    jti: hex(deps.random(form.identifierBytes ?? identifierBytes)),
    policyHash: policy.hash,
    claims,
    issued: ruling.issued,
    serviceClaims: type.serviceClaims,
    insecure: [...deps.insecure.names, ...toleratedIn(claims)],
    ...(config.provider.ownClaims && { own: { 'x-assay-appraisal': appraisalId } }),
  });
  return policy.draft ? unsecured(header, payload) : signed(header, payload, keys.signer);
}

/** What the evidence was let pass with is insecure as well. */
const toleratedIn = (claims: readonly Claim[]): readonly string[] =>
  claims.flatMap(({ name, value }) => (name === 'x-assay-insecure' && Array.isArray(value) ? value.map(String) : []));
