/**
 * Expectations of a machine with a TPM: how it booted, what vouches for its attestation key, and whose key the token is
 * for. What a policy says of it stands in `x-ms-policy`; all other names are the service's own.
 */
import { tpmClaimNames } from '../claims.ts';
import { isObject, type JsonObject, member } from '../json.ts';
import { type Problem, problem } from '../problem.ts';
import type { Expectation } from './expectation.ts';
import { listOf, type OneOf } from './one-of.ts';

export interface TpmExpectation {
  /** Whether Secure Boot must have been on, proven by the quote. Default true. Told by Assay alone. */
  readonly secureBoot?: boolean;
  /**
   * Whether the attestation key must have a certificate that chains to a root of the service. Default true: without it a
   * quote can be made in software. Told by Assay alone.
   */
  readonly validatedKey?: boolean;
  /**
   * Policies of the attestation key's certificate, dotted: one of them must be among its own. They say how its CA knew the
   * TPM: Microsoft's write 1.3.6.1.4.1.311.21.31 where they checked its endorsement key's certificate. Told by Assay alone.
   */
  readonly attestationKeyPolicies?: OneOf<string>;
  /**
   * PCRs whose values the quote must cover and the logs explain: only of these are events facts. What they hold stands in
   * no token, since policies may not issue `pcrs`: have the policy compare, and demand what it issues (`policy`). Told by
   * Assay alone.
   */
  readonly pcrs?: readonly number[];
  /** How the token's key must be bound: `tpm` demands one that is in the TPM, `any` takes one in software, too. */
  readonly requestKey?: 'tpm' | 'any';
  /** The key that the token must be for: members of a public JWK, such as `{ kty, n, e }`. */
  readonly key?: Readonly<Record<string, string>>;
  /** What the policy must have issued, by name. */
  readonly policy?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * @throws {TypeError} for PCRs that there are not, and an empty list of policies
 */
export function tpm(expected: TpmExpectation = {}): Expectation {
  const { secureBoot = true, validatedKey = true, requestKey = 'any', key, policy = {}, pcrs = [] } = expected;
  const keyPolicies = listOf(expected.attestationKeyPolicies);
  if (keyPolicies?.length === 0)
    throw new TypeError('attestationKeyPolicies is an empty list: it would refuse every machine');
  for (const pcr of pcrs)
    if (!(Number.isInteger(pcr) && pcr >= 0 && pcr <= 23)) throw new TypeError(`PCRs go from 0 to 23, not ${pcr}`);
  return {
    problems(claims) {
      const found = { key: inside(claims, tpmClaimNames.requestKey, 'info'), holder: holderOf(claims) };
      const problems: Problem[] = [];
      const demand = (ok: boolean, code: string, message: string, wanted: unknown, told: unknown): void => {
        if (!ok) problems.push(problem(`tpm.${code}`, message, wanted, told));
      };
      const [boot, aik] = [member(claims, tpmClaimNames.secureBoot), member(claims, tpmClaimNames.attestationKey)];
      demand(found.holder !== undefined, 'type', 'the token is of no TPM: it is for no key', 'a key', undefined);
      if (secureBoot) demand(boot === 'on', 'secure-boot', 'Secure Boot is not proven to be on', 'on', boot);
      if (validatedKey)
        demand(aik === 'validated', 'attestation-key', 'nothing vouches for the attestation key', 'validated', aik);
      if (keyPolicies) {
        const told = member(claims, tpmClaimNames.attestationKeyPolicies);
        const isOne = Array.isArray(told) && keyPolicies.some((one) => told.includes(one));
        demand(
          isOne,
          'attestation-key-policy',
          'the attestation key is certified by other policies',
          keyPolicies,
          told,
        );
      }
      if (pcrs.length > 0) {
        const [quoted, open] = [tpmClaimNames.quotedPcrs, tpmClaimNames.unexplainedPcrs].map((name) =>
          member(claims, name),
        );
        const isExplained = (pcr: number): boolean =>
          Array.isArray(quoted) && Array.isArray(open) && quoted.includes(pcr) && !open.includes(pcr);
        const missing = pcrs.filter((pcr) => !isExplained(pcr));
        const found = { quoted, unexplained: open };
        demand(missing.length === 0, 'pcrs', `PCR ${missing.join(', ')} is not quoted and explained`, pcrs, found);
      }
      if (requestKey === 'tpm') {
        const isIn = isObject(found.key) && member(found.key, 'tpm_certify') !== undefined;
        demand(isIn, 'request-key', 'the token’s key is not certified to be in the TPM', 'tpm_certify', found.key);
      }
      if (key) {
        const isSame = Object.entries(key).every(
          ([name, value]) => found.holder && member(found.holder, name) === value,
        );
        demand(isSame, 'key', 'the token is for another key', key, found.holder);
      }
      for (const [name, value] of Object.entries(policy)) {
        const told = inside(claims, 'x-ms-policy', name);
        demand(told === value, 'policy', `the policy did not issue «${name}» so`, value, told);
      }
      return problems;
    },
  };
}

/**
 * The key that a token of a TPM is for (`cnf`, RFC 7800). That whoever shows the token holds this key is not proven by
 * the token: a service in between can have asked for it. `challengeHolder` has the holder sign something of yours with it.
 */
export function holderOf(claims: JsonObject): JsonObject | undefined {
  const jwk = inside(claims, 'cnf', 'jwk');
  return isObject(jwk) ? jwk : undefined;
}

function inside(claims: JsonObject, outer: string, inner: string): unknown {
  const object = member(claims, outer);
  return isObject(object) ? member(object, inner) : undefined;
}
