import { describe, expect, test } from 'vitest';
import { type Bytes, base64url, concat, encode, fromHex, utf8 } from '../../bytes/index.ts';
import { sha256 } from '../../crypto/index.ts';
import { EfiVariable, guids } from './efi.ts';
import { eventType } from './event-types.ts';
import { type EventsView, eventsClaim, eventsJson, pcrsClaim } from './events-claim.ts';
import { ImageLoad } from './image.ts';
import { event, logOf, none, separator, type TestEvent, variable } from './log.test.support.ts';
import { SignatureData, SignatureLists, signatureTypes } from './signature-lists.ts';

const view: EventsView = {
  bank: 'sha256',
  shown: ['sha256'],
  pcrs: new Set([0, 1, 4, 5, 6, 7, 9, 12, 13]),
  mode: 'strict',
};
const processedIn = (mode: 'strict' | 'maa', one: TestEvent) =>
  eventsJson([logOf([one])], { ...view, mode })[0]?.['ProcessedData'];
const config = (name: string, data: Bytes): TestEvent =>
  event(7, eventType.efiVariableDriverConfig, variable(guids.efiGlobal, name, data));
/** Windows' tagged data: id, length, contents. */
const tagged = (id: number, data: Bytes): Bytes =>
  concat(
    fromHex([id, id >> 8, id >> 16, id >> 24].map((byte) => (byte & 0xff).toString(16).padStart(2, '0')).join('')),
    Uint8Array.of(data.length, 0, 0, 0),
    data,
  );

describe('an event', () => {
  test('has its members in byte order, and binary data in base64url', () => {
    const text = eventsClaim(eventsJson([logOf([separator(7)])], view));
    const digest = base64url(sha256(new Uint8Array(4)));
    expect(text).toBe(
      `{"Events":[{"Digests":{"SHA256":"${digest}"},"EventSeq":1,"EventType":4,"EventTypeString":"EV_SEPARATOR","PcrIndex":7,"ProcessedData":{"CappedHash[SHA256]":"${digest}"},"RawData":"AAAAAA"}]}`,
    );
  });
  test('shows the quoted banks', () => {
    const log = logOf([separator(7)], ['sha1', 'sha256', 'sha384']);
    const [one] = eventsJson([log], { ...view, shown: ['sha256', 'sha1'] });
    expect(Object.keys(one?.['Digests'] as object)).toEqual(['SHA256', 'SHA1']);
    expect(Object.keys(one?.['ProcessedData'] as object)).toEqual(['CappedHash[SHA256]', 'CappedHash[SHA1]']);
  });
});

describe('what is left out', () => {
  test('T15: events of PCRs that are not covered or not explained', () => {
    const log = logOf([separator(7), separator(2), separator(7)]);
    expect(eventsJson([log], view).map(({ PcrIndex, EventSeq }) => [PcrIndex, EventSeq])).toEqual([
      [7, 1],
      [7, 3],
    ]);
  });
  test('T21: events that are not measured, or not in the bank that is relied on', () => {
    expect(eventsJson([logOf([event(0, eventType.noAction, 'x')])], view)).toEqual([]);
    expect(eventsJson([logOf([separator(7)], ['sha1'])], { ...view, shown: ['sha1'] })).toEqual([]);
  });
});

describe('what an event means', () => {
  test.each<[string, TestEvent, unknown]>([
    ['an action', event(4, eventType.efiAction, 'abc'), { Data: 'abc' }],
    [
      'a variable',
      config('SecureBoot', Uint8Array.of(1)),
      { UnicodeName: 'SecureBoot', VariableData: 'AQ', VariableGuid: guids.efiGlobal },
    ],
    [
      'a list of certificates',
      config(
        'db',
        encode(SignatureLists, [
          { type: signatureTypes.sha1, signatures: [{ owner: guids.shim, data: new Uint8Array(20) }] },
        ]),
      ),
      {
        UnicodeName: 'db',
        VariableData: [
          {
            SignatureType: signatureTypes.sha1,
            SignatureTypeString: 'EFI_CERT_SHA1_GUID',
            Signatures: [{ SignatureData: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA', SignatureOwner: guids.shim }],
          },
        ],
        VariableGuid: guids.efiGlobal,
      },
    ],
    [
      'an authority in its variable',
      event(
        7,
        eventType.efiVariableAuthority,
        variable(guids.imageSecurity, 'db', encode(SignatureData, { owner: guids.shim, data: utf8('abc') })),
      ),
      {
        UnicodeName: 'db',
        VariableData: { SignatureData: 'YWJj', SignatureOwner: guids.shim },
        VariableGuid: guids.imageSecurity,
      },
    ],
    [
      'a boot variable',
      event(1, eventType.efiVariableBoot, variable(guids.efiGlobal, 'BootOrder', utf8('ab'))),
      { UnicodeName: 'BootOrder', VariableData: 'YWI', VariableGuid: guids.efiGlobal },
    ],
    [
      'a boot variable without its header (quirk F7)',
      event(1, eventType.efiVariableBoot, 'ab'),
      { VariableData: 'YWI' },
    ],
    [
      'one of which the contents are proven',
      event(1, eventType.efiVariableBoot, variable(guids.efiGlobal, 'BootOrder', utf8('ab')), 'ab'),
      { VariableData: 'YWI' },
    ],
    [
      'Windows’ records',
      event(12, eventType.eventTag, tagged(0x0004_0001, Uint8Array.of(0))),
      { EVENT_BOOTDEBUGGING: false },
    ],
    ['nothing', event(0, eventType.nonhostInfo), null],
  ])('%s', (_what, one, wanted) => {
    expect(processedIn('strict', one)).toEqual(wanted);
  });
  test('T16: is shown only if the digest proves it, unless everything is', () => {
    const image = encode(ImageLoad, {
      location: 1n,
      length: 2n,
      linkTimeAddress: 3n,
      path: [{ type: 4, subType: 4, data: none }],
    });
    const cases: readonly TestEvent[] = [
      event(4, eventType.efiBootServicesApplication, image, 'the program'),
      event(0, eventType.efiPlatformFirmwareBlob, new Uint8Array(16), 'the firmware'),
      event(4, eventType.efiAction, 'abc', 'abd'),
      {
        ...config('SecureBoot', Uint8Array.of(1)),
        measured: variable(guids.efiGlobal, 'SecureBoot', Uint8Array.of(0)),
      },
    ];
    for (const one of cases) {
      const [strict] = eventsJson([logOf([one])], view);
      expect(strict).not.toHaveProperty('EventTypeString');
      expect(strict).not.toHaveProperty('ProcessedData');
      expect(processedIn('maa', one)).toBeDefined();
    }
    expect(processedIn('maa', cases[0] as TestEvent)).toMatchObject({ DevicePath: { SubType: 4, Type: { Value: 4 } } });
  });
  test('data that do not read mean nothing', () => {
    for (const one of [
      event(7, eventType.efiVariableDriverConfig, 'abc'),
      config('db', utf8('no list')),
      event(
        7,
        eventType.efiVariableDriverConfig,
        encode(EfiVariable, { guid: guids.shim, name: 'A', data: none, tail: utf8('x') }),
      ),
      event(5, eventType.efiGptEvent, 'EFI PART'),
      event(0, eventType.nonhostInfo, 'x'),
      event(8, eventType.ipl, 'grub_cmd: x', 'x'),
      event(9, eventType.eventTag, 'not a record'),
      event(9, eventType.eventTag, tagged(0x1234, Uint8Array.of(1))),
      event(12, eventType.eventTag, tagged(0x0004_0001, Uint8Array.of(0, 0))),
    ])
      expect(processedIn('maa', one), `${one.type}`).toBeUndefined();
  });
  test('T35: Windows’ records that do not read, or nest without end, are refused with their place', () => {
    let bomb = new Uint8Array(0) as Bytes;
    for (let i = 0; i < 9; i++) bomb = tagged(0x4001_0002, bomb);
    for (const mode of ['strict', 'maa'] as const) {
      expect(() => processedIn(mode, event(12, eventType.eventTag, bomb))).toThrow(
        'event.1.data at byte 32: nests deeper than 4 levels',
      );
      expect(() => processedIn(mode, event(13, eventType.eventTag, 'not a record', 'x'))).toThrow('event.1.data');
    }
  });
});

test('the pcrs claim: quoted values by index', () => {
  const values = new Map([
    [
      'sha256',
      new Map([
        [7, new Uint8Array(32)],
        [0, new Uint8Array(32).fill(1)],
      ]),
    ],
    ['sha1', new Map([[7, new Uint8Array(20)]])],
  ]);
  expect(pcrsClaim(values)).toBe(
    `{"PCRs":[{"Digests":{"SHA256":"${base64url(new Uint8Array(32).fill(1))}"},"Index":0},{"Digests":{"SHA1":"${base64url(new Uint8Array(20))}","SHA256":"${base64url(new Uint8Array(32))}"},"Index":7}]}`,
  );
});
