/** Claim names that a policy cannot take at a token's top level. */
import { reservedPrefixes } from './undocumented.ts';

/** Registered JWT claims (RFC 7519 §4.1, RFC 7800, RFC 9711). */
const registered: ReadonlySet<string> = new Set(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'nonce', 'cnf']);

/** @param service names that the service puts into tokens of the attestation type */
export const isTaken = (name: string, service: readonly string[]): boolean =>
  registered.has(name) || reservedPrefixes.some((prefix) => name.startsWith(prefix)) || service.includes(name);

/** Names that tokens carry and evidence never does. @param service as above */
export const isTokenOnly = (name: string, service: readonly string[]): boolean =>
  registered.has(name) ||
  ['x-ms-ver', 'x-ms-policy', 'x-ms-policy-hash', 'x-ms-policy-signer'].includes(name) ||
  service.includes(name);
