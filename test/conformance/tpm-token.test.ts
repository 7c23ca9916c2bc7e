/**
 * TPM tokens against recorded ones, to the byte: each recorded payload is taken apart into what the service says and what
 * the policy issued, and put together again by the product's own rules.
 */

import type { AnyType } from '@assay/core';
import { types } from '@assay/core/registry';
import { expect, test } from 'vitest';
import type { JsonObject } from '../../packages/core/src/claim.ts';
import { parseJson } from '../../packages/core/src/json/index.ts';
import { certificateKeyId, timesOf, writeHeader, writePayload } from '../../packages/core/src/token/index.ts';
import { withVectors } from '../setup/vectors.ts';

const tpm = types.find(({ name }) => name === 'Tpm') as AnyType;
const framed = ['nbf', 'exp', 'iat', 'iss', 'jti', 'x-ms-ver', 'x-ms-policy-hash', 'x-ms-policy'];

withVectors('recorded TPM tokens', 'tokens/raw', (folder) => {
  test.each(['outputEvents', 'windows-health'])('%s is rebuilt byte for byte', (name) => {
    const [header = '', payload = ''] = folder
      .text(`tpm-2025-01-28-${name}.jwt`)
      .trim()
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('utf8'));
    const claims = parseJson(new TextEncoder().encode(payload)) as JsonObject;
    const said = Object.keys(claims).filter((one) => !framed.includes(one));
    expect(tpm.serviceClaims).toEqual(expect.arrayContaining(said));
    const issued = claims['x-ms-policy'] as JsonObject;
    const iat = Number(claims['iat']);
    const rebuilt = writePayload(tpm.token, {
      times: timesOf(tpm.token, iat * 1000),
      issuer: String(claims['iss']),
      jti: String(claims['jti']),
      policyHash: String(claims['x-ms-policy-hash']),
      // Handed over backwards: the order in the token is the form's work.
      claims: said.map((one) => ({ name: one, value: claims[one] ?? null, to: 'token' as const })).reverse(),
      issued: Object.entries(issued)
        .map(([one, value]) => ({ name: one, value }))
        .reverse(),
      serviceClaims: tpm.serviceClaims,
    });
    expect(rebuilt).toBe(payload);
    const { x5c, kid } = JSON.parse(header) as { x5c: string[]; kid: string };
    expect(certificateKeyId(new Uint8Array(Buffer.from(x5c[0] ?? '', 'base64')))).toBe(kid);
    expect(writeHeader(tpm.token, { alg: 'RS256', kid, issuer: '', x5c })).toBe(header);
    expect(String(claims['jti'])).toHaveLength(2 * (tpm.token.identifierBytes ?? 0));
  });
});
