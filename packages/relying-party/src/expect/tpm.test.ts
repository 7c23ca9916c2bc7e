import { describe, expect, test } from 'vitest';
import { holderOf, type TpmExpectation, tpm } from './tpm.ts';

const jwk = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'BB' };
const claims = {
  cnf: { jwk },
  'x-ms-tpm-request-key': { jwk, info: { tpm_certify: { name_alg: 11, obj_attr: 50 } } },
  'x-assay-tpm-aik': 'validated',
  'x-assay-tpm-secure-boot': 'on',
  'x-ms-policy': { healthy: true, level: 3 },
};
const all: TpmExpectation = { requestKey: 'tpm', key: jwk, policy: { healthy: true, level: 3 } };
const codes = (expected?: TpmExpectation, told: object = claims) =>
  tpm(expected)
    .problems({ ...told } as never)
    .map(({ code }) => code);

test('a machine that is all that was expected', () => {
  expect(codes(all)).toEqual([]);
  expect(codes()).toEqual([]);
  expect(holderOf(claims as never)).toEqual(jwk);
});

describe('each demand refuses on its own', () => {
  test.each<[string, object]>([
    ['tpm.secure-boot', { 'x-assay-tpm-secure-boot': 'undetermined' }],
    ['tpm.secure-boot', { 'x-assay-tpm-secure-boot': undefined }],
    ['tpm.attestation-key', { 'x-assay-tpm-aik': 'unproven' }],
    ['tpm.request-key', { 'x-ms-tpm-request-key': { jwk, info: { tpm_quote: { hash_alg: 'sha-256' } } } }],
    ['tpm.key', { cnf: { jwk: { ...jwk, x: 'CC' } } }],
    ['tpm.policy', { 'x-ms-policy': { healthy: false, level: 3 } }],
    ['tpm.policy', { 'x-ms-policy': { healthy: true, level: '3' } }],
  ])('%s', (code, changed) => {
    expect(codes(all, { ...claims, ...changed })).toEqual([code]);
  });

  test('a token that is for no key is of no TPM', () => {
    expect(codes({ secureBoot: false, validatedKey: false }, {})).toEqual(['tpm.type']);
  });
});
