import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bytes, concat, decode, encode, fromHex, utf8 } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { isBare, readAuthority } from './authority.ts';
import { EfiVariable, guid, guids, utf16, utf16Trimmed } from './efi.ts';
import { PartitionTable } from './gpt.ts';
import { claimedPath, devicePathText, ImageLoad } from './image.ts';
import { none, variable, wide } from './log.test.support.ts';
import { SignatureData, SignatureLists, signatureTypes } from './signature-lists.ts';

describe('variables', () => {
  test('GUIDs are little-endian in their first three parts', () => {
    expect(decode(guid, fromHex('61dfe48bca93d211aa0d00e098032b8c'))).toBe(guids.efiGlobal);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        expect(encode(guid, decode(guid, bytes))).toEqual(bytes);
      }),
    );
  });
  test('there and back, bytes beyond the end kept apart', () => {
    const value = { guid: guids.shim, name: 'MokList', data: utf8('abc'), tail: Uint8Array.of(1, 2) };
    expect(decode(EfiVariable, encode(EfiVariable, value))).toEqual(value);
  });
  test('T36: P7: lengths of 64 bits that are longer than the data', () => {
    for (const [at, field] of [
      [16, 'name'],
      [24, 'data'],
    ] as const) {
      const input = variable(guids.efiGlobal, 'PK', utf8('abc'));
      new DataView(input.buffer).setBigUint64(at, 2n ** 64n - 1n, true);
      expect(() => decode(EfiVariable, input), field).toThrow('is 18446744073709551615, more than what is left');
    }
    const input = variable(guids.efiGlobal, 'PK', utf8('abc'));
    new DataView(input.buffer).setBigUint64(16, 2n ** 63n, true);
    expect(() => decode(EfiVariable, input)).toThrow('more than what is left');
  });
  test('half characters cannot get into JSON', () => {
    expect(utf16(Uint8Array.of(0x41, 0, 0, 0xd8))).toBe('A\ufffd');
    expect(utf16Trimmed(wide('abc\0\0'))).toBe('abc');
  });
});

describe('signature lists', () => {
  const entry = (data: Bytes) => ({ owner: guids.shim, data });
  const lists = [
    { type: signatureTypes.sha256, signatures: [entry(new Uint8Array(32).fill(1)), entry(new Uint8Array(32).fill(2))] },
    { type: signatureTypes.x509, signatures: [entry(utf8('certificate'))] },
    { type: guids.shim, signatures: [] },
  ];
  const written = encode(SignatureLists, lists);
  const changed = (at: number, value: number): Bytes => {
    const out = written.slice();
    new DataView(out.buffer).setUint32(at, value, true);
    return out;
  };
  test('there and back, of unknown types as well', () => {
    expect(decode(SignatureLists, written)).toEqual(lists);
    expect(decode(SignatureLists, none)).toEqual([]);
  });
  test.each([
    ['a size of 15', 24, 15, 'has signatures of 15 bytes, at least 16'],
    ['no size', 24, 0, 'has signatures of 0 bytes, at least 16'],
    ['a size of 4 GiB', 24, 0xffff_ffff, 'has 96 bytes for signatures of 4294967295'],
    ['a size that does not fit the list', 24, 47, 'has 96 bytes for signatures of 47'],
    ['a list less than its header', 16, 27, 'is a list of 27 bytes with a header of 28'],
    ['a header that eats the list', 20, 200, 'is a list of 124 bytes with a header of 228'],
    ['a list longer than the data', 16, 28 + 48 * 10_000, 'needs 480000 bytes for signatures'],
  ])('F14: %s', (_what, at, value, message) => {
    expect(() => decode(SignatureLists, changed(at, value))).toThrow(message);
  });
  test('F14: a header of its own is passed over', () => {
    const at = 28;
    const longer = concat(changed(20, 4).subarray(0, at), utf8('head'), written.subarray(at));
    new DataView(longer.buffer).setUint32(16, 124 + 4, true);
    expect(decode(SignatureLists, longer)[0]).toEqual(lists[0]);
  });
  test('errors name the list', () => {
    expect(() => decode(SignatureLists, written.subarray(0, 130))).toThrow('1.type at byte 124');
  });
});

describe('authorities', () => {
  const certificate = concat(Uint8Array.of(0x30, 0x82, 0, 4), utf8('cert'));
  const owned = encode(SignatureData, { owner: guids.shim, data: certificate });
  test.each([
    [
      'an entry of db',
      variable(guids.imageSecurity, 'db', owned),
      { name: 'db', owner: guids.shim, data: certificate, isWrapped: true },
    ],
    [
      'a hash of db',
      variable(guids.imageSecurity, 'db', encode(SignatureData, { owner: guids.shim, data: new Uint8Array(32) })),
      { owner: guids.shim, data: new Uint8Array(32) },
    ],
    [
      'a bare certificate',
      variable(guids.shim, 'Shim', certificate),
      { name: 'Shim', owner: undefined, data: certificate, isWrapped: true },
    ],
    [
      'a text',
      variable(guids.shim, 'SbatLevel', utf8('sbat,1,2022052400\n')),
      { name: 'SbatLevel', owner: undefined, isWrapped: true },
    ],
    [
      'one that is longer than it says',
      variable(guids.imageSecurity, 'db', certificate, Uint8Array.of(0, 0, 1)),
      { name: 'db', data: certificate },
    ],
  ])('%s', (_what, data, wanted) => {
    expect(isBare(data)).toBe(false);
    const { owner, ...others } = readAuthority(data, false);
    expect({ owner, ...others }).toMatchObject(wanted);
  });
  test('an entry without its variable', () => {
    expect(isBare(owned)).toBe(true);
    expect(readAuthority(owned, true)).toEqual({
      guid: guids.imageSecurity,
      name: 'db',
      owner: guids.shim,
      data: certificate,
      isWrapped: false,
    });
    expect(() => readAuthority(utf8('short'), true)).toThrow(Malformed);
  });
});

describe('partitions', () => {
  const table: PartitionTable = {
    signature: 1n,
    revision: 2,
    headerSize: 92,
    headerCrc: 4,
    reserved: 0,
    myLba: 1n,
    alternateLba: 9n,
    firstUsableLba: 34n,
    lastUsableLba: 99n,
    diskGuid: guids.shim,
    entriesLba: 2n,
    entryCount: 128,
    entrySize: 128,
    entriesCrc: 5,
    partitions: [
      {
        typeGuid: guids.shim,
        uniqueGuid: guids.efiGlobal,
        startingLba: 1n,
        endingLba: 2n,
        attributes: 3n,
        name: new Uint8Array(72),
      },
    ],
  };
  test('there and back', () => {
    expect(decode(PartitionTable, encode(PartitionTable, table))).toEqual(table);
  });
  test('T36: a count that no table has', () => {
    const input = encode(PartitionTable, table);
    new DataView(input.buffer).setBigUint64(92, 2n ** 40n, true);
    expect(() => decode(PartitionTable, input)).toThrow('partitions at byte 92: is 1099511627776, at most 1024');
  });
});

describe('programs', () => {
  const file = { type: 4, subType: 4, data: wide('\\EFI\\BOOT\\BOOTX64.EFI\0') };
  const end = { type: 0x7f, subType: 0xff, data: none };
  const load: ImageLoad = {
    location: 1n,
    length: 2n,
    linkTimeAddress: 3n,
    path: [
      { type: 2, subType: 1, data: fromHex('d041030a00000000') },
      { type: 1, subType: 1, data: Uint8Array.of(2, 0x1f) },
      file,
      end,
    ],
  };
  test('there and back, with a path that people can read', () => {
    const input = encode(ImageLoad, load);
    expect(decode(ImageLoad, input)).toEqual(load);
    expect(claimedPath(input)).toBe('ACPI(1,d041030a00000000)/Pci(31,2)/\\EFI\\BOOT\\BOOTX64.EFI');
  });
  test('volumes, disks and what is not known by name', () => {
    const sixteen = fromHex('61dfe48bca93d211aa0d00e098032b8c');
    expect(
      devicePathText([
        { type: 4, subType: 7, data: sixteen },
        { type: 4, subType: 6, data: sixteen },
        { type: 4, subType: 1, data: concat(new Uint8Array(20), sixteen, new Uint8Array(2)) },
        { type: 9, subType: 1, data: none },
      ]),
    ).toBe(`Fv(${guids.efiGlobal})/FvFile(${guids.efiGlobal})/HD(${guids.efiGlobal})/9(1)`);
  });
  test('paths that do not read are no path', () => {
    const input = encode(ImageLoad, load);
    new DataView(input.buffer).setUint16(32 + 2, 3, true);
    expect(() => decode(ImageLoad, input)).toThrow('is 3, at least 4');
    expect(claimedPath(input)).toBeUndefined();
    expect(claimedPath(encode(ImageLoad, { ...load, path: [end] }))).toBeUndefined();
    expect(claimedPath(none)).toBeUndefined();
  });
});
