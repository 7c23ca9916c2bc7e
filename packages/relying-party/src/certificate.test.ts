import { createHash } from 'node:crypto';
import { exportJWK } from 'jose';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type FakeIssuer, type FakeKey, fakeIssuer, fakeKey } from './fake.test.support.ts';
import { TokenRefused } from './problem.ts';
import { tokenVerifier } from './verifier.ts';

const chainOf = (key: FakeKey): readonly [string] => (key.entry as { readonly x5c: [string] }).x5c;
const thumbprint = (certificate = ''): string => createHash('sha1').update(certificate, 'base64').digest('base64url');

let key: FakeKey;
let other: FakeKey;
let fake: FakeIssuer;
/** Published: the key's certificate, and one above it. */
let chain: readonly string[];
beforeAll(async () => {
  [key, other] = await Promise.all([fakeKey('k', 'ES256'), fakeKey('other', 'ES256')]);
  chain = [...chainOf(key), 'QSByb290'];
});
beforeEach(async () => {
  fake = await fakeIssuer();
  fake.publish.keys = { keys: [{ ...key.entry, x5c: chain }, other.entry] };
});
afterEach(() => fake.close());

async function outcome(header: Record<string, unknown>): Promise<readonly string[]> {
  const verifier = tokenVerifier({ issuer: fake.issuer, allowInsecureConnection: true });
  const token = await fake.sign(key, {}, header);
  const error = await verifier.verify(token).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  if (error instanceof TokenRefused) return error.problems.map(({ code }) => code);
  throw error;
}

test('the published certificates pass, whole or but for those above the key’s', async () => {
  expect(await outcome({ x5c: chain })).toEqual([]);
  expect(await outcome({ x5c: chain.slice(0, 1), x5t: thumbprint(chain[0]) })).toEqual([]);
});

test.each<[string, () => unknown]>([
  ['another’s, published or not', () => chainOf(other)],
  ['one more than is published', () => [...chain, 'TW9yZQ==']],
  ['others above the key’s', () => [chain[0], 'TW9yZQ==']],
  ['the key’s not first', () => [...chain].reverse()],
  ['none', () => []],
  ['no list', () => chain[0]],
  ['no base64', () => ['-']],
  ['no text', () => [7]],
  ['more than are read', () => Array.from({ length: 9 }, () => chain[0])],
])('x5c: %s', async (_, x5c) => {
  expect(await outcome({ x5c: x5c() })).toEqual(['header.certificate']);
});

test('x5t: of another certificate, or no text', async () => {
  expect(await outcome({ x5t: thumbprint(chainOf(other)[0]) })).toEqual(['header.certificate']);
  expect(await outcome({ x5t: 7 })).toEqual(['header.certificate']);
  expect(await outcome({ x5c: [], x5t: '' })).toEqual(['header.certificate', 'header.certificate']);
});

test('a key that is published by its numbers has no certificate that a token could bring', async () => {
  fake.publish.keys = { keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid }] };
  expect(await outcome({ x5c: chain })).toEqual(['header.certificate']);
  expect(await outcome({})).toEqual([]);
});

test('one key with two certificates, as while it is renewed: either passes', async () => {
  fake.publish.keys = {
    keys: [
      { ...key.entry, x5c: chain },
      { ...key.entry, x5c: [chainOf(key)[0], 'QW5vdGhlcg=='] },
    ],
  };
  expect(await outcome({ x5c: [chain[0], 'QW5vdGhlcg=='] })).toEqual([]);
  expect(await outcome({ x5c: chain })).toEqual([]);
});
