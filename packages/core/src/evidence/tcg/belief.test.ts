import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, utf8 } from '../../bytes/index.ts';
import { beliefOf, isErrorSeparator } from './belief.ts';
import { guids } from './efi.ts';
import { eventType } from './event-types.ts';
import { event, logOf, none, separator, type TestEvent, variable, wide } from './log.test.support.ts';
import { SignatureData } from './signature-lists.ts';

const believe = (one: TestEvent, banks: Parameters<typeof logOf>[1] = ['sha256']) => {
  const found = logOf([one], banks).events[1];
  return found ? beliefOf(found, 'sha256') : expect.fail('no event');
};
const believed = (one: TestEvent): string => believe(one).believed;
const contents = utf8('contents');

describe('all of the data', () => {
  test.each([
    eventType.action,
    eventType.efiAction,
    eventType.efiVariableDriverConfig,
    eventType.efiGptEvent,
    eventType.crtmVersion,
    eventType.eventTag,
    eventType.ipl,
    eventType.nonhostInfo,
    eventType.compactHash,
  ])('of type %i, where their hash is the digest', (type) => {
    expect(believe(event(1, type, 'abc'))).toMatchObject({ believed: 'data', proven: utf8('abc'), what: 'data' });
    expect(believed(event(1, type, 'abc', 'abd'))).toBe('digest');
  });
  test('separators that can be: zeros, ones, an error, or Windows’ own', () => {
    expect(believed(separator(7))).toBe('data');
    expect(believed(separator(7, Uint8Array.of(255, 255, 255, 255)))).toBe('data');
    expect(believed(separator(7, Uint8Array.of(1, 0, 0, 0)))).toBe('data');
    expect(isErrorSeparator(Uint8Array.of(1, 0, 0, 0))).toBe(true);
    expect(believed(separator(12, 'WBCL'))).toBe('data');
    expect(believed(separator(7, 'WBCL'))).toBe('digest');
    expect(believed(separator(12))).toBe('digest');
    expect(believed(separator(7, new Uint8Array(8)))).toBe('digest');
  });
});

describe('part of the data', () => {
  const whole = variable(guids.efiGlobal, 'BootOrder', contents);
  test('boot variables: the contents, and not which variable they are of', () => {
    expect(believe(event(1, eventType.efiVariableBoot, whole))).toMatchObject({ believed: 'data', what: 'data' });
    const belief = believe(event(1, eventType.efiVariableBoot, whole, contents));
    expect(belief).toMatchObject({ believed: 'part', what: 'variableData', proven: contents });
    // Only of boot variables: others are hashed whole.
    expect(believed(event(7, eventType.efiVariableDriverConfig, whole, contents))).toBe('digest');
  });
  test.each([
    ['grub_cmd: set a=b', 'set a=b'],
    ['grub_cmd: set a=b\0', 'set a=b'],
    ['kernel_cmdline: /vmlinuz ro', '/vmlinuz ro'],
    ['grub_cmd set a=b\0', 'set a=b\0'],
    ['grub_kernel_cmdline /vmlinuz ro\0', '/vmlinuz ro'],
  ])('commands of boot loaders: %j', (data, measured) => {
    expect(believe(event(8, eventType.ipl, data, measured))).toMatchObject({
      believed: 'part',
      what: 'command',
      proven: utf8(measured),
    });
    expect(believed(event(8, eventType.ipl, data, `${measured} `))).toBe('digest');
  });
  test('names of sections: logged in UTF-16, hashed in ASCII', () => {
    expect(believe(event(11, eventType.ipl, wide('.linux\0'), '.linux\0'))).toMatchObject({
      believed: 'part',
      what: 'sectionName',
    });
    expect(believed(event(11, eventType.ipl, wide('.linux\0'), '.initrd\0'))).toBe('digest');
  });
});

describe('authorities', () => {
  const certificate = concat(Uint8Array.of(0x30, 0x82, 0, 4), utf8('cert'));
  test('shim’s that are longer than they say, hashed without their last byte (quirk F1)', () => {
    const data = variable(guids.imageSecurity, 'db', certificate, Uint8Array.of(0, 0, 0, 0, 0, 0xaf));
    expect(believe(event(7, eventType.efiVariableAuthority, data, data.subarray(0, -1)))).toMatchObject({
      believed: 'data',
      quirk: 'F1',
    });
    const long = variable(guids.imageSecurity, 'db', certificate, new Uint8Array(8));
    expect(believed(event(7, eventType.efiVariableAuthority, long, long.subarray(0, -1)))).toBe('digest');
    const exact = variable(guids.imageSecurity, 'db', certificate);
    expect(believed(event(7, eventType.efiVariableAuthority, exact, exact.subarray(0, -1)))).toBe('digest');
    // Only authorities: no other type may be logged so.
    expect(believed(event(7, eventType.efiVariableDriverConfig, data, data.subarray(0, -1)))).toBe('digest');
  });
  test('a bare entry, hashed as the variable db around it (quirk F18)', () => {
    const entry = encode(SignatureData, { owner: guids.shim, data: certificate });
    const around = (name: string): Bytes => variable(guids.imageSecurity, name, entry);
    expect(believe(event(7, eventType.efiVariableAuthority, entry, around('db')))).toMatchObject({
      believed: 'data',
      quirk: 'F18',
    });
    expect(believed(event(7, eventType.efiVariableAuthority, entry, around('dbx')))).toBe('digest');
  });
});

describe('nothing', () => {
  test('T16: hashes of firmware and programs never prove their data, even if they could', () => {
    for (const type of [
      eventType.efiBootServicesApplication,
      eventType.efiPlatformFirmwareBlob,
      eventType.postCode,
      eventType.unused,
      0x1234,
    ])
      expect(believed(event(4, type, 'abc'))).toBe('digest');
  });
  test('T16: a command that is called an action does not become one', () => {
    expect(believed(event(8, eventType.efiAction, 'grub_cmd: set a=b', 'set a=b'))).toBe('digest');
  });
  test('of events that the quoted bank does not hold, and of those that are not measured', () => {
    expect(believe(event(1, eventType.efiAction, 'abc'), ['sha1', 'sha384']).believed).toBe('none');
    expect(believed(event(1, eventType.noAction, none))).toBe('none');
  });
});
