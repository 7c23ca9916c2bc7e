import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

const known = ['listen', 'listen.host', 'listen.port', 'provider.publicUrl', 'tpm.bearerToken', 'preview.bearerToken'];

test.each([
  ['lisen', 'listen'],
  ['listen.prot', 'listen.port'],
  ['listen.porrt', 'listen.port'],
  ['publicUrl', 'provider.publicUrl'],
  ['provider.public_URL', 'provider.publicUrl'],
  ['preview.bearerTokn', 'preview.bearerToken'],
  ['listen.foo', undefined],
  ['x', undefined],
  ['', undefined],
  ['__proto__', undefined],
])('who writes %s means %s', (written, meant) => {
  expect(nearest(written, known)).toBe(meant);
});
