/**
 * How a token is written: header, members and their order, times, and which name wins where two want the same place.
 * Follows recorded tokens of Azure Attestation to the byte, but for the claims of our own (`x-assay-`).
 */
import type { Claim, Json, JsonObject } from '../claim.ts';
import { formatJson } from '../json/index.ts';

/** What of an attestation type's form matters here (`TokenForm` of the contract has the same members). */
export interface Form {
  readonly lifetimeSeconds: number;
  readonly earlySeconds: number;
  readonly header: 'jku' | 'x5c';
  readonly order: 'sorted' | readonly string[];
  readonly policyClaims: 'both' | 'nested';
}

/** Seconds that a token without an early start is dated back: clients with a slow clock and no slack must accept it. */
const clockSlackSeconds = 2;

export interface Times {
  readonly nbf: number;
  readonly iat: number;
  readonly exp: number;
}

/**
 * Validity of a token, in whole seconds since 1970.
 * @param now milliseconds since 1970
 */
export function timesOf(form: Pick<Form, 'lifetimeSeconds' | 'earlySeconds'>, now: number): Times {
  const iat = Math.floor(now / 1000) - (form.earlySeconds === 0 ? clockSlackSeconds : 0);
  return { nbf: iat - form.earlySeconds, iat, exp: iat + form.lifetimeSeconds };
}

/** Who signs, for the header. */
export interface HeaderParts {
  readonly alg: string;
  readonly kid: string;
  /** The provider's public URL, without a slash at its end. */
  readonly issuer: string;
  /** The signing certificate and its chain, in standard base64. */
  readonly x5c: readonly string[];
}

/** The JWS header as JSON text. */
export function writeHeader(form: Pick<Form, 'header'>, { alg, kid, issuer, x5c }: HeaderParts): string {
  if (form.header === 'x5c') return formatJson({ typ: 'JWT', alg, x5c, kid });
  return formatJson({ alg, jku: `${issuer}/certs`, kid, typ: 'JWT' });
}

/** What a token says. */
export interface Content {
  readonly times: Times;
  /** The provider's public URL, without a slash at its end. */
  readonly issuer: string;
  /** The token's identifier: random, 64 hexadecimal digits. */
  readonly jti: string;
  readonly policyHash: string;
  /** The key that signed the policy, as a JWK; absent for an unsigned policy. */
  readonly policySigner?: JsonObject;
  /** Facts under their names; those for the policy alone are left out. */
  readonly claims: readonly Claim[];
  /** What the policy issued. */
  readonly issued: readonly Pick<Claim, 'name' | 'value'>[];
  /** Names that a policy cannot take at top level, whether the token has them or not. */
  readonly serviceClaims: readonly string[];
  /** What the service adds under `x-assay-`; absent: the token has no claim of that kind, of whatever source. */
  readonly own?: JsonObject;
}

/** Names of JWTs and of what Azure Attestation adds to them at every type: RFC 7519 §4.1, RFC 7800, OpenID Connect. */
const registeredNames: readonly string[] = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'nonce', 'cnf'];
const isOurs = (name: string): boolean => name.startsWith('x-assay-');
const isReserved = (name: string): boolean =>
  registeredNames.includes(name) || name.startsWith('x-ms-') || isOurs(name);

/**
 * The payload as JSON text. What a policy issued stands in `x-ms-policy` and, where the form says so, at top level too,
 * but never in the place of something that the service itself says there.
 */
export function writePayload(form: Pick<Form, 'order' | 'policyClaims'>, content: Content): string {
  const { times, own, policySigner } = content;
  const spoken = content.claims.filter(({ name, to }) => to !== 'policy' && (own !== undefined || !isOurs(name)));
  const issued = grouped(content.issued);
  const members = new Map<string, Json>([
    ...grouped(spoken),
    ...Object.entries(own ?? {}),
    ...Object.entries(times),
    ['iss', content.issuer],
    ['jti', content.jti],
    ['x-ms-policy-hash', content.policyHash],
    ['x-ms-ver', '1.0'],
  ]);
  if (policySigner) members.set('x-ms-policy-signer', policySigner);
  if (issued.size > 0) members.set('x-ms-policy', objectOf(issued));
  if (form.policyClaims === 'both') {
    const taken = new Set([...members.keys(), ...content.serviceClaims]);
    for (const [name, value] of issued) if (!taken.has(name) && !isReserved(name)) members.set(name, value);
  }
  if (form.order === 'sorted') return formatJson(objectOf(members), { sorted: true });
  return formatJson(objectOf(inOrder(members, form.order)));
}

/** One member for each name: its value, or an array of its distinct values in the order they were issued. */
function grouped(claims: readonly Pick<Claim, 'name' | 'value'>[]): Map<string, Json> {
  const byName = new Map<string, Map<string, Json>>();
  for (const { name, value } of claims) {
    const values = byName.get(name) ?? new Map<string, Json>();
    // The text tells 1 from "1" and holds objects apart by content.
    const text = formatJson(value, { sorted: true });
    if (!values.has(text)) values.set(text, value);
    byName.set(name, values);
  }
  return new Map(
    Array.from(byName, ([name, values]): [string, Json] => {
      const [first, ...more] = values.values();
      return [name, more.length === 0 ? (first as Json) : [...values.values()]];
    }),
  );
}

/** The listed members first, then the others as they came, our own at the very end. */
function inOrder(members: ReadonlyMap<string, Json>, order: readonly string[]): Map<string, Json> {
  const rank = (name: string): number => {
    const at = order.indexOf(name);
    return at >= 0 ? at : order.length + (isOurs(name) ? 1 : 0);
  };
  return new Map([...members].sort(([a], [b]) => rank(a) - rank(b)));
}

/** Without a prototype, so that a claim called `__proto__` is a member like any other. */
const objectOf = (members: ReadonlyMap<string, Json>): JsonObject =>
  Object.assign(Object.create(null), Object.fromEntries(members));
