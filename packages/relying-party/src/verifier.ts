/**
 * Whether to believe an attestation token. The order: its shape; its header; its issuer, who is pinned; its signature,
 * by a key that the issuer publishes, and the certificates it brings, which must be those of this key; then its times, nonce and settings and everything that was expected, all at
 * once. Nothing of a token is reported on before its signature holds, save who it claims to be from.
 */
import { certificateProblems } from './certificate.ts';
import { parseCompact } from './compact.ts';
import type { Expectation } from './expect/expectation.ts';
import { holderOf } from './expect/tpm.ts';
import { type Algorithm, algorithms, headerProblems } from './header.ts';
import { type Fetch, fetchTrusting } from './http.ts';
import { type CacheOptions, issuerKeys } from './issuer.ts';
import type { JsonObject } from './json.ts';
import { type Problem, TokenRefused } from './problem.ts';
import { signersOf } from './signature.ts';
import { insecureSettings, issuerProblems, tokenProblems } from './token.ts';

export interface VerifierOptions {
  /** Whose tokens to believe, exactly as in their claim `iss`: `https://attest.example`. */
  readonly issuer: string;
  /** What every token must say. */
  readonly expect?: Expectation | readonly Expectation[];
  /** Signatures to accept. Default RS256, PS256, ES256, ES384. */
  readonly algorithms?: readonly Algorithm[];
  /** Oldest token accepted, in seconds since it was issued. Default: as long as the token itself is valid. */
  readonly maxTokenAgeSeconds?: number;
  /** How far the issuer's clock may be off, in seconds. Default 5. */
  readonly clockSkewSeconds?: number;
  /**
   * Accepts tokens that say the service ran with insecure settings (claim `x-assay-insecure`): development anchors,
   * a pinned time and the like. Default false.
   */
  readonly allowInsecure?: boolean;
  /**
   * Roots to trust, in PEM, instead of the public ones: for an issuer with a certificate of a private CA. (The other
   * way is to name the CA's file in the environment variable NODE_EXTRA_CA_CERTS before the process starts.)
   */
  readonly ca?: string | readonly string[];
  /** Another transport, such as `fetch` with a proxy. It decides whom to trust: not together with `ca`. */
  readonly fetch?: Fetch;
  /** Time for each fetch from the issuer, in milliseconds. Default 10 000. */
  readonly timeoutMs?: number;
  readonly cache?: CacheOptions;
  /** Allows an `http:` issuer: whoever is on the way can then make tokens. Default false. */
  readonly allowInsecureConnection?: boolean;
}

export interface VerifyOptions {
  /** The nonce that the token must carry, as it was sent with the evidence. */
  readonly nonce?: string;
  /** What this token must say, beside what every token must. */
  readonly expect?: Expectation | readonly Expectation[];
  /** Time to judge at. Default: now. */
  readonly now?: Date;
}

export interface Verified {
  /** Integers that a double cannot hold exactly (beyond 2^53) are `bigint`. */
  readonly claims: JsonObject;
  readonly header: JsonObject;
  /** The insecure settings that were accepted (`allowInsecure`); empty otherwise. */
  readonly insecure: readonly string[];
  /**
   * Whether whoever showed the token holds the key that it is for: `unproven` until `proveHolder` has seen it sign. Absent
   * where the token is for no key.
   */
  readonly holder?: 'unproven' | 'proven';
}

export interface TokenVerifier {
  /**
   * @param token a compact JWS
   * @throws {TokenRefused} with everything that is wrong with the token
   * @throws {KeysUnavailable} when the issuer's keys cannot be had
   * @throws {TypeError} for a time to judge at that is none
   */
  readonly verify: (token: string, options?: VerifyOptions) => Promise<Verified>;
}

/**
 * @throws {TypeError} for an issuer that is no https address, or options that contradict each other
 */
export function tokenVerifier(options: VerifierOptions): TokenVerifier {
  const { issuer, ca, clockSkewSeconds = 5, allowInsecure = false, timeoutMs = 10_000, cache = {} } = options;
  const allowed = options.algorithms ?? ['RS256', 'PS256', 'ES256', 'ES384'];
  refuseArguments(options, allowed);
  const fetch = options.fetch ?? (ca === undefined ? (globalThis.fetch as Fetch) : fetchTrusting(ca));
  const keysOf = issuerKeys({ issuer, fetch, timeoutMs, cache, clock: () => performance.now() });

  return {
    async verify(token, wanted = {}) {
      const now = wanted.now ?? new Date();
      if (Number.isNaN(now.getTime())) throw new TypeError('`now` is no date');
      const compact = parseCompact(token);
      refuse([...headerProblems(compact.header, allowed), ...issuerProblems(compact.claimed, issuer)]);
      const { alg, kid } = compact.header as { alg: Algorithm; kid: string };
      const signers = await signersOf(compact.text, alg, await keysOf(kid));
      const published = signers.map(({ certificates }) => certificates);
      refuse(certificateProblems(compact.header, published));
      const claims = compact.claimed;
      const demands = {
        nonce: wanted.nonce,
        maxTokenAgeSeconds: options.maxTokenAgeSeconds,
        clockSkewSeconds,
        allowInsecure,
      };
      const expectations = [options.expect ?? [], wanted.expect ?? []].flat();
      refuse([
        ...tokenProblems(claims, demands, now),
        ...expectations.flatMap((expectation) => expectation.problems(claims)),
      ]);
      return {
        claims,
        header: compact.header,
        insecure: insecureSettings(claims),
        ...(holderOf(claims) && { holder: 'unproven' as const }),
      };
    },
  };
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new TokenRefused(problems);
}

function refuseArguments(options: VerifierOptions, allowed: readonly Algorithm[]): void {
  const { issuer, allowInsecureConnection = false, clockSkewSeconds = 0, maxTokenAgeSeconds = 0 } = options;
  const protocols = allowInsecureConnection ? ['https:', 'http:'] : ['https:'];
  if (!URL.canParse(issuer) || !protocols.includes(new URL(issuer).protocol))
    throw new TypeError(`issuer must be an https address, not «${issuer}»`);
  if (options.ca !== undefined && options.fetch) throw new TypeError('`ca` and `fetch` exclude each other');
  const unknown = allowed.filter((name) => !algorithms.includes(name));
  if (allowed.length === 0 || unknown.length > 0)
    throw new TypeError(`algorithms must be some of ${algorithms.join(', ')}, not «${unknown.join(', ')}»`);
  if (!(clockSkewSeconds >= 0 && clockSkewSeconds <= 600))
    throw new TypeError(`clockSkewSeconds must be from 0 to 600, not ${clockSkewSeconds}`);
  // NaN compares as false with every age, and would let every token pass.
  if (!(maxTokenAgeSeconds >= 0)) throw new TypeError(`maxTokenAgeSeconds must be a number, not ${maxTokenAgeSeconds}`);
}
