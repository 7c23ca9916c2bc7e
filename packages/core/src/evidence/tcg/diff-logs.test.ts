import { describe, expect, test } from 'vitest';
import { utf8 } from '../../bytes/index.ts';
import { compareLogs } from './diff-logs.ts';
import { eventType } from './event-types.ts';
import { type ForgedEvent, forgeLog, linuxBoot, type WantedBoot } from './forge-log.ts';
import { windowsBoot } from './forge-windows.ts';
import { parseLog } from './log.ts';

const logOf = (events: readonly ForgedEvent[], banks = ['sha1', 'sha256'] as const) =>
  parseLog(forgeLog(events, banks).log);
const bootOf = (wanted: WantedBoot = {}) => logOf(linuxBoot(wanted));
const action = (text: string, pcr = 8): ForgedEvent => ({ pcr, type: eventType.action, data: utf8(text) });

test('one boot and another like it are equal', () => {
  const { isEqual, bank, registers } = compareLogs(bootOf(), bootOf());
  expect([isEqual, bank]).toEqual([true, 'sha256']);
  expect(registers.every(({ changes, before, after }) => changes.length === 0 && before === after)).toBe(true);
  expect(registers.find(({ index }) => index === 7)?.same).toBe(7);
});

test('order between PCRs means nothing', () => {
  const events = [...linuxBoot()];
  const apart = [...events.filter(({ pcr }) => pcr === 7), ...events.filter(({ pcr }) => pcr !== 7)];
  expect(compareLogs(logOf(events), logOf(apart)).isEqual).toBe(true);
});

test('what was changed is told by the name of the thing, with what it says', () => {
  const { isEqual, registers } = compareLogs(bootOf(), bootOf({ secureBoot: false, commandLine: 'init=/bin/sh' }));
  expect(isEqual).toBe(false);
  const changed = registers.filter(({ changes }) => changes.length > 0);
  expect(changed.map(({ index }) => index)).toEqual([7, 8]);
  expect(changed[0]?.changes).toMatchObject([
    { is: 'changed', before: { says: 'SecureBoot = 01', believed: 'data' }, after: { says: 'SecureBoot = 00' } },
    { is: 'removed', before: { type: 'EV_EFI_VARIABLE_AUTHORITY' } },
  ]);
  expect(changed[1]?.changes).toMatchObject([
    {
      is: 'changed',
      before: { says: 'kernel_cmdline: root=/dev/vda1 ro quiet', believed: 'part' },
      after: { says: 'kernel_cmdline: init=/bin/sh', type: 'EV_IPL' },
    },
  ]);
  expect(changed[1]?.before).toMatch(/^[0-9a-f]{64}$/);
  expect(changed[1]?.before).not.toBe(changed[1]?.after);
});

test('a PCR that only one of them has', () => {
  const { registers } = compareLogs(bootOf(), logOf(windowsBoot()));
  const twelve = registers.find(({ index }) => index === 12);
  expect(twelve).toMatchObject({ same: 0, changes: [{ is: 'added' }, { is: 'added' }] });
  expect(twelve?.before).toBeUndefined();
});

test('of Windows’ records those that only one of the boots has', () => {
  const { registers } = compareLogs(logOf(windowsBoot()), logOf(windowsBoot({ bootCounter: 170n, safeMode: true })));
  const changed = registers.filter(({ changes }) => changes.length > 0);
  expect(changed.map(({ index }) => index)).toEqual([12]);
  expect(changed[0]?.changes).toMatchObject([
    {
      is: 'changed',
      records: {
        removed: ['BOOTCOUNTER = 168', 'SAFEMODE = false'],
        added: ['BOOTCOUNTER = 170', 'SAFEMODE = true'],
      },
    },
  ]);
});

describe('alignment', () => {
  const words = (text: string): readonly ForgedEvent[] => [...text].map((letter) => action(letter.repeat(4)));
  test.each([
    ['abcdef', 'abxdef', 5, 'changed'],
    ['abc', 'abxc', 3, 'added'],
    ['abcd', 'acd', 3, 'removed'],
    ['abcabba', 'cbabac', 4, 'removed added'],
    ['aaaa', 'aa', 2, 'removed removed'],
    ['', 'a', 0, 'added'],
  ])('%s and %s', (before, after, same, changes) => {
    // One event more, so that no log is empty.
    const one = action('other', 9);
    const { registers } = compareLogs(logOf([one, ...words(before)]), logOf([one, ...words(after)]));
    const eight = registers.find(({ index }) => index === 8);
    expect(eight?.same).toBe(same);
    expect(new Set(eight?.changes.map(({ is }) => is))).toEqual(new Set(changes.split(' ')));
    const lost = eight?.changes.filter(({ is }) => is !== 'added').length ?? 0;
    const come = eight?.changes.filter(({ is }) => is !== 'removed').length ?? 0;
    expect([same + lost, same + come]).toEqual([before.length, after.length]);
  });

  test('costs no more than it may: what differs everywhere is not aligned', () => {
    const many = (prefix: string): readonly ForgedEvent[] =>
      Array.from({ length: 2100 }, (_, i) => action(`${prefix} ${i}`));
    const { registers } = compareLogs(logOf([action('first'), ...many('a')]), logOf([action('first'), ...many('b')]));
    expect(registers[0]).toMatchObject({ index: 8, same: 1, isUnaligned: true });
    expect(registers[0]?.changes).toHaveLength(2100);
  });
});

test('logs that cannot be compared', () => {
  const events = linuxBoot();
  expect(() => compareLogs(logOf(events, ['sha1'] as never), logOf(events, ['sha384'] as never))).toThrow(
    /no bank in common/,
  );
  const ccel = parseLog(forgeLog([action('a', 1)], ['sha384']).log, 'ccel');
  expect(() => compareLogs(ccel, bootOf())).toThrow(/measurement registers/);
});
