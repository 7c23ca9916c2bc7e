import { describe, expect, test } from 'vitest';
import { concat, encode, hex, utf8 } from '../../bytes/index.ts';
import { sha256 } from '../../crypto/index.ts';
import { bootOf, registerOf } from './boot.ts';
import { eventType } from './event-types.ts';
import { ImageLoad } from './image.ts';
import { event, logBytes, logOf, separator, type TestEvent, wide } from './log.test.support.ts';
import { parseLog } from './log.ts';
import { replay } from './replay.ts';

const program = (name: string): TestEvent => {
  const path = [{ type: 4, subType: 4, data: wide(name) }];
  const data = encode(ImageLoad, { location: 0n, length: 0n, linkTimeAddress: 0n, path });
  return event(4, eventType.efiBootServicesApplication, data, name);
};
const action = (pcr: number, text: string): TestEvent => event(pcr, eventType.efiAction, text);
const calling = action(4, 'Calling EFI Application from Boot Option');
const returning = action(4, 'Returning from EFI Application from Boot Option');
const handOver = [action(5, 'Exit Boot Services Invocation'), action(5, 'Exit Boot Services Returned with Success')];
const command = (text: string): TestEvent => event(8, eventType.ipl, `grub_cmd: ${text}\0`, text);
const kernel = (text: string): TestEvent => event(8, eventType.ipl, `kernel_cmdline: ${text}\0`, text);

const all = new Set(Array.from({ length: 24 }, (_, index) => index));
const boot = (events: readonly TestEvent[], explained: ReadonlySet<number> = all) =>
  bootOf(replay('sha256', logOf(events)), explained);
const names = (events: readonly TestEvent[], explained?: ReadonlySet<number>) =>
  boot(events, explained).programs.map(({ claimedPath }) => claimedPath);
const good = [
  calling,
  separator(4),
  separator(5),
  program('shim'),
  program('grub'),
  command('set a=b'),
  kernel('/vmlinuz ro'),
  ...handOver,
];

describe('programs', () => {
  test('by their digests, in order', () => {
    expect(boot(good).programs).toEqual([
      { digest: sha256(utf8('shim')), claimedPath: 'shim' },
      { digest: sha256(utf8('grub')), claimedPath: 'grub' },
    ]);
    expect(boot(good).handedOver).toBe(true);
  });
  test('of firmware’s own part there are none, and none without exactly one separator', () => {
    expect(names([program('setup'), ...good])).toEqual(['shim', 'grub']);
    expect(names([separator(4), ...good])).toEqual([]);
    expect(names(good.filter((one) => one.type !== eventType.separator))).toEqual([]);
  });
  test('of the last attempt (quirk F13), and before they are called (quirk F2)', () => {
    const [, , , ...rest] = good;
    expect(names([separator(4), calling, program('pxe'), returning, calling, ...rest])).toEqual(['shim', 'grub']);
    expect(names([separator(4), calling, program('pxe'), calling, ...rest])).toEqual(['shim', 'grub']);
    expect(names([separator(4), program('shim'), calling, ...handOver])).toEqual(['shim']);
  });
  test('T16: calling an event something else neither hides nor adds a program', () => {
    const wanted = boot(good).programs.map(({ digest }) => hex(digest));
    for (const type of [
      eventType.efiPlatformFirmwareBlob,
      eventType.efiAction,
      eventType.separator,
      eventType.unused,
      eventType.ipl,
    ]) {
      const changed = good.map((one) => (one.pcr === 4 ? { ...one, type, measured: one.measured ?? one.data } : one));
      expect(
        boot(changed).programs.map(({ digest }) => hex(digest)),
        `${type}`,
      ).toEqual(wanted);
    }
  });
  test('T16: what is appended after firmware handed over is no fact', () => {
    expect(names([...good, program('later')])).toEqual(['shim', 'grub']);
    const open = good.filter((one) => !handOver.includes(one));
    expect(boot(open)).toMatchObject({ handedOver: false, programs: { length: 2 } });
    // Both texts are needed, in order.
    expect(boot([...open, ...[...handOver].reverse()]).handedOver).toBe(false);
  });
  test('T15: PCRs that are not covered or not explained say nothing', () => {
    expect(names(good, new Set([5, 8]))).toEqual([]);
    expect(boot(good, new Set([4, 8])).handedOver).toBe(false);
    expect(boot(good, new Set([4, 5])).commandLine).toBeUndefined();
  });
});

describe('the command line', () => {
  test('the one that is proven', () => {
    expect(boot(good).commandLine).toEqual({ text: '/vmlinuz ro', loader: 'grub' });
    expect(boot([kernel('/vmlinuz ro'), ...good]).commandLine?.text).toBe('/vmlinuz ro');
    expect(boot(good).commands).toEqual(['set a=b', '/vmlinuz ro']);
  });
  test('T16: none where there are two: which of them was the last before firmware handed over, only the log says', () => {
    for (const events of [
      [kernel('/vmlinuz evil'), ...good],
      [...good, kernel('/vmlinuz evil')],
      [...good, event(12, eventType.ipl, wide('root=/dev/sda\0'))],
    ])
      expect(boot(events).commandLine).toBeUndefined();
  });
  test('T16: none beside a measurement that is not proven, and may be another', () => {
    expect(boot([event(8, eventType.action, 'something', '/vmlinuz evil'), ...good]).commandLine).toBeUndefined();
  });
  test('T16: that a text is the kernel’s line, and no other command, is what its digest does not prove', () => {
    const loads = (text: string): TestEvent => event(8, eventType.ipl, `grub_cmd: ${text}`, text);
    expect(boot([loads('linux /vmlinuz "ro"'), ...good]).commandLine?.text).toBe('/vmlinuz ro');
    for (const other of [loads('linux /vmlinuz evil'), event(8, eventType.action, 'linux /vmlinuz evil')])
      expect(boot([other, ...good]).commandLine).toBeUndefined();
  });
  test('systemd-boot’s, in UTF-16', () => {
    expect(boot([event(12, eventType.ipl, wide('root=/dev/sda\0'))]).commandLine).toEqual({
      text: 'root=/dev/sda',
      loader: 'systemd-boot',
    });
  });
  test('T16: not what a digest does not prove, nor what stands among files', () => {
    expect(boot([event(8, eventType.ipl, 'kernel_cmdline: /vmlinuz ro', '/vmlinuz evil')]).commandLine).toBeUndefined();
    expect(boot([event(9, eventType.ipl, 'kernel_cmdline: /vmlinuz ro', '/vmlinuz ro')]).commandLine).toBeUndefined();
  });
  test('bytes that are no text are none', () => {
    const data = concat(utf8('kernel_cmdline: '), Uint8Array.of(0xff, 0xfe));
    expect(boot([event(8, eventType.ipl, data, Uint8Array.of(0xff, 0xfe))]).commandLine).toBeUndefined();
  });
});

test('files, sections, owner keys, and what the kernel’s loader measured', () => {
  const tag = (id: number, measured: string): TestEvent => {
    const data = new Uint8Array(8);
    new DataView(data.buffer).setUint32(0, id, true);
    return event(9, eventType.eventTag, data, measured);
  };
  const found = boot([
    event(9, eventType.ipl, '/grub/grub.cfg\0', 'its contents'),
    event(11, eventType.ipl, wide('.linux\0'), '.linux\0'),
    event(11, eventType.ipl, wide('.linux\0'), 'its contents'),
    event(14, eventType.ipl, 'MokList\0', 'its contents'),
    tag(0x8f3b_22ed, 'options'),
    tag(0x8f3b_22ec, 'initrd'),
  ]);
  const digest = sha256(utf8('its contents'));
  expect(found).toMatchObject({
    files: [{ digest, claimedPath: '/grub/grub.cfg' }],
    sections: [{ name: '.linux', digest }],
    ownerKeys: [{ claimedName: 'MokList', digest }],
    claimedLoadOptions: sha256(utf8('options')),
    claimedInitrd: sha256(utf8('initrd')),
  });
  expect(boot([separator(4)])).toMatchObject({
    programs: [],
    files: [],
    sections: [],
    ownerKeys: [],
    claimedInitrd: undefined,
  });
});

test('T22: registers of a confidential guest hold what PCRs would', () => {
  expect([1, 7, 2, 4, 6, 8, 9, 15].map((pcr) => registerOf('ccel', pcr))).toEqual([1, 1, 2, 2, 2, 3, 3, 3]);
  expect(registerOf('tcg', 9)).toBe(9);
  const moved = good.filter((one) => one !== good[2]).map((one) => ({ ...one, pcr: registerOf('ccel', one.pcr) }));
  const told = replay('sha384', parseLog(logBytes(moved, ['sha384']), 'ccel'));
  const found = bootOf(told, new Set([1, 2, 3]), 'ccel');
  expect(found.programs.map(({ claimedPath }) => claimedPath)).toEqual(['shim', 'grub']);
  expect(found.commandLine?.text).toBe('/vmlinuz ro');
});
