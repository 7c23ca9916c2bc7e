import { expect, test } from 'vitest';
import type { Json } from '../claim.ts';
import { ClaimSet, type PolicyClaim, policyClaims, valuesOf } from './claims.ts';
import { mostClaims } from './limits.ts';

test.each([
  [true, [true]],
  [1, [1n]],
  [9007199254740993n, [9007199254740993n]],
  ['x', ['x']],
  [null, []],
  [[], []],
  [
    [0, 'a', true, null, 0],
    [0n, 'a', true, 0n],
  ],
  [{ b: 1, a: [2, 'é/'] }, ['{"a":[2,"é/"],"b":1}']],
  [[{ kty: 'RSA' }], ['[{"kty":"RSA"}]']],
  [[1, [2]], ['[1,[2]]']],
  [1.5, ['1.5']],
  [9223372036854775808n, ['9223372036854775808']],
  [[1, 9223372036854775808n], ['[1,9223372036854775808]']],
] as [Json, (boolean | bigint | string)[]][])('JSON value %# to values', (json, values) =>
  expect(valuesOf(json)).toEqual(values),
);

test('policies see what is meant for them, under its issuer', () => {
  expect(
    policyClaims([
      { name: 'a', value: [1, 2], to: 'both', readOnly: true },
      { name: 'b', value: 'x', to: 'policy', issuer: 'CustomClaim' },
      { name: 'c', value: 'x', to: 'token' },
    ]),
  ).toEqual([
    { type: 'a', value: 1n, issuer: 'AttestationService', readOnly: true },
    { type: 'a', value: 2n, issuer: 'AttestationService', readOnly: true },
    { type: 'b', value: 'x', issuer: 'CustomClaim', readOnly: false },
  ]);
});

const claim = (value: PolicyClaim['value'], more: Partial<PolicyClaim> = {}): PolicyClaim => ({
  type: 'a',
  value,
  issuer: 'AttestationService',
  readOnly: false,
  ...more,
});

test('claims equal in type, kind, value and issuer are one; the read-only mark stays', () => {
  const claims = new ClaimSet({ taken: 0 });
  for (const each of [
    claim(1n),
    claim('1'),
    claim(true),
    claim(1n, { readOnly: true }),
    claim(1n, { issuer: 'CustomClaim' }),
    claim(1n),
  ])
    claims.add(each);
  expect(claims.list()).toEqual([
    claim(1n, { readOnly: true }),
    claim('1'),
    claim(true),
    claim(1n, { issuer: 'CustomClaim' }),
  ]);
});

test('claims are found by type, in the order they came', () => {
  const claims = new ClaimSet({ taken: 0 });
  for (const each of [claim('x'), claim('y', { type: '__proto__' }), claim('z')]) claims.add(each);
  expect(claims.list('a')).toEqual([claim('x'), claim('z')]);
  expect(claims.list('__proto__')).toEqual([claim('y', { type: '__proto__' })]);
  expect(claims.list('constructor')).toEqual([]);
});

test('a set holds a stated number of claims', () => {
  const claims = new ClaimSet({ taken: 0 });
  for (let i = 0; i < mostClaims; i++) claims.add(claim(BigInt(i)));
  claims.add(claim(0n));
  expect(() => claims.add(claim(-1n))).toThrow('more than 10000 claims');
});
