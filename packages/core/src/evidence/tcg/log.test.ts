import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, type Field, utf8 } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithm } from './algorithms.ts';
import { eventType } from './event-types.ts';
import { event, logBytes, logOf, none, separator } from './log.test.support.ts';
import { agileRecord, type EventDigest, LegacyRecord, logLimits, parseLog, SpecId, signature03 } from './log.ts';

const record = agileRecord(new Map([[algorithm.sha256 as number, 32]]));
const header = logBytes([]);
const sha256 = (fill: number): EventDigest => ({ algorithm: algorithm.sha256, digest: new Uint8Array(32).fill(fill) });
const one = (pcr: number, type: number, digests: readonly EventDigest[], data: Bytes = none): Bytes =>
  concat(header, encode(record, { pcr, type, digests, data }));
const legacy = (pcr: number, type: number, data: Bytes | string): Bytes =>
  encode(LegacyRecord, {
    pcr,
    type,
    digest: new Uint8Array(20).fill(5),
    data: typeof data === 'string' ? utf8(data) : data,
  });

function problem(input: Bytes, kind: 'tcg' | 'ccel' = 'tcg'): string {
  try {
    parseLog(input, kind);
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
  return expect.fail('was read');
}

describe('what reads', () => {
  test('a crypto-agile log: the header is event 0', () => {
    const log = logOf([separator(7), event(4, eventType.efiAction, 'abc')], ['sha1', 'sha256']);
    expect(log).toMatchObject({
      format: 'agile',
      algorithms: [algorithm.sha1, algorithm.sha256],
      specification: { version: '2.0.0', platformClass: 0 },
      padding: 0,
    });
    expect(log.events.map(({ seq, pcr, claimedType }) => [seq, pcr, claimedType])).toEqual([
      [0, 0, eventType.noAction],
      [1, 7, eventType.separator],
      [2, 4, eventType.efiAction],
    ]);
    expect(log.events.map(({ digests }) => digests.length)).toEqual([1, 2, 2]);
    expect(log.events[2]?.claimedData).toEqual(utf8('abc'));
  });
  test('a legacy log, with a header of its own kind or none', () => {
    for (const first of [
      legacy(0, 3, 'Spec ID Event00\0…'),
      legacy(0, 3, 'StartupLocality\0\x03'),
      legacy(0, 8, 'v1'),
    ]) {
      const log = parseLog(concat(first, legacy(1, 1, 'x')));
      expect([log.format, log.events.length, log.algorithms]).toEqual(['legacy', 2, [algorithm.sha1]]);
    }
  });
  test('events that are not measured may be short, and stand in PCRs that do not exist (quirk F17)', () => {
    expect(logOf([event(0xffff_ffff, eventType.noAction, 'x')]).events).toHaveLength(2);
  });
  test('digests in another order, fewer than the header names, or of an unknown hash (quirk F10)', () => {
    const table = [algorithm.sha1, algorithm.sm3, 0x7777].map((id) => ({
      algorithm: id,
      size: id === algorithm.sha1 ? 20 : 32,
    }));
    const spec = {
      signature: signature03,
      platformClass: 0,
      minor: 0,
      major: 2,
      errata: 0,
      uintnSize: 2,
      algorithms: table,
      vendorInfo: utf8('v'),
    };
    const first = encode(LegacyRecord, { pcr: 0, type: 3, digest: new Uint8Array(20), data: encode(SpecId, spec) });
    const layout = agileRecord(new Map(table.map(({ algorithm: id, size }) => [id, size])));
    const digests = [0x7777, algorithm.sha1].map((id) => ({
      algorithm: id,
      digest: new Uint8Array(id === 0x7777 ? 32 : 20),
    }));
    const log = parseLog(concat(first, encode(layout, { pcr: 1, type: 1, digests, data: none })));
    expect(log.events[1]?.digests).toEqual(digests);
  });
  test.each([0, 0xff])('padding of %i to the end', (fill) => {
    const log = logBytes([separator(7)]);
    const padded = concat(log, new Uint8Array(1000).fill(fill));
    expect(parseLog(padded)).toMatchObject({ padding: 1000, events: { length: 2 } });
  });
  test('the trace names every field with its place in the log', () => {
    const trace: Field[] = [];
    parseLog(logBytes([separator(7)]), 'tcg', trace);
    expect(trace.map(({ path }) => path)).toContain('event.1.digests.0.digest');
    expect(trace.at(-1)).toMatchObject({ path: 'event.1.data', length: 8 });
  });
});

describe('what is refused', () => {
  test.each<[string, Bytes, string]>([
    ['nothing', none, 'holds no event'],
    ['padding alone', new Uint8Array(100), 'holds no event'],
    ['a PCR that does not exist', one(24, 1, [sha256(1)]), 'event.1.pcr at byte 65: is 24, which does not exist'],
    ['no PCR', one(0xffff_ffff, 1, [sha256(1)]), 'is 4294967295'],
    ['one algorithm twice', one(0, 1, [sha256(1), sha256(2)]), 'event.1.digests at byte 73: have one algorithm twice'],
    [
      'padding of two kinds',
      concat(logBytes([separator(7)]), Uint8Array.of(0, 0, 0xff)),
      'is neither all 00 nor all FF',
    ],
    ['something after padding', concat(logBytes([separator(7)]), new Uint8Array(16), Uint8Array.of(1)), 'event.3.pcr'],
  ])('%s', (_what, input, message) => {
    expect(problem(input)).toContain(message);
  });
  test('a digest whose algorithm the header does not name', () => {
    const input = one(0, 1, [sha256(1)]);
    input[header.length + 12] = 0x0c;
    expect(problem(input)).toBe('event.1.digests.0.digest at byte 79: algorithm 12 is not known (known: 11)');
  });
  test('T36: P7: counts and sizes beyond the limits, before anything is made for them', () => {
    const counted = one(0, 1, [sha256(1)]);
    new DataView(counted.buffer).setUint32(header.length + 8, 17, true);
    expect(problem(counted)).toContain('17 items, at most 16');
    new DataView(counted.buffer).setUint32(header.length + 8, 1, true);
    new DataView(counted.buffer).setUint32(counted.length - 4, 0xffff_ffff, true);
    expect(problem(counted)).toContain('need 4294967295 bytes, 0 left');
    expect(problem(one(0, 1, [sha256(1)], new Uint8Array(logLimits.data + 1).fill(1)))).toContain('at most 1048576');
  });
  test('T34: more events than any boot has', () => {
    const small = encode(record, { pcr: 1, type: 1, digests: [sha256(1)], data: none });
    const many = new Uint8Array(header.length + small.length * logLimits.events);
    many.set(header);
    for (let at = header.length; at < many.length; at += small.length) many.set(small, at);
    expect(problem(many)).toContain('more than 20000 events');
    expect(parseLog(many.subarray(0, many.length - small.length)).events).toHaveLength(20_000);
  });
  test.each([
    ['twice', [11, 32, 11, 32], 'name sha256 twice'],
    ['with a wrong size', [11, 20], 'give sha256 20 bytes'],
    ['with no size', [0x7777, 0], 'give 0x7777 0 bytes'],
    ['with a size that no hash has', [0x7777, 65], 'give 0x7777 65 bytes'],
  ])('a header with an algorithm %s', (_what, numbers, message) => {
    const algorithms = Array.from({ length: numbers.length / 2 }, (_, i) => ({
      algorithm: numbers[2 * i] as number,
      size: numbers[2 * i + 1] as number,
    }));
    const spec = {
      signature: signature03,
      platformClass: 0,
      minor: 0,
      major: 2,
      errata: 0,
      uintnSize: 2,
      algorithms,
      vendorInfo: none,
    };
    expect(
      problem(encode(LegacyRecord, { pcr: 0, type: 3, digest: new Uint8Array(20), data: encode(SpecId, spec) })),
    ).toContain(message);
  });
  test('a header that is cut names the byte of the log', () => {
    const short = encode(LegacyRecord, {
      pcr: 0,
      type: 3,
      digest: new Uint8Array(20),
      data: concat(signature03, new Uint8Array(3)),
    });
    expect(problem(short)).toBe('event.0.data.platformClass at byte 48: need 4 bytes, 3 left');
  });
  test('T22: a measurement register that does not exist', () => {
    expect(parseLog(one(4, 1, [sha256(1)]), 'ccel').events).toHaveLength(2);
    expect(problem(one(5, 1, [sha256(1)]), 'ccel')).toContain('is 5, which does not exist');
  });
});
