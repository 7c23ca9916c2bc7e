import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type SgxExpectation, sgx } from './sgx.ts';

const enclave = 'ab'.repeat(32);
const signer = '0c'.repeat(32);
const data = Buffer.from('runtime data');
const claims = {
  'x-ms-attestation-type': 'sgx',
  'x-ms-sgx-mrenclave': enclave,
  'x-ms-sgx-mrsigner': signer,
  'x-ms-sgx-product-id': 7,
  'x-ms-sgx-svn': 3,
  'x-ms-sgx-is-debuggable': false,
  'x-ms-sgx-report-data': createHash('sha256').update(data).digest('hex') + '00'.repeat(32),
  'x-assay-tcb-status': 'UpToDate',
};
const all: SgxExpectation = {
  mrenclave: enclave,
  mrsigner: signer,
  productId: 7,
  minimumSvn: 3,
  runtimeData: data,
  tcbStatuses: ['UpToDate', 'SWHardeningNeeded'],
};
const codes = (expected: SgxExpectation, told: object = claims) =>
  sgx(expected)
    .problems({ ...told })
    .map(({ code }) => code);

test('an enclave that is all that was expected', () => {
  expect(codes(all)).toEqual([]);
  expect(codes({ mrenclave: ['ff'.repeat(32), enclave.toUpperCase()] })).toEqual([]);
});

describe('each demand refuses on its own', () => {
  test.each<[string, SgxExpectation]>([
    ['sgx.mrenclave', { ...all, mrenclave: signer }],
    ['sgx.mrsigner', { ...all, mrsigner: [enclave] }],
    ['sgx.product-id', { ...all, productId: [6, 8] }],
    ['sgx.svn', { ...all, minimumSvn: 4 }],
    ['sgx.runtime-data', { ...all, runtimeData: new Uint8Array(0) }],
    ['sgx.tcb-status', { ...all, tcbStatuses: 'SWHardeningNeeded' }],
  ])('%s', (code, expected) => expect(codes(expected)).toEqual([code]));

  test.each<[string, string, unknown]>([
    ['sgx.type', 'x-ms-attestation-type', 'tdxvm'],
    ['sgx.debuggable', 'x-ms-sgx-is-debuggable', true],
    ['sgx.debuggable', 'x-ms-sgx-is-debuggable', 'false'],
    ['sgx.mrenclave', 'x-ms-sgx-mrenclave', [enclave]],
    ['sgx.svn', 'x-ms-sgx-svn', '99'],
    ['sgx.product-id', 'x-ms-sgx-product-id', '7'],
    ['sgx.runtime-data', 'x-ms-sgx-report-data', claims['x-ms-sgx-report-data'].slice(0, 64)],
  ])('%s for %s %j', (code, name, value) => expect(codes(all, { ...claims, [name]: value })).toEqual([code]));
});

test('all mismatches are told at once, with what was expected and what was found', () => {
  const problems = sgx({ ...all, mrenclave: signer, minimumSvn: 9 }).problems({
    ...claims,
    'x-ms-sgx-is-debuggable': true,
  });
  expect(problems.map(({ code, expected, found }) => [code, expected, found])).toEqual([
    ['sgx.mrenclave', [signer], enclave],
    ['sgx.svn', 'at least 9', 3],
    ['sgx.debuggable', false, true],
  ]);
});

test('a claim that is missing is a mismatch', () => {
  expect(codes(all, {}).length).toBe(8);
  expect(codes({ mrsigner: signer, debuggable: true }, {})).toEqual(['sgx.type', 'sgx.mrsigner', 'sgx.debuggable']);
});

test('claims of the policy do not count, nor what objects inherit', () => {
  const issued = { 'sgx-mrenclave': enclave, 'is-debuggable': false, tee: 'sgx' };
  expect(codes({ mrenclave: enclave }, issued)).toEqual(['sgx.type', 'sgx.mrenclave', 'sgx.debuggable']);
  const inherited = Object.create(claims);
  expect(sgx({ mrenclave: enclave }).problems(inherited).length).toBe(3);
});

test('debuggable enclaves only where they are allowed', () => {
  const told = { ...claims, 'x-ms-sgx-is-debuggable': true };
  expect(codes({ mrsigner: signer, debuggable: true }, told)).toEqual([]);
  expect(codes({ mrsigner: signer, debuggable: false }, told)).toEqual(['sgx.debuggable']);
});

test.each<[string, SgxExpectation]>([
  ['nobody', {}],
  ['an empty list', { mrenclave: [] }],
  ['too short', { mrenclave: 'ab' }],
  ['no hexadecimal', { mrsigner: 'xy'.repeat(32) }],
  ['a fraction', { mrenclave: enclave, minimumSvn: 1.5 }],
  ['too large', { mrenclave: enclave, productId: 65_536 }],
])('an expectation that makes no sense: %s', (_, expected) => expect(() => sgx(expected)).toThrow(TypeError));
