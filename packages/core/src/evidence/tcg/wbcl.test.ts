import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, rest, sized, struct, u16le, u32le, u64le, utf8 } from '../../bytes/index.ts';
import { formatJson } from '../../json/index.ts';
import { wide } from './log.test.support.ts';
import { parseRecords, recordNumber, recordsOf } from './wbcl.ts';
import { recordId, recordName, recordsJson, whole } from './wbcl-json.ts';

const Record = struct({ id: u32le, data: sized(u32le, rest) });
const record = (id: number, ...data: readonly Bytes[]): Bytes => encode(Record, { id, data: concat(...data) });
const boundary = (...records: readonly Bytes[]): Bytes => record(recordId.trustBoundary, ...records);
const json = (...records: readonly Bytes[]): string =>
  formatJson(recordsJson(parseRecords(concat(...records))), { sorted: true });
const flag = (value: number): Bytes => Uint8Array.of(value);
const u32 = (value: number): Bytes => encode(u32le, value);

describe('records', () => {
  test('containers hold records again', () => {
    const inner = record(0x0004_0001, flag(0));
    const [outer] = parseRecords(boundary(record(0x4001_0003, inner), inner));
    expect(outer?.inside?.map(({ id }) => id)).toEqual([0x4001_0003, 0x0004_0001]);
    expect(recordsOf(outer ? [outer] : [], 0x0004_0001)).toHaveLength(2);
    expect(parseRecords(new Uint8Array(0))).toEqual([]);
  });
  test('T35: nesting has an end, however deep it is', () => {
    const nested = (depth: number, id: number): Bytes => {
      // Each level is eight bytes around the next one.
      const out = new Uint8Array(8 * depth);
      for (let level = 0; level < depth; level++) {
        new DataView(out.buffer).setUint32(8 * level, id, true);
        new DataView(out.buffer).setUint32(8 * level + 4, 8 * (depth - level - 1), true);
      }
      return out;
    };
    expect(parseRecords(nested(4, 0x4001_0002))).toHaveLength(1);
    expect(() => parseRecords(nested(5, 0x4001_0002))).toThrow('data at byte 32: nests deeper than 4 levels');
    expect(() => parseRecords(nested(10_000, 0x4001_0002))).toThrow('nests deeper than 4 levels');
    expect(() => parseRecords(nested(10_000, 0xc001_0004))).toThrow('nests deeper than 4 levels');
  });
  test('T36: P7: a record longer than what holds it', () => {
    const long = boundary(record(0x0004_0001, flag(0)));
    new DataView(long.buffer).setUint32(12, 0xffff_ffff, true);
    expect(() => parseRecords(long, 'event.7.data')).toThrow(
      'event.7.data.data at byte 16: need 4294967295 bytes, 1 left',
    );
    expect(() => parseRecords(Uint8Array.of(1, 0, 0))).toThrow('data.id at byte 0: need 4 bytes, 3 left');
  });
  test('numbers of any width', () => {
    expect(recordNumber(Uint8Array.of(1, 2))).toBe(0x201n);
    expect(recordNumber(new Uint8Array(8).fill(0xff))).toBe(2n ** 64n - 1n);
    expect([whole(5n), whole(2n ** 53n)]).toEqual([5, 2n ** 53n]);
  });
});

describe('as JSON', () => {
  test('one form for each kind', () => {
    expect(
      json(
        boundary(
          record(0x0004_0001, flag(1)),
          record(recordId.bootCounter, encode(u64le, 2n ** 60n)),
          record(0x0002_0009, u32(7)),
          record(recordId.transferControl, u32(5)),
          record(0x0005_0009, wide('\\WINDOWS\0')),
          record(0x0006_0002, utf8('key')),
        ),
      ),
    ).toBe(
      '{"EVENT_TRUSTBOUNDARY":{"EVENT_APPLICATION_SVN":7,"EVENT_AUTHORITYPUBKEY":["a2V5"],"EVENT_BOOTCOUNTER":1152921504606846976,"EVENT_BOOTDEBUGGING":true,"EVENT_SYSTEMROOT":"\\\\WINDOWS","EVENT_TRANSFER_CONTROL":{"String":"SiBootHypervisor","Value":5}}}',
    );
  });
  test('numbers whose names were never seen are shown alone', () => {
    expect(json(record(recordId.transferControl, u32(2)))).toBe('{"EVENT_TRANSFER_CONTROL":{"Value":2}}');
    expect(json(record(0x0005_0004, u32(1)))).toBe('{"EVENT_DATAEXECUTIONPREVENTION":{"Value":1}}');
    expect(json(record(0x000c_0002, u32(3)), record(0x000c_0001, flag(1)))).toBe(
      '{"EVENT_DRTM_SMM":{"Value":3},"EVENT_DRTM_STATE_AUTH":{"SignatureValid":true}}',
    );
  });
  test('lists are lists with one element already', () => {
    const module = record(0x4001_0003, record(0x0007_0002, encode(u64le, 4096n)));
    expect(json(module)).toBe('{"EVENT_LOADEDMODULE_AGGREGATION":[{"EVENT_IMAGESIZE":4096}]}');
    expect(json(module, module)).toContain('[{"EVENT_IMAGESIZE":4096},{"EVENT_IMAGESIZE":4096}]');
  });
  test('structures with lengths in front', () => {
    const Policy = struct({ version: u64le, nameBytes: u16le, hash: u16le, digestBytes: u32le, rest });
    const policy = (digestBytes: number): Bytes =>
      record(
        0x0005_000f,
        encode(Policy, { version: 2n, nameBytes: 6, hash: 11, digestBytes, rest: concat(wide('P7\0'), utf8('dig')) }),
      );
    expect(json(policy(3))).toContain('"HashAlgId":"SHA256","PolicyName":"P7","PolicyVersion":2');
    expect(() => json(policy(4))).toThrow('digest at byte 22: need 4 bytes, 3 left');
    expect(() => json(policy(2))).toThrow('1 bytes left over');
  });
  test('unknown records are left out', () => {
    expect(json(boundary(record(0x0005_0007, encode(u64le, 1n)), record(0x1234, flag(1))))).toBe(
      '{"EVENT_TRUSTBOUNDARY":{}}',
    );
    expect([recordName(0x1234), recordName(recordId.idks)]).toEqual([undefined, 'VSM_IDKS_INFO']);
  });
  test('T16: what is there twice, or has another size than its kind, gives no meaning', () => {
    const debugging = record(0x0004_0001, flag(0));
    expect(() => json(debugging, debugging)).toThrow('EVENT_BOOTDEBUGGING: is there twice');
    expect(() => json(record(0x0004_0001, u32(0)))).toThrow('is a boolean of 4 bytes');
    expect(() => json(record(0x0002_0009, new Uint8Array(3)))).toThrow('is a number of 3 bytes, expected 1, 4 or 8');
  });
});
