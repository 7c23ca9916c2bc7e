import { expect, test } from 'vitest';
import { clientLimit, gate } from './limits.ts';
import { attesting, fakeType, quoteOf, testbed } from './testbed.test.helper.ts';

test('a gate lets so many in, and another when one leaves, once', () => {
  const { look, enter } = gate(2, 0, () => 0);
  const leave = enter();
  enter();
  expect(enter).toThrow(/Try again/);
  expect(look).toThrow(/Try again/);
  leave();
  leave();
  look();
  enter();
  expect(enter).toThrow(/Try again/);
});

test('a gate is shut while the process is late', () => {
  let late = 5;
  const { enter } = gate(2, 10, () => late);
  enter();
  late = 11;
  expect(enter).toThrow(/late/);
});

test('T38: a client has a burst, then so many a second; others are not concerned', () => {
  let now = 0;
  const ask = clientLimit(2, () => now);
  for (let i = 0; i < 20; i++) ask('a');
  expect(() => ask('a')).toThrow(/more often/);
  ask('b');
  now = 500;
  ask('a');
  expect(() => ask('a')).toThrow(/more often/);
});

test('T38: too many at a time: 503, and the rest are served', async () => {
  let release = (): void => {};
  const wait = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = { collateral: () => wait.then(() => new Map()), certificates: async () => [] };
  const bed = await testbed({ types: [fakeType()], collateral: slow, flags: { 'limits-in-flight': '1' } });
  const first = bed.app.inject(attesting({ quote: quoteOf(0) }));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const second = await bed.app.inject(attesting({ quote: quoteOf(0) }));
  expect(second.statusCode).toBe(503);
  expect(second.headers['retry-after']).toBe('1');
  expect(second.json().error.code).toBe('ServiceUnavailable');
  expect((await bed.app.inject('/healthz')).statusCode).toBe(200);
  release();
  expect((await first).statusCode).toBe(200);
  expect((await bed.app.inject(attesting({ quote: quoteOf(0) }))).statusCode).toBe(200);
  await bed.close();
});

test('T38: a client that asks too often: 429, and when to ask again', async () => {
  const bed = await testbed({ flags: { 'limits-client-requests-per-second': '0.1' } });
  expect((await bed.app.inject(attesting({ quote: quoteOf(0) }))).statusCode).toBe(200);
  const refused = await bed.app.inject(attesting({ quote: quoteOf(0) }));
  expect(refused.statusCode).toBe(429);
  expect(refused.headers['retry-after']).toBeDefined();
  expect(refused.json().error.code).toBe('TooManyRequests');
  await bed.close();
});
