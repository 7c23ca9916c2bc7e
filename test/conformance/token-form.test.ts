/**
 * Tokens against recorded ones, to the byte: each recorded payload is taken apart into what the service says and what
 * the policy issued, and put together again by the product's own rules.
 */
import { createPublicKey } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Claim, JsonObject } from '../../packages/core/src/claim.ts';
import { type Form, policyHash, writeHeader, writePayload } from '../../packages/core/src/token/index.ts';
import { keyId } from '../../packages/core/src/token/jwk.ts';
import { withVectors } from '../setup/vectors.ts';

const form: Form = { lifetimeSeconds: 28_800, earlySeconds: 0, header: 'jku', order: 'sorted', policyClaims: 'both' };
const framed = ['exp', 'iat', 'nbf', 'iss', 'jti', 'x-ms-ver', 'x-ms-policy-hash', 'x-ms-policy'];
const decoded = (part: string): string => Buffer.from(part, 'base64url').toString('utf8');

withVectors('recorded tokens', 'sdk-recordings/exchanges', (folder) => {
  const defaultPolicy = 'ViVGS4BYl70X8eUrgryHg0TtbEk9WtIc6DtTBEFxaWc';
  const cases = ['attest-sgxenclave', 'attest-openenclave'].flatMap((name) =>
    [0, 1, 2, 3].map((entry) => [`${name} ${entry}`, folder.json(`${name}.json`)[entry]] as const),
  );
  test.each(cases)('%s is rebuilt byte for byte', (_name, exchange) => {
    expect(exchange.response.headers['x-ms-maa-service-version']).toMatch(/^1\.11\.02134/);
    const [header, payload] = exchange.response.body.token.split('.').map(decoded);
    const claims: Record<string, never> = JSON.parse(payload);
    const issued: JsonObject = claims['x-ms-policy'] ?? {};
    const service = Object.keys(claims).filter((name) => !framed.includes(name) && !(name in issued));
    const said = (from: JsonObject, names: readonly string[], to: Claim['to']): Claim[] =>
      // Handed over backwards: the order in the token is the form's work.
      names.map((name) => ({ name, value: from[name] as Claim['value'], to })).reverse();

    const draft: string | undefined = exchange.request.body.draftPolicyForAttestation;
    const rebuilt = writePayload(form, {
      times: { exp: claims['exp'] as never, iat: claims['iat'] as never, nbf: claims['nbf'] as never },
      issuer: claims['iss'] as never,
      jti: claims['jti'] as never,
      policyHash: draft === undefined ? defaultPolicy : policyHash(draft),
      claims: said(claims, service, 'both'),
      issued: said(issued, Object.keys(issued), 'token'),
      serviceClaims: service,
    });
    expect(rebuilt).toBe(payload);
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(form.lifetimeSeconds);
    expect(claims['nbf']).toBe(claims['iat']);
    const alg = draft === undefined ? 'RS256' : 'none';
    expect(writeHeader(form, { alg, kid: JSON.parse(header).kid, issuer: claims['iss'] as never, x5c: [] })).toBe(
      header,
    );
  });
});

withVectors('recorded signing keys', 'sdk-recordings/maa-service-certs', (folder) => {
  test('the kid of the instance certificates follows from their keys', () => {
    const entries: { kid: string; x5c: string[] }[] = folder.json('signing-certs.json');
    const own = entries.filter(({ kid, x5c }) => x5c.length === 1 && kid.length === 44);
    expect(own.length).toBeGreaterThan(0);
    for (const { kid, x5c } of own) {
      const pem = `-----BEGIN CERTIFICATE-----\n${x5c[0]}\n-----END CERTIFICATE-----\n`;
      expect(keyId(new Uint8Array(createPublicKey(pem).export({ type: 'spki', format: 'der' })))).toBe(kid);
    }
  });
});
