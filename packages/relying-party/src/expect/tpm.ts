/**
 * Expectations of a machine with a TPM: how it booted, what vouches for its attestation key, and whose key the token is
 * for. What a policy says of it stands in `x-ms-policy`; all other names are the service's own.
 */
import { tpmClaimNames } from '../claims.ts';
import { isObject, type JsonObject, member } from '../json.ts';
import { type Problem, problem } from '../problem.ts';
import type { Expectation } from './expectation.ts';

export interface TpmExpectation {
  /** Whether Secure Boot must have been on, proven by the quote. Default true. Told by Assay alone. */
  readonly secureBoot?: boolean;
  /**
   * Whether the attestation key must have a certificate that chains to a root of the service. Default true: without it a
   * quote can be made in software. Told by Assay alone.
   */
  readonly validatedKey?: boolean;
  /** How the token's key must be bound: `tpm` demands one that is in the TPM, `any` takes one in software, too. */
  readonly requestKey?: 'tpm' | 'any';
  /** The key that the token must be for: members of a public JWK, such as `{ kty, n, e }`. */
  readonly key?: Readonly<Record<string, string>>;
  /** What the policy must have issued, by name. */
  readonly policy?: Readonly<Record<string, string | number | boolean>>;
}

export function tpm(expected: TpmExpectation = {}): Expectation {
  const { secureBoot = true, validatedKey = true, requestKey = 'any', key, policy = {} } = expected;
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
 * the token: a service in between can have asked for it. Have the holder sign something of yours with it.
 */
export function holderOf(claims: JsonObject): JsonObject | undefined {
  const jwk = inside(claims, 'cnf', 'jwk');
  return isObject(jwk) ? jwk : undefined;
}

function inside(claims: JsonObject, outer: string, inner: string): unknown {
  const object = member(claims, outer);
  return isObject(object) ? member(object, inner) : undefined;
}
