import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, rest, sized, struct, u32le, u64le, utf8 } from '../../bytes/index.ts';
import { digest, generateKey, sha256, signData } from '../../crypto/index.ts';
import { algorithm } from './algorithms.ts';
import { attestType, generated, Quote } from './attest.ts';
import { eventType } from './event-types.ts';
import { event, logOf, separator, type TestEvent, wide } from './log.test.support.ts';
import { replay } from './replay.ts';
import { selectionOf } from './selection.ts';
import { isTrustPointReached, trustPoints } from './trust-point.ts';
import { signatureProblem } from './verify-signature.ts';
import { recordId } from './wbcl-json.ts';
import { isWindowsClosed, windowsOf } from './windows.ts';

const Record = struct({ id: u32le, data: sized(u32le, rest) });
const record = (id: number, ...data: readonly Bytes[]): Bytes => encode(Record, { id, data: concat(...data) });
const flag = (id: number, value: boolean): Bytes => record(id, Uint8Array.of(value ? 1 : 0));
const [debugging, safeMode, winPe, vsm, iommu, enforced] = [0x40001, 0x50005, 0x50006, 0xa0001, 0xa0003, 0xa0006];
const tagged = (pcr: number, ...records: readonly Bytes[]): TestEvent =>
  event(pcr, eventType.eventTag, record(recordId.trustBoundary, ...records));
const closed = (pcr: number): TestEvent => separator(pcr, 'WBCL');

const all = new Set([11, 12, 13, 14, 19, 20]);
const windows = (events: readonly TestEvent[], mode: 'strict' | 'maa' = 'strict', pcrs: ReadonlySet<number> = all) =>
  windowsOf(replay('sha256', logOf(events)), { pcrs, mode });
const good = [
  tagged(
    12,
    flag(debugging, false),
    flag(vsm, true),
    flag(iommu, true),
    flag(enforced, true),
    record(recordId.bootCounter, encode(u64le, 7n)),
    record(recordId.transferControl, encode(u32le, 1)),
    record(recordId.idks, utf8('key')),
  ),
  tagged(13, flag(debugging, false)),
  closed(12),
  closed(13),
];

describe('facts of Windows', () => {
  test('of a good boot', () => {
    expect(windows(good)).toEqual({
      iommuEnabled: true,
      bootDebuggingDisabled: true,
      notSafeMode: true,
      notWinPE: true,
      vbsEnabled: true,
      bootCounter: 7n,
      counterId: undefined,
      transfers: [1n],
      reportKey: utf8('key'),
    });
  });
  test.each([
    ['debugging', debugging, true, 'bootDebuggingDisabled'],
    ['safe mode', safeMode, true, 'notSafeMode'],
    ['Windows PE', winPe, true, 'notWinPE'],
    ['no secure mode', vsm, false, 'vbsEnabled'],
    ['no enforcement', enforced, false, 'vbsEnabled'],
    ['no DMA remapping', iommu, false, 'iommuEnabled'],
  ] as const)('one record is enough: %s', (_what, id, value, fact) => {
    for (const mode of ['strict', 'maa'] as const)
      expect(windows([tagged(12, flag(id, value)), ...good], mode)[fact]).toBe(false);
  });
  test('secure mode counts in PCR 12 and 19 alone, and records only within a trust boundary', () => {
    expect(windows([closed(12), tagged(13, flag(vsm, true), flag(enforced, true)), closed(13)]).vbsEnabled).toBe(false);
    expect(windows([event(12, eventType.eventTag, flag(debugging, false))]).bootDebuggingDisabled).toBe(false);
  });
  test('T16: a log without Windows’ events proves nothing, read strictly', () => {
    const nothing = { iommuEnabled: false, bootDebuggingDisabled: false, vbsEnabled: false };
    expect(windows([])).toMatchObject({ ...nothing, notSafeMode: false, notWinPE: false });
    expect(windows([], 'maa')).toMatchObject({ ...nothing, notSafeMode: true, notWinPE: true });
    for (const cut of [good.slice(0, 3), good.slice(1), [...good, tagged(13, flag(debugging, false))]])
      expect(windows(cut)).toMatchObject({ notSafeMode: false, notWinPE: false });
    expect(windows(good, 'strict', new Set([12]))).toMatchObject({ notSafeMode: false });
  });
  test('T16: nothing, where something stands behind Windows’ separator, whatever that is called', () => {
    const rest = { iommuEnabled: false, bootDebuggingDisabled: false, vbsEnabled: false, reportKey: undefined };
    const all = { ...rest, notSafeMode: false, notWinPE: false, transfers: [], bootCounter: undefined };
    const hidden = good.map((one) =>
      one.type === eventType.separator && one.pcr === 12 ? event(12, eventType.ipl, 'x', 'WBCL') : one,
    );
    // Whoever closes a PCR before Windows does puts words into its mouth, and whoever opens it again.
    for (const events of [
      [closed(12), closed(13), ...good],
      [closed(12), ...good.slice(0, 1), closed(12), closed(13)],
      [closed(13), ...good],
      [...hidden, ...good.slice(0, 1), closed(12)],
    ])
      expect(windows(events)).toMatchObject(all);
    // Read as Azure does, all of it counts.
    expect(windows([...good, tagged(12, flag(vsm, true))], 'maa').vbsEnabled).toBe(true);
  });
  test('T16: records that their digest does not prove', () => {
    const [first, ...others] = good as [TestEvent, ...TestEvent[]];
    const lie = { ...first, measured: utf8('something else') };
    expect(windows([lie, ...others])).toMatchObject({
      vbsEnabled: false,
      iommuEnabled: false,
      bootCounter: undefined,
      reportKey: undefined,
    });
    expect(windows([lie, ...others], 'maa')).toMatchObject({ vbsEnabled: true });
  });
  test('counters and keys that are there twice must be the same', () => {
    const again = (value: bigint): TestEvent => tagged(13, record(recordId.bootCounter, encode(u64le, value)));
    expect(windows([again(7n), ...good]).bootCounter).toBe(7n);
    expect(windows([again(8n), ...good]).bootCounter).toBeUndefined();
    expect(windows([tagged(13, record(recordId.idks, utf8('other'))), ...good]).reportKey).toBeUndefined();
  });
  test('T35: records without end are refused', () => {
    let bomb = record(0x4001_0002);
    for (let i = 0; i < 9; i++) bomb = record(0x4001_0002, bomb);
    expect(() => windows([event(12, eventType.eventTag, bomb)])).toThrow('nests deeper');
  });
  test('a PCR is closed by Windows’ separator, as its last event', () => {
    const isClosed = (events: readonly TestEvent[]): boolean => isWindowsClosed(replay('sha256', logOf(events)), 13);
    expect(isClosed(good)).toBe(true);
    expect(isClosed([closed(13)])).toBe(false);
    expect(isClosed([tagged(13, flag(debugging, false)), separator(13)])).toBe(false);
    expect(isClosed([tagged(13, flag(debugging, false)), { ...closed(13), measured: utf8('x') }])).toBe(false);
  });
});

describe('Windows’ own quotes', () => {
  const key = generateKey('RSA-2048');
  const log = logOf([separator(0)]);
  const final = replay('sha256', log).registers.get(0)?.values.at(-1) as Bytes;
  const quote = (values: Bytes): Bytes =>
    encode(Quote, {
      magic: generated,
      type: attestType.quote,
      qualifiedSigner: new Uint8Array(0),
      extraData: new Uint8Array(20),
      clockInfo: { clock: 0n, resetCount: 0, restartCount: 0, safe: 1 },
      firmwareVersion: 0n,
      attested: { selection: [selectionOf(algorithm.sha256, [0, 1])], pcrDigest: digest('sha1', values) },
    });
  const group = (attest: Bytes): Bytes =>
    record(
      0xc001_0004,
      record(0x8008_0003, wide('Windows AIK\0')),
      record(0x8008_0004, new Uint8Array(20)),
      record(0x8008_0001, attest),
      record(0x8008_0002, signData('rsa-pkcs1-sha1', key, attest)),
    );
  const attest = quote(concat(final, new Uint8Array(32)));
  const point = (data: Bytes) => trustPoints(logOf([separator(0), event(0xffff_ffff, eventType.noAction, data)]));

  test('are found, alone or nested, and verify', () => {
    const cases = [
      [group(attest), 1],
      [record(0xc001_0004, group(attest), group(attest)), 2],
    ] as const;
    for (const [data, count] of cases) {
      const points = point(data);
      const [first] = points;
      expect(points.length).toBe(count);
      expect(first).toMatchObject({ keyName: 'Windows AIK', attest });
      expect(first && signatureProblem(first.signature, key.public, first.attest)).toBeUndefined();
      expect(first && isTrustPointReached(first, replay('sha256', log))).toBe(true);
    }
  });
  test('must be reached by the log, in their bank', () => {
    const [other] = point(group(quote(sha256(final))));
    expect(other && isTrustPointReached(other, replay('sha256', log))).toBe(false);
    const [right] = point(group(attest));
    expect(right && isTrustPointReached(right, replay('sha1', log))).toBe(false);
  });
  test('a log without, and other records in their place', () => {
    expect(trustPoints(log)).toEqual([]);
    expect(point(record(0x1234, utf8('x')))).toEqual([]);
    expect(point(record(0xc001_0004, record(0x8008_0001, attest)))).toEqual([]);
    expect(() => point(record(0xc001_0004, record(0x8008_0001, utf8('x')), record(0x8008_0002)))).toThrow('magic');
  });
});
