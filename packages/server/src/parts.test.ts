import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttestError, generateKey, intelRoot, publicSpki, toPem, type Vouched } from '@assay/core';
import { expect, test } from 'vitest';
import { anchorsInForce, readRoots } from './anchors.ts';
import { insecureSettings } from './insecure.ts';
import { remembering, weigh } from './memo.ts';
import { randomness } from './random.ts';
import { spending } from './spent.ts';
import { wireErrorOf } from './wire-errors.ts';

const vouched = <T>(value: T): Vouched<T> => ({
  value,
  from: 0,
  until: 1,
  window: '',
  shown: { title: 't', entries: [] },
});

test('what was proven is remembered, failures are not, and the least used is forgotten', () => {
  const seen: boolean[] = [];
  const memo = remembering(2, 1_000_000, (hit) => seen.push(hit));
  let made = 0;
  const make = () => vouched(++made);
  expect([memo('a', make).value, memo('a', make).value]).toEqual([1, 1]);
  expect(() =>
    memo('b', () => {
      throw new AttestError('EvidenceRefused', 'no');
    }),
  ).toThrow('no');
  expect(memo('b', make).value).toBe(2);
  memo('a', make);
  memo('c', make);
  expect(memo('a', make).value).toBe(1);
  expect(memo('b', make).value).toBe(4);
  expect(seen.filter(Boolean)).toHaveLength(3);
});

test('what is larger than the memory is not remembered; a memory of nothing remembers nothing', () => {
  const small = remembering(10, 10_000, () => {});
  let made = 0;
  const make = () => vouched([new Uint8Array(20_000), ++made] as const);
  small('a', make);
  small('a', make);
  expect(made).toBe(2);
  const none = remembering(0, 1, () => {});
  none('a', make);
  none('a', make);
  expect(made).toBe(4);
});

test('weighing counts views by the buffer they keep, shared parts once, and ends on circles', () => {
  const buffer = new Uint8Array(100_000);
  expect(weigh(buffer.subarray(0, 1))).toBeGreaterThanOrEqual(100_000);
  expect(weigh([buffer, buffer.subarray(5)])).toBeLessThan(110_000);
  expect(weigh(new Map([['k'.repeat(500), new Set(['v'.repeat(500)])]]))).toBeGreaterThanOrEqual(2000);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(weigh(circle)).toBeLessThan(1000);
});

test('a context is spent once, not after its end, and never forgotten to make room', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-spent-'));
  const spend = spending(folder, 1);
  const at = (seconds: number) => new Date(seconds * 1000);
  const key = (byte: number) => Uint8Array.of(byte);
  expect(await spend(key(1), at(10), at(0))).toBe(true);
  expect(await spend(key(1), at(10), at(1))).toBe(false);
  expect(await spend(key(2), at(1), at(1))).toBe(false);
  expect(await spend(key(3), at(10), at(2))).toBe(false);
  // Another process on the same folder has room of its own, and knows what was spent.
  const other = spending(folder, 1);
  expect(await other(key(1), at(10), at(3))).toBe(false);
  expect(await other(key(2), at(10), at(3))).toBe(true);
  // What has ended makes room.
  expect(await spend(key(4), at(1300), at(1200))).toBe(true);
  expect(readdirSync(folder)).toEqual(['2']);
  rmSync(folder, { recursive: true });
});

test('P10: of many requests at once on one context one succeeds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-spent-'));
  const processes = Array.from({ length: 4 }, () => spending(folder, 100));
  const tries = Array.from({ length: 40 }, (_, i) => processes[i % 4]?.(Uint8Array.of(7), new Date(1000), new Date(0)));
  expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(1);
  rmSync(folder, { recursive: true });
});

test('T13: without the loud setting the vendors’ roots are alone in force', () => {
  const anchors = anchorsInForce({ development: insecureSettings({ anchors: [], plainHttp: false }).anchors });
  expect(anchors.of('intel')).toEqual([intelRoot]);
  expect(anchors.of('constructor')).toEqual([]);
  expect(anchors.of('unknown')).toEqual([]);
});

test('T13: development roots are believed only where they are named, and change the id of what is in force', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-anchors-'));
  const path = join(folder, 'root.pem');
  const spki = publicSpki(generateKey('P-256'));
  writeFileSync(path, toPem('PUBLIC KEY', spki));
  const insecure = insecureSettings({ anchors: [path], plainHttp: false });
  expect(insecure.names).toEqual(['development-anchors']);
  const anchors = anchorsInForce({ development: insecure.anchors });
  expect(anchors.of('intel')).toEqual([intelRoot, spki]);
  expect(anchors.of('unknown')).toEqual([]);
  expect(anchors.id).not.toBe(anchorsInForce().id);
  writeFileSync(path, 'nothing');
  expect(() => readRoots(path)).toThrow(/neither a certificate nor a public key/);
  expect(() => readRoots(join(folder, 'absent'))).toThrow(/cannot be read/);
  rmSync(folder, { recursive: true, force: true });
});

test('a pinned time that is none is refused', () => {
  expect(() => insecureSettings({ anchors: [], plainHttp: false, appraisalTime: '2024-99-99T00:00:00Z' })).toThrow(
    /which is no time/,
  );
});

test.each([
  [undefined, 500, 'InternalServerError'],
  [new Error('secret'), 500, 'InternalServerError'],
  [{ code: 'constructor', statusCode: 400 }, 500, 'InternalServerError'],
  [Object.assign(new Error('x'), { code: 'FST_ERR_CTP_BODY_TOO_LARGE' }), 413, 'PayloadTooLarge'],
  [Object.assign(new Error('x'), { code: 'FST_ERR_ANYTHING', statusCode: 400 }), 400, 'InvalidParameter'],
  [Object.assign(new Error('x'), { code: 'FST_ERR_ANYTHING', statusCode: 500 }), 500, 'InternalServerError'],
  [new AttestError('OperationInvalid', 'said'), 400, 'InvalidOperation'],
])('the failure %o is told as %i %s', (failure, status, wire) => {
  const error = wireErrorOf(failure, true);
  expect([error.status, error.wire]).toEqual([status, wire]);
  expect(error.message).not.toContain('secret');
});

test('randomness is never handed out twice, whatever the lengths', () => {
  const random = randomness();
  const seen = new Set<string>();
  const lengths = [...new Array(600).fill(16), 4095, 16, 4096, 5000, 32, 1, 4096];
  for (const length of lengths) {
    const drawn = random(length);
    expect(drawn.length).toBe(length);
    if (length < 16) continue;
    expect(drawn.some((byte) => byte !== 0)).toBe(true);
    seen.add(Buffer.from(drawn.subarray(0, 16)).toString('hex'));
  }
  expect(seen.size).toBe(lengths.length - 1);
});
