/** What is looked into may be anybody's: whatever its bytes, it is explained, refused by its place, or not known. */
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, u32le } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { compareLogs } from './diff-logs.ts';
import { eventType } from './event-types.ts';
import { explainIma } from './explain-ima.ts';
import { explainLog } from './explain-log.ts';
import { explainTpm } from './explain-structures.ts';
import { forgeBoot, forgeTpm } from './forge.ts';
import { forgeLog } from './forge-log.ts';
import { forgeRecord, windowsBoot } from './forge-windows.ts';
import { parseLog } from './log.ts';

const tpm = forgeTpm({ at: new Date('2026-05-01T00:00:00Z') });
const boot = forgeBoot(windowsBoot());
const { attest, signature } = tpm.quote({ boot, extraData: new Uint8Array(32) });

/** Malformed is an answer, every other error is a defect. */
function calmly(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed);
  }
}

const files: readonly (readonly [string, Bytes])[] = [
  ['TPMS_ATTEST', attest],
  ['TPMT_SIGNATURE', signature],
  ['TPMT_PUBLIC', tpm.resident.area],
  ['a certificate', tpm.certificates.aik],
  ['a log', boot.log],
];

describe.each(files)('%s', (_, file) => {
  const explainAll = (input: Bytes): void => {
    calmly(() => explainTpm(input));
    calmly(() => explainLog(input));
    calmly(() => explainIma(input));
  };

  test('cut anywhere', () => {
    for (let length = 0; length < file.length; length += file.length > 2000 ? 7 : 1)
      explainAll(file.subarray(0, length));
  });

  test('any byte changed', () => {
    for (let at = 0; at < file.length; at += file.length > 2000 ? 5 : 1)
      for (const value of [0x00, 0x80, 0xff]) {
        const changed = file.slice();
        changed[at] = value;
        explainAll(changed);
      }
  });
});

test('records that nest without end are shown as bytes, in time linear in their size', () => {
  let nested: Bytes = new Uint8Array(0);
  for (let depth = 0; depth < 2000; depth++) nested = forgeRecord(0x4001_0002, nested);
  const { log } = forgeLog([{ pcr: 12, type: eventType.eventTag, data: nested }], ['sha256']);
  const found = explainLog(log);
  expect(found?.events[1]).toMatchObject({ pcr: 12, believed: 'data' });
  expect(found?.events[1]?.records).toBeUndefined();
  expect(compareLogs(parseLog(log), parseLog(log)).isEqual).toBe(true);
});

test('a signature list that says it has more entries than bytes', () => {
  const many = concat(new Uint8Array(16), ...[0xffff_ffff, 0, 16].map((one) => encode(u32le, one)));
  const { log } = forgeLog([{ pcr: 7, type: eventType.efiVariableDriverConfig, data: many }], ['sha256']);
  expect(explainLog(log)?.events[1]?.meaning).toBeUndefined();
});
