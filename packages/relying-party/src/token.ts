/** What every token must say, whatever it attests: who issued it, when, for whom, and under which settings. */
import { claimNames } from './claims.ts';
import { type JsonObject, member, shownJson } from './json.ts';
import { type Problem, problem } from './problem.ts';

export interface TokenDemands {
  readonly nonce: string | undefined;
  readonly maxTokenAgeSeconds: number | undefined;
  readonly clockSkewSeconds: number;
  readonly allowInsecure: boolean;
}

/**
 * The issuer is checked before the signature, too: a token of somebody else is not worth a look at the keys.
 */
export function issuerProblems(claims: JsonObject, issuer: string): readonly Problem[] {
  const found = member(claims, claimNames.issuer);
  return found === issuer ? [] : [problem('claims.issuer', 'the token is of another issuer', issuer, found)];
}

/** @returns everything about the token that is not as demanded */
export function tokenProblems(claims: JsonObject, demands: TokenDemands, now: Date): readonly Problem[] {
  const problems = [...timeProblems(claims, demands, now.getTime() / 1000)];
  const nonce = member(claims, claimNames.nonce);
  if (demands.nonce !== undefined && nonce !== demands.nonce)
    problems.push(problem('claims.nonce', 'the nonce is another one', demands.nonce, nonce));
  const insecure = insecureSettings(claims);
  if (insecure.length > 0 && !demands.allowInsecure)
    problems.push(problem('claims.insecure', 'the service ran with insecure settings', 'none', insecure));
  return problems;
}

/** The insecure settings that were in force at the service, as the token tells. */
export function insecureSettings(claims: JsonObject): readonly string[] {
  const found = member(claims, claimNames.insecure);
  if (found === undefined) return [];
  const settings: readonly unknown[] = Array.isArray(found) && found.length > 0 ? found : ['unnamed'];
  return settings.map((setting) => (typeof setting === 'string' ? setting : shownJson(setting)));
}

function* timeProblems(claims: JsonObject, demands: TokenDemands, now: number): Generator<Problem> {
  const { maxTokenAgeSeconds: maxAge, clockSkewSeconds: skew } = demands;
  const [exp, nbf, iat] = [claimNames.expires, claimNames.notBefore, claimNames.issuedAt].map((name) =>
    member(claims, name),
  );
  if (!isTime(exp)) yield problem('claims.expired', 'the token has no time of expiry', 'seconds since 1970', exp);
  else if (now >= exp + skew) yield problem('claims.expired', 'the token has expired', `after ${at(now)}`, at(exp));

  for (const [name, time] of [
    [claimNames.notBefore, nbf],
    [claimNames.issuedAt, iat],
  ] as const) {
    if (time === undefined) continue;
    if (!isTime(time)) yield problem('claims.not-yet-valid', `«${name}» is no time`, 'seconds since 1970', time);
    else if (time > now + skew)
      yield problem('claims.not-yet-valid', `«${name}» lies ahead`, `at most ${at(now)}`, at(time));
  }
  if (maxAge === undefined) return;
  if (!isTime(iat)) yield problem('claims.too-old', 'the token does not say when it was issued', 'a time', iat);
  else if (now - iat > maxAge + skew)
    yield problem('claims.too-old', 'the token is too old', `at most ${maxAge} s`, `${Math.floor(now - iat)} s`);
}

/** Up to the year 9999, so that it can also be written as a date. */
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value < 253_402_300_800;
const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
