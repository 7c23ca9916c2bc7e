import { describe, expect, test } from 'vitest';
import { type Bytes, concat, utf8 } from '../../bytes/index.ts';
import { digest, sha256 } from '../../crypto/index.ts';
import { eventType } from './event-types.ts';
import { event, logBytes, logOf, separator, type TestEvent } from './log.test.support.ts';
import { parseLog } from './log.ts';
import { banksOf, explain, extended, isReset, replay } from './replay.ts';

const zeros = new Uint8Array(32);
const extend = (start: Bytes, ...data: readonly string[]): Bytes =>
  data.reduce((value, text) => sha256(value, sha256(utf8(text))), start);
const told = (...events: readonly TestEvent[]) => replay('sha256', logOf(events));
const action = (pcr: number, text: string): TestEvent => event(pcr, eventType.efiAction, text);

describe('values', () => {
  test('each PCR by its own events, in order', () => {
    const { registers } = told(action(4, 'a'), action(5, 'b'), action(4, 'c'));
    expect(registers.get(4)?.values).toEqual([zeros, extend(zeros, 'a'), extend(zeros, 'a', 'c')]);
    expect(registers.get(5)?.values.at(-1)).toEqual(extend(zeros, 'b'));
    expect([...registers.keys()]).toEqual([4, 5]);
  });
  test('each bank alone', () => {
    const log = logOf([action(4, 'a')], ['sha1', 'sha384']);
    expect(banksOf(log)).toEqual(['sha1', 'sha384']);
    const value = (bank: 'sha1' | 'sha384') => replay(bank, log).registers.get(4)?.values.at(-1);
    expect(value('sha384')).toEqual(digest('sha384', new Uint8Array(48), digest('sha384', utf8('a'))));
    expect(value('sha1')?.length).toBe(20);
    expect(replay('sha256', log).registers.size).toBe(0);
  });
  test('what is not measured changes nothing, whatever digest it claims', () => {
    const log = logOf([action(4, 'a'), event(4, eventType.noAction, 'x')]);
    const [, , last] = log.events;
    const claimed = { ...last, digests: [{ algorithm: 11, digest: new Uint8Array(32).fill(1) }] };
    const events = [...log.events.slice(0, 2), claimed as (typeof log.events)[0]];
    expect(replay('sha256', { ...log, events }).registers.get(4)?.values).toHaveLength(2);
  });
  test('logs that follow one another go on where the one before ended', () => {
    const [first, second] = [logOf([action(4, 'a')]), logOf([action(4, 'b')])];
    expect(replay('sha256', first, second).registers.get(4)?.values.at(-1)).toEqual(extend(zeros, 'a', 'b'));
  });
  test('T22: registers of a confidential guest, without MRTD', () => {
    const log = parseLog(logBytes([action(0, 'm'), action(1, 'a')], ['sha384']), 'ccel');
    expect([...replay('sha384', log).registers.keys()]).toEqual([1]);
  });
});

describe('the locality of PCR 0', () => {
  const locality = (value: number): TestEvent =>
    event(0, eventType.noAction, concat(utf8('StartupLocality\0'), Uint8Array.of(value)));
  const start = (last: number): Bytes => Uint8Array.from(zeros, (_, i) => (i === 31 ? last : 0));
  test('is where PCR 0 starts', () => {
    for (const value of [0, 3, 4]) {
      const found = told(locality(value), action(0, 'a'), action(1, 'a'));
      expect(found.locality).toEqual({ value, shownBy: 'StartupLocality' });
      expect(found.registers.get(0)?.values.at(-1)).toEqual(extend(start(value), 'a'));
      expect(found.registers.get(1)?.values[0]).toEqual(zeros);
    }
  });
  test('is 4 where an H-CRTM is measured first, and only first', () => {
    const crtm = event(0, eventType.efiHcrtm, 'HCRTM');
    expect(told(crtm, action(0, 'a')).locality).toEqual({ value: 4, shownBy: 'H-CRTM' });
    expect(told(action(0, 'a'), crtm).locality).toEqual({ value: 0, shownBy: 'none' });
    expect(told(locality(3), crtm).locality.value).toBe(3);
  });
  test('counts before the first measurement, once, and only if it exists', () => {
    expect(told(action(0, 'a'), locality(3)).locality).toEqual({ value: 0, shownBy: 'none' });
    expect(() => told(locality(3), locality(3))).toThrow('event.2.data');
    expect(() => told(locality(3), locality(3))).toThrow('gives the startup locality a second time');
    expect(() => told(locality(2))).toThrow('gives the startup locality 2, expected 0, 3 or 4');
  });
});

describe('a quoted value', () => {
  const found = told(action(4, 'a'), action(4, 'b'), action(4, 'c'));
  test.each([
    ['all events', extend(zeros, 'a', 'b', 'c'), { is: 'explained' }],
    ['the first two: one was appended to the log', extend(zeros, 'a', 'b'), { is: 'prefix', steps: 2, of: 3 }],
    ['none of them', zeros, { is: 'prefix', steps: 0, of: 3 }],
    ['a closed bank', sha256(extend(zeros, 'a', 'b', 'c'), zeros), { is: 'capped' }],
    ['one event left out', extend(zeros, 'a', 'c'), { is: 'unexplained' }],
    ['another order', extend(zeros, 'b', 'a', 'c'), { is: 'unexplained' }],
    ['one more than the log has', extend(zeros, 'a', 'b', 'c', 'd'), { is: 'unexplained' }],
  ] as const)('by %s', (_what, quoted, explanation) => {
    expect(explain(found, 4, quoted)).toEqual(explanation);
  });
  test('without events: reset, closed, or silent', () => {
    expect(explain(found, 9, zeros)).toEqual({ is: 'reset' });
    expect(explain(found, 9, sha256(zeros, zeros))).toEqual({ is: 'capped' });
    expect(explain(found, 9, extend(zeros, 'x'))).toEqual({ is: 'silent' });
  });
  test('a reset leaves zeros, ones in 17 to 22, and the locality in PCR 0', () => {
    const ones = new Uint8Array(32).fill(0xff);
    expect([isReset(16, zeros), isReset(17, zeros), isReset(17, ones), isReset(23, zeros), isReset(0, ones)]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
    const third = Uint8Array.from(zeros, (_, i) => (i === 31 ? 3 : 0));
    expect([isReset(0, third), isReset(0, third, 3), isReset(1, third, 3)]).toEqual([false, true, false]);
  });
  test('events in PCR 17 to 22 imply a launch that cleared them', () => {
    expect(explain(told(action(17, 'd')), 17, extend(zeros, 'd'))).toEqual({ is: 'explained' });
  });
});

test('steps after the logs, into PCRs with events and without', () => {
  const found = told(separator(10));
  const step = { digest: sha256(utf8('f')) };
  const more = extended(
    found,
    new Map([
      [10, [step]],
      [11, [step, step]],
    ]),
  );
  expect(more.registers.get(10)?.values).toHaveLength(3);
  expect(more.registers.get(11)?.values.at(-1)).toEqual(extend(zeros, 'f', 'f'));
  expect(found.registers.get(10)?.values).toHaveLength(2);
});
