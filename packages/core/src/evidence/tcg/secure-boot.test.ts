import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, utf8 } from '../../bytes/index.ts';
import { guids } from './efi.ts';
import { eventType } from './event-types.ts';
import { event, logOf, none, separator, type TestEvent, variable } from './log.test.support.ts';
import { replay } from './replay.ts';
import { secureBootOf } from './secure-boot.ts';
import { SignatureData, SignatureLists, signatureTypes } from './signature-lists.ts';

const certificate = (name: string): Bytes => concat(Uint8Array.of(0x30, 0x82, 0, name.length), utf8(name));
const entry = (name: string) => ({ owner: guids.shim, data: certificate(name) });
const listOf = (...names: readonly string[]): Bytes =>
  encode(
    SignatureLists,
    names.map((name) => ({ type: signatureTypes.x509, signatures: [entry(name)] })),
  );
const config = (name: string, data: Bytes, guid: string = guids.efiGlobal): TestEvent =>
  event(7, eventType.efiVariableDriverConfig, variable(guid, name, data));
const authority = (name: string): TestEvent =>
  event(7, eventType.efiVariableAuthority, variable(guids.imageSecurity, 'db', encode(SignatureData, entry(name))));
const action = (text: string): TestEvent => event(7, eventType.efiAction, text);

const on = config('SecureBoot', Uint8Array.of(1));
const keys = [config('PK', utf8('pk')), config('KEK', utf8('kek'))];
const db = config('db', listOf('Microsoft', 'Owner'), guids.imageSecurity);
const dbx = config('dbx', listOf('Broken'), guids.imageSecurity);
const good: readonly TestEvent[] = [on, ...keys, db, dbx, separator(7), authority('Microsoft')];
const judge = (events: readonly TestEvent[], explained = true) =>
  secureBootOf(replay('sha256', logOf(events)), explained);
const without = (one: TestEvent): readonly TestEvent[] => good.filter((other) => other !== one);
const instead = (one: TestEvent, ...others: readonly TestEvent[]): readonly TestEvent[] =>
  good.flatMap((other) => (other === one ? others : [other]));

describe('what is determined', () => {
  test('on', () => {
    expect(judge(good)).toMatchObject({ determined: true, on: true, why: [], setupMode: false, debugger: false });
  });
  test('off: zero, or no data at all (quirk F2); authorities do not matter then', () => {
    for (const data of [Uint8Array.of(0), none])
      for (const events of [
        instead(on, config('SecureBoot', data)),
        instead(on, config('SecureBoot', data)).slice(0, -1),
      ])
        expect(judge(events)).toMatchObject({ determined: true, on: false });
  });
  test('old firmware without dbx, devices’ measurements, and variables of other kinds', () => {
    expect(judge(without(dbx))).toMatchObject({ determined: true, on: true });
    const spdm = event(7, eventType.efiSpdmDevicePolicy, variable(guids.imageSecurity, 'devdb', utf8('devices')));
    expect(judge([spdm, config('AuditMode', none), ...good])).toMatchObject({ determined: true, on: true });
  });
  test('setup mode, and what firmware says as text (quirk F15)', () => {
    const [pk, kek] = keys as [TestEvent, TestEvent];
    expect(judge(instead(pk, config('PK', none)))).toMatchObject({ determined: true, setupMode: true });
    expect(
      judge([action('DMA Protection Disabled'), action('Security Level is Downgraded to 0'), ...good]),
    ).toMatchObject({
      determined: true,
      on: true,
      dmaProtectionDisabled: true,
      otherActions: ['Security Level is Downgraded to 0'],
    });
    expect(judge(without(kek)).why).toEqual(['the variable KEK is missing']);
  });
  test('what vouched for whom', () => {
    const events = [...good.slice(0, 5), authority('Owner'), separator(7), authority('Broken'), authority('Stranger')];
    expect(judge(events).authorities.map(({ before, isKnown, isRevoked }) => [before, isKnown, isRevoked])).toEqual([
      [true, true, false],
      [false, false, true],
      [false, false, false],
    ]);
  });
});

describe('what is not', () => {
  test('a PCR that is not quoted, or that the log does not explain', () => {
    expect(judge(good, false)).toMatchObject({ determined: false, on: false, why: ['the log does not explain PCR 7'] });
  });
  test.each(['SecureBoot', 'PK', 'KEK', 'db'])('a missing variable %s (quirk F16)', (name) => {
    const named = good.filter(
      ({ data }) => !Buffer.from(data).includes(Buffer.from(name, 'utf16le').subarray(0, 2 * name.length)),
    );
    const found = judge(name === 'db' ? without(db) : named);
    expect(found).toMatchObject({ determined: false, on: false });
    expect(found.why).toContain(`the variable ${name} is missing`);
  });
  test.each<[string, readonly TestEvent[], string]>([
    ['a second SecureBoot', [on, ...good], 'is the variable SecureBoot a second time'],
    ['SecureBoot after the separator', [...good, on], 'is the variable SecureBoot after the separator'],
    [
      'SecureBoot of another vendor',
      instead(on, config('SecureBoot', Uint8Array.of(1), guids.shim)),
      `of the vendor ${guids.shim}`,
    ],
    [
      'SecureBoot that is neither',
      instead(on, config('SecureBoot', Uint8Array.of(2))),
      'the variable SecureBoot holds 02',
    ],
    [
      'SecureBoot that is longer',
      instead(on, config('SecureBoot', Uint8Array.of(1, 0))),
      'the variable SecureBoot holds 0100',
    ],
    [
      'a variable with bytes after it',
      instead(
        on,
        event(
          7,
          eventType.efiVariableDriverConfig,
          variable(guids.efiGlobal, 'SecureBoot', Uint8Array.of(1), Uint8Array.of(9)),
        ),
      ),
      'has 1 bytes after the variable SecureBoot',
    ],
    ['a variable that is none', [event(7, eventType.efiVariableDriverConfig, 'abc'), ...good], 'does not read'],
    ['on without an authority', good.slice(0, -1), 'nothing says what vouched for the boot loader'],
    ['two separators', [...good, separator(7)], 'PCR 7 has 2 separators, expected 1'],
    ['no separator', good.filter(({ type }) => type !== eventType.separator), 'PCR 7 has 0 separators, expected 1'],
    [
      'a separator of ones',
      good.map((one) => (one.type === eventType.separator ? separator(7, new Uint8Array(4).fill(0xff)) : one)),
      'is the separator ffffffff',
    ],
    [
      'a separator that reports an error',
      good.map((one) => (one.type === eventType.separator ? separator(7, Uint8Array.of(1, 0, 0, 0)) : one)),
      'is the separator 01000000',
    ],
    ['a debugger', [action('UEFI Debug Mode'), ...good], 'firmware is in debug mode'],
    ['an event of another type', [event(7, eventType.ipl, 'abc'), ...good], 'is EV_IPL, which PCR 7 has no place for'],
  ])('T16: %s', (_what, events, why) => {
    const found = judge(events);
    expect(found).toMatchObject({ determined: false, on: false });
    expect(found.why.join('; ')).toContain(why);
  });
  test('T16: the events of a machine without Secure Boot, called something else, and good ones behind them', () => {
    const off = instead(on, config('SecureBoot', Uint8Array.of(0)));
    const types = [eventType.unused, eventType.efiPlatformFirmwareBlob, eventType.postCode, eventType.eventTag];
    for (const type of [...types, eventType.efiSpdmFirmwareBlob, eventType.efiSpdmDevicePolicy]) {
      const found = judge([...off.map((one) => ({ ...one, type })), ...good]);
      expect(found).toMatchObject({ determined: false, on: false });
    }
  });
  test.each<[string, readonly TestEvent[], string]>([
    [
      'a debugger',
      [event(7, eventType.efiSpdmFirmwareBlob, 'x', 'UEFI Debug Mode'), ...good],
      'does not prove its data',
    ],
    [
      'a variable',
      [{ ...on, type: eventType.efiSpdmDevicePolicy }, ...good],
      'is EV_EFI_SPDM_DEVICE_POLICY, and not of the variable devdb',
    ],
    [
      'an authority',
      good.map((one) =>
        one.type === eventType.efiVariableAuthority ? { ...one, type: eventType.efiVariableDriverConfig } : one,
      ),
      'is the variable db after the separator',
    ],
    [
      'an authority of another name',
      [...good, event(7, eventType.efiVariableDriverConfig, variable(guids.shim, 'MokList', utf8('stranger')))],
      'is the variable MokList after the separator',
    ],
    [
      'the list of revocations',
      instead(dbx, { ...dbx, type: eventType.efiVariableAuthority }),
      'is the variable dbx, which vouches for nothing',
    ],
  ])('T16: hidden by another type: %s', (_what, events, why) => {
    const found = judge(events);
    expect(found).toMatchObject({ determined: false, on: false, isDisorderly: true });
    expect(found.why.join('; ')).toContain(why);
  });
  test('many authorities cost no more than their number, however many certificates db has', () => {
    const many = (count: number, name: string): readonly string[] => Array.from({ length: count }, () => name);
    const events = [...instead(db, config('db', listOf(...many(15_000, 'no')), guids.imageSecurity))];
    const start = performance.now();
    const found = judge([...events, ...many(12_000, 'xx').map(authority)]);
    expect(found.authorities).toHaveLength(12_001);
    expect(performance.now() - start).toBeLessThan(4000);
  });
  test('T16: data that the digest does not prove', () => {
    const lie = event(
      7,
      eventType.efiVariableDriverConfig,
      on.data,
      variable(guids.efiGlobal, 'SecureBoot', Uint8Array.of(0)),
    );
    expect(judge(instead(on, lie)).why.join()).toContain(
      'is EV_EFI_VARIABLE_DRIVER_CONFIG, and its digest does not prove its data',
    );
  });
  test('dbx that does not read revokes nothing, and says nothing wrong', () => {
    const broken = instead(dbx, config('dbx', utf8('broken'), guids.imageSecurity));
    expect(judge(broken).authorities.map(({ isRevoked }) => isRevoked)).toEqual([false]);
  });
});
