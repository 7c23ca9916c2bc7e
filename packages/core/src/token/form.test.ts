import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Claim } from '../claim.ts';
import { type Content, type Form, issuedForm, timesOf, writeHeader, writePayload } from './form.ts';

const enclave: Form = {
  lifetimeSeconds: 28_800,
  earlySeconds: 0,
  header: 'jku',
  order: 'sorted',
  policyClaims: 'both',
};
const device: Form = {
  lifetimeSeconds: 345_600,
  earlySeconds: 300,
  header: 'x5c',
  order: ['nbf', 'exp', 'iat', 'iss', 'jti', 'ver', 'x-ms-ver', 'x-ms-policy-hash', 'x-ms-policy'],
  policyClaims: 'nested',
};
const content = (more: Partial<Content> = {}): Content => ({
  times: timesOf(enclave, 1_700_000_000_999),
  issuer: 'https://assay.example',
  jti: 'ab'.repeat(32),
  policyHash: 'hash',
  claims: [],
  issued: [],
  serviceClaims: [],
  ...more,
});
const says = (name: string, value: Claim['value'], to: Claim['to'] = 'both'): Claim => ({ name, value, to });
const read = (form: Form, more: Partial<Content>) => JSON.parse(writePayload(form, content(more)));

test('an enclave token is dated back two seconds, and its life counts from there', () => {
  expect(timesOf(enclave, 1_700_000_000_999)).toEqual({ nbf: 1_699_999_998, iat: 1_699_999_998, exp: 1_700_028_798 });
});

test('a TPM token is issued now and valid from five minutes before', () => {
  expect(timesOf(device, 1_700_000_000_000)).toEqual({ nbf: 1_699_999_700, iat: 1_700_000_000, exp: 1_700_345_600 });
});

test('headers have the recorded members in the recorded order', () => {
  const parts = { alg: 'RS256', kid: 'k+/=', issuer: 'https://assay.example', x5c: ['AA=='] };
  expect(writeHeader(enclave, parts)).toBe(
    '{"alg":"RS256","jku":"https://assay.example/certs","kid":"k+/=","typ":"JWT"}',
  );
  expect(writeHeader(device, parts)).toBe('{"typ":"JWT","alg":"RS256","x5c":["AA=="],"kid":"k+/="}');
});

test('members stand in byte order, without white space', () => {
  expect(writePayload(enclave, content({ claims: [says('b', 1), says('B', { z: 1, a: 2 })] }))).toBe(
    `{"B":{"a":2,"z":1},"b":1,"exp":1700028798,"iat":1699999998,"iss":"https://assay.example","jti":"${'ab'.repeat(32)}","nbf":1699999998,"x-ms-policy-hash":"hash","x-ms-ver":"1.0"}`,
  );
});

test('a TPM payload has its own order, the rest after it and our own claims last', () => {
  const payload = read(device, {
    claims: [says('x-assay-fmspc', '00'), says('cnf', {}), says('ver', '1.0')],
    own: { 'x-assay-appraisal': 'id' },
    issued: [says('a', 1)],
  });
  expect(Object.keys(payload)).toEqual([...device.order, 'cnf', 'x-assay-fmspc', 'x-assay-appraisal']);
});

test('claims for the policy alone do not reach the token', () => {
  expect(read(enclave, { claims: [says('seen', 1, 'policy'), says('told', 2, 'token')] })).toMatchObject({ told: 2 });
  expect(read(enclave, { claims: [says('seen', 1, 'policy')] })).not.toHaveProperty('seen');
});

test('issued claims stand at top level and in x-ms-policy, or there alone', () => {
  const issued = [says('tee', 'sgx')];
  expect(read(enclave, { issued })).toMatchObject({ tee: 'sgx', 'x-ms-policy': { tee: 'sgx' } });
  expect(read(device, { issued })).toMatchObject({ 'x-ms-policy': { tee: 'sgx' } });
  expect(read(device, { issued })).not.toHaveProperty('tee');
  expect(read(enclave, {})).not.toHaveProperty('x-ms-policy');
});

test('several distinct values become an array in the order of their issue; equal ones collapse', () => {
  const issued = [
    says('l', 'b'),
    says('l', 'a'),
    says('l', 'b'),
    says('n', 1),
    says('n', '1'),
    says('s', true),
    says('s', true),
  ];
  expect(read(enclave, { issued })['x-ms-policy']).toEqual({ l: ['b', 'a'], n: [1, '1'], s: true });
});

const contested = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'nonce',
  'cnf',
  'x-ms-ver',
  'x-ms-anything',
  'x-assay-tcb-status',
  'maa-ehd',
  'present',
];
test.each(contested)('a policy cannot take the place of %s', (name) => {
  const payload = read(enclave, {
    issued: [says(name, 'forged')],
    serviceClaims: ['maa-ehd'],
    claims: [says('present', 'genuine')],
    own: {},
  });
  expect(payload[name]).not.toBe('forged');
  expect(payload['x-ms-policy'][name]).toBe('forged');
});

test('names of other types are free, and so are deprecated ones', () => {
  expect(read(enclave, { issued: [says('secureboot', true), says('svn', 1)] })).toMatchObject({
    secureboot: true,
    svn: 1,
  });
});

test('without our own claims a token has none of them, from whatever source', () => {
  const claims = [says('x-assay-fmspc', '00906ed50000', 'token')];
  expect(read(enclave, { claims, own: { 'x-assay-appraisal': 'id' } })).toMatchObject({
    'x-assay-fmspc': '00906ed50000',
    'x-assay-appraisal': 'id',
  });
  expect(Object.keys(read(enclave, { claims })).filter((name) => name.startsWith('x-assay-'))).toEqual([]);
});

test('T47: what was insecure is said with our own claims and without them', () => {
  const insecure = ['development-anchors', 'unbound-key'];
  const tolerated = says('x-assay-insecure', ['unbound-key'], 'token');
  expect(read(enclave, { insecure, claims: [tolerated] })).toMatchObject({ 'x-assay-insecure': insecure });
  expect(read(enclave, { insecure, own: {} })).toMatchObject({ 'x-assay-insecure': insecure });
  expect(read(enclave, { claims: [tolerated] })).toMatchObject({ 'x-assay-insecure': ['unbound-key'] });
  expect(read(enclave, { insecure: [] })).not.toHaveProperty('x-assay-insecure');
});

test('the signer of a policy is named only where there was one', () => {
  expect(read(enclave, { policySigner: { kty: 'RSA' } })['x-ms-policy-signer']).toEqual({ kty: 'RSA' });
  expect(read(enclave, {})).not.toHaveProperty('x-ms-policy-signer');
});

test('whatever a policy issues, the service keeps its own words and every issued claim is told', () => {
  const name = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.constantFrom('__proto__', 'constructor', 'iss', 'x-ms-ver'),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean()))),
      (pairs) => {
        const payload = read(enclave, { issued: pairs.map(([issued, value]) => says(issued, value)) });
        expect(payload.iss).toBe('https://assay.example');
        expect(payload['x-ms-ver']).toBe('1.0');
        for (const [issued, value] of pairs) expect([payload['x-ms-policy'][issued]].flat()).toContainEqual(value);
      },
    ),
  );
});

describe('what issuance rules change', () => {
  const issuance = { lifetimeMinutes: 'minutes', omitCertificates: 'omit' };
  const form: Form = {
    lifetimeSeconds: 60,
    earlySeconds: 300,
    header: 'x5c',
    order: [],
    policyClaims: 'nested',
  };

  test('a form without such properties stays as it is', () => {
    expect(issuedForm(form, { minutes: 5, omit: true })).toBe(form);
  });

  test('the lifetime, and whether certificates come along', () => {
    const changed = issuedForm({ ...form, issuance }, { minutes: 5n, omit: true });
    expect([changed.lifetimeSeconds, changed.omitsCertificates]).toEqual([300, true]);
    const parts = { alg: 'RS256', kid: 'k', issuer: 'i', x5c: ['c'] };
    expect(writeHeader(changed, parts)).toBe('{"typ":"JWT","alg":"RS256","x5t":"k","kid":"k"}');
    const same = issuedForm({ ...form, issuance }, { omit: false });
    expect(same.lifetimeSeconds).toBe(60);
    expect(writeHeader(same, parts)).toBe('{"typ":"JWT","alg":"RS256","x5c":["c"],"kid":"k"}');
  });

  test.each([0, -1, 525_601, 'five'])('no token lives for %s minutes', (minutes) => {
    expect(() => issuedForm({ ...form, issuance }, { minutes })).toThrow(/expected 1 to 525600/);
  });
});
