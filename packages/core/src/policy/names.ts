/** Claim names that a policy cannot take at a token's top level. */

/** Registered JWT claims (RFC 7519 §4.1, RFC 7800, RFC 9711). */
const registered: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'nonce', 'cnf']);
const prefixes = ['x-ms-', 'x-assay-'];

/** @param service names that the service puts into tokens of the attestation type */
export const isTaken = (name: string, service: readonly string[]): boolean =>
  registered.has(name) || prefixes.some((prefix) => name.startsWith(prefix)) || service.includes(name);
