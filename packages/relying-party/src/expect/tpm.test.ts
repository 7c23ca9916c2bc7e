import { describe, expect, test } from 'vitest';
import { holderOf, type TpmExpectation, tpm } from './tpm.ts';

const jwk = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'BB' };
const claims = {
  cnf: { jwk },
  'x-ms-tpm-request-key': { jwk, info: { tpm_certify: { name_alg: 11, obj_attr: 50 } } },
  'x-assay-tpm-aik': 'validated',
  'x-assay-tpm-aik-policies': ['1.2.3', '1.3.6.1.4.1.311.21.31'],
  'x-assay-tpm-quoted-pcrs': [0, 4, 7, 11],
  'x-assay-tpm-secure-boot': 'on',
  'x-assay-tpm-unexplained-pcrs': [11],
  'x-ms-policy': { healthy: true, level: 3 },
};
const all: TpmExpectation = {
  attestationKeyPolicies: ['9.9', '1.3.6.1.4.1.311.21.31'],
  pcrs: [7, 4],
  requestKey: 'tpm',
  key: jwk,
  policy: { healthy: true, level: 3 },
};
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
    ['tpm.attestation-key-policy', { 'x-assay-tpm-aik-policies': ['1.2.3'] }],
    ['tpm.attestation-key-policy', { 'x-assay-tpm-aik-policies': '1.3.6.1.4.1.311.21.31' }],
    ['tpm.attestation-key-policy', { 'x-assay-tpm-aik-policies': undefined }],
    ['tpm.pcrs', { 'x-assay-tpm-quoted-pcrs': [0, 7, 11] }],
    ['tpm.pcrs', { 'x-assay-tpm-quoted-pcrs': undefined }],
    ['tpm.pcrs', { 'x-assay-tpm-unexplained-pcrs': [4] }],
    ['tpm.pcrs', { 'x-assay-tpm-unexplained-pcrs': undefined }],
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

test('every PCR that is missing is named', () => {
  const [problem] = tpm({ pcrs: [0, 1, 11] }).problems(claims as never);
  expect(problem).toMatchObject({
    code: 'tpm.pcrs',
    message: 'PCR 1, 11 is not quoted and explained',
    found: { quoted: [0, 4, 7, 11], unexplained: [11] },
  });
});

test.each<TpmExpectation>([{ pcrs: [24] }, { pcrs: [-1] }, { pcrs: [1.5] }, { attestationKeyPolicies: [] }])(
  'an expectation that makes no sense: %j',
  (expected) => expect(() => tpm(expected)).toThrow(TypeError),
);
