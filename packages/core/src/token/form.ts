/**
 * How a token is written: header, members and their order, times, and which name wins where two want the same place.
 * Follows recorded tokens of Azure Attestation to the byte, but for the claims of our own (`x-assay-`).
 */
import type { Claim, Json, JsonObject } from '../claim.ts';
import { AttestError } from '../errors.ts';
import { byBytes, formatJson } from '../json/index.ts';

/** What of an attestation type's form matters here (`TokenForm` of the contract has the same members). */
export interface Form {
  readonly lifetimeSeconds: number;
  readonly earlySeconds: number;
  readonly header: 'jku' | 'x5c';
  readonly order: 'sorted' | readonly string[];
  readonly policyClaims: 'both' | 'nested';
  readonly issuance?: { readonly lifetimeMinutes: string; readonly omitCertificates: string };
  /** The header names the certificate by its digest (`x5t`) instead of carrying it. */
  readonly omitsCertificates?: boolean;
}

/** A year. */
const longestMinutes = 525_600;

/**
 * The form as issuance rules want it.
 * @param properties what they set
 * @throws {AttestError} `PolicyDenied` for a lifetime that no token can have
 */
export function issuedForm<F extends Form>(form: F, properties: { readonly [name: string]: Json }): F {
  if (!form.issuance) return form;
  const { lifetimeMinutes, omitCertificates } = form.issuance;
  const minutes = properties[lifetimeMinutes];
  if (minutes === undefined) return { ...form, omitsCertificates: properties[omitCertificates] === true };
  const number = Number(minutes);
  if (!(number >= 1 && number <= longestMinutes))
    throw new AttestError(
      'PolicyDenied',
      `The policy sets ${lifetimeMinutes} to ${String(minutes)}, expected 1 to ${longestMinutes}`,
    );
  return { ...form, lifetimeSeconds: number * 60, omitsCertificates: properties[omitCertificates] === true };
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
export function writeHeader(
  form: Pick<Form, 'header' | 'omitsCertificates'>,
  { alg, kid, issuer, x5c }: HeaderParts,
): string {
  // Such a key is named by its certificate's digest, whether the certificate comes along or not.
  if (form.header === 'x5c')
    return formatJson({ typ: 'JWT', alg, ...(form.omitsCertificates ? { x5t: kid } : { x5c }), kid });
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
  /** What the service adds under `x-assay-`; absent: of that kind the token has `x-assay-insecure` alone. */
  readonly own?: JsonObject;
  /** Names of insecure settings that were on: whatever a token leaves out, it does not leave out that it proves nothing. */
  readonly insecure?: readonly string[];
}

/** Names of JWTs and of what Azure Attestation adds to them at every type: RFC 7519 §4.1, RFC 7800, OpenID Connect. */
const registeredNames: readonly string[] = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'nonce', 'cnf'];
const isOurs = (name: string): boolean => name.startsWith('x-assay-');
const insecureName = 'x-assay-insecure';
const isReserved = (name: string): boolean =>
  registeredNames.includes(name) || name.startsWith('x-ms-') || isOurs(name);

/**
 * The payload as JSON text. What a policy issued stands in `x-ms-policy` and, where the form says so, at top level too,
 * but never in the place of something that the service itself says there.
 */
export function writePayload(form: Pick<Form, 'order' | 'policyClaims'>, content: Content): string {
  const { times, own, insecure = [], policySigner } = content;
  const isSpoken = (name: string): boolean => own !== undefined || !isOurs(name) || name === insecureName;
  const spoken = content.claims.filter(({ name, to }) => to !== 'policy' && isSpoken(name));
  const issued = grouped(content.issued);
  const members = new Map<string, Json>([
    ...grouped(spoken),
    ...Object.entries(own ?? {}),
    ...(insecure.length > 0 ? [[insecureName, insecure] as const] : []),
    ...Object.entries(times),
    ['iss', content.issuer],
    ['jti', content.jti],
    ['x-ms-policy-hash', content.policyHash],
    ['x-ms-ver', '1.0'],
  ]);
  if (policySigner) members.set('x-ms-policy-signer', policySigner);
  // Within the object names are in byte order in every form.
  if (issued.size > 0) members.set('x-ms-policy', objectOf(new Map([...issued].sort(([a], [b]) => byBytes(a, b)))));
  if (form.policyClaims === 'both') {
    const taken = new Set([...members.keys(), ...content.serviceClaims]);
    for (const [name, value] of issued) if (!taken.has(name) && !isReserved(name)) members.set(name, value);
  }
  if (form.order === 'sorted') return formatJson(objectOf(members), { sorted: true });
  return formatJson(objectOf(inOrder(members, form.order)));
}

/** One member for each name: its value, or an array of its distinct values in the order they were issued. */
function grouped(claims: readonly Pick<Claim, 'name' | 'value'>[]): Map<string, Json> {
  const byName = new Map<string, Json[]>();
  for (const { name, value } of claims) {
    const values = byName.get(name);
    if (values) values.push(value);
    else byName.set(name, [value]);
  }
  return new Map(Array.from(byName, ([name, values]): [string, Json] => [name, oneOrDistinct(values)]));
}

function oneOrDistinct(values: readonly Json[]): Json {
  if (values.length === 1) return values[0] as Json;
  // The text tells 1 from "1" and holds objects apart by content. Of equal ones the first stays.
  const byText = new Map<string, Json>();
  for (const value of values) {
    const text = formatJson(value, { sorted: true });
    if (!byText.has(text)) byText.set(text, value);
  }
  const distinct = [...byText.values()];
  return distinct.length === 1 ? (distinct[0] as Json) : distinct;
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
function objectOf(members: ReadonlyMap<string, Json>): JsonObject {
  const object: { [name: string]: Json } = Object.create(null);
  for (const [name, value] of members) object[name] = value;
  return object;
}
