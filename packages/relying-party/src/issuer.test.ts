import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FakeIssuer, type FakeKey, fakeIssuer, fakeKey } from './fake.test.support.ts';
import type { Fetch } from './http.ts';
import { type CacheOptions, issuerKeys } from './issuer.ts';
import { KeysUnavailable } from './problem.ts';

let keys: readonly FakeKey[];
beforeAll(async () => {
  keys = await Promise.all([fakeKey('a', 'ES256'), fakeKey('b', 'ES256')]);
});
let fake: FakeIssuer | undefined;
afterEach(() => fake?.close());

async function open(cache: CacheOptions = {}, more: { timeoutMs?: number; fetch?: Fetch } = {}) {
  const issuer = await fakeIssuer(...keys.slice(0, 1));
  fake = issuer;
  const time = { now: 5_000_000 };
  const options = { issuer: issuer.issuer, fetch: globalThis.fetch as Fetch, timeoutMs: 2_000, ...more };
  const ask = issuerKeys({ ...options, cache, clock: () => time.now });
  return { issuer, time, ask, found: async (kid: string) => (await ask(kid)).length };
}
const rotated = () => ({ keys: keys.map((key) => key.entry) });

describe('keys are kept', () => {
  test('for ten minutes, then asked for again', async () => {
    const { issuer, time, found } = await open();
    expect([await found('a'), await found('a')]).toEqual([1, 1]);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/certs']);
    time.now += 599_999;
    await found('a');
    expect(issuer.asked.length).toBe(2);
    time.now += 1;
    await found('a');
    expect(issuer.asked.length).toBe(4);
  });

  test('a key that the issuer withdrew is gone after that', async () => {
    const { issuer, time, found } = await open();
    expect(await found('a')).toBe(1);
    issuer.publish.keys = { keys: [] };
    time.now += 600_000;
    expect(await found('a')).toBe(0);
  });

  test('who ask at the same time share one fetch', async () => {
    const { issuer, found } = await open();
    await Promise.all(Array.from({ length: 20 }, () => found('a')));
    expect(issuer.asked.length).toBe(2);
  });
});

describe('an unknown key id', () => {
  test('makes the keys be asked for again, but only after the cool-down', async () => {
    const { issuer, time, found } = await open();
    await found('a');
    issuer.publish.keys = rotated();
    time.now += 29_999;
    expect(await found('b')).toBe(0);
    expect(issuer.asked.length).toBe(2);
    time.now += 1;
    expect(await found('b')).toBe(1);
    expect(issuer.asked.length).toBe(4);
  });

  test('cannot make the issuer be asked more often while it is down', async () => {
    const { issuer, time, found } = await open();
    await found('a');
    issuer.publish.metadata = 500;
    time.now += 30_000;
    await expect(found('x')).rejects.toBeInstanceOf(KeysUnavailable);
    expect(await found('y')).toBe(0);
    expect(await found('a')).toBe(1);
    expect(issuer.asked.length).toBe(3);
  });
});

describe('nothing is believed', () => {
  test.each<[string, (issuer: FakeIssuer) => void, RegExp]>([
    [
      'metadata of another issuer',
      (i) => Object.assign(i.publish, { metadata: { issuer: 'https://x', jwks_uri: `${i.issuer}/certs` } }),
      /metadata of "https:\/\/x"/,
    ],
    [
      'metadata without an issuer',
      (i) => Object.assign(i.publish, { metadata: { jwks_uri: `${i.issuer}/certs` } }),
      /metadata of undefined/,
    ],
    [
      'keys at another host',
      (i) => Object.assign(i.publish, { metadata: { issuer: i.issuer, jwks_uri: 'http://127.0.0.1:1/certs' } }),
      /jwks_uri/,
    ],
    ['keys at no address', (i) => Object.assign(i.publish, { metadata: { issuer: i.issuer } }), /jwks_uri/],
    ['a redirect', (i) => Object.assign(i.publish, { metadata: 302 }), /answered 302/],
    ['an error', (i) => Object.assign(i.publish, { keys: 503 }), /answered 503/],
    ['no JSON', (i) => Object.assign(i.publish, { keys: '<html>' }), /not JSON/],
    ['keys twice', (i) => Object.assign(i.publish, { keys: '{"keys":[],"keys":[]}' }), /«keys» twice/],
    ['no list', (i) => Object.assign(i.publish, { keys: { keys: 5 } }), /list of at most/],
    [
      'too many keys',
      (i) => Object.assign(i.publish, { keys: { keys: Array.from({ length: 300 }, () => ({})) } }),
      /at most 256/,
    ],
    ['an endless answer', (i) => Object.assign(i.publish, { keys: ' '.repeat(1024 * 1024 + 1) }), /longer than/],
  ])('of %s', async (_, change, message) => {
    const { issuer, found } = await open();
    change(issuer);
    const error = await found('a').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KeysUnavailable);
    expect(String(error)).toMatch(message);
  });

  test('of an issuer that is not there, or does not answer', async () => {
    const { issuer, ask } = await open();
    await issuer.close();
    fake = undefined;
    await expect(ask('a')).rejects.toThrow(/ECONNREFUSED/);
    const silent = await open(
      {},
      {
        timeoutMs: 20,
        fetch: (_, { signal }) =>
          new Promise((__, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      },
    );
    await expect(silent.ask('a')).rejects.toBeInstanceOf(KeysUnavailable);
  });

  test('of entries that are of no use, without harm to the others', async () => {
    const { issuer, ask } = await open();
    const use = { ...keys[0]?.entry, use: 'enc' };
    const junk = { kid: 'a', x5c: ['AAAA'] };
    issuer.publish.keys = {
      keys: [5, null, {}, { kid: 7 }, use, junk, { kid: 'a', kty: 'oct', k: 'AAAA' }, keys[0]?.entry],
    };
    const fit = await Promise.all((await ask('a')).map((key) => key.for('ES256')));
    expect(fit.filter((key) => key !== undefined).length).toBe(1);
    const other = await Promise.all((await ask('a')).map((key) => key.for('RS256')));
    expect(other.filter((key) => key !== undefined)).toEqual([]);
  });
});
