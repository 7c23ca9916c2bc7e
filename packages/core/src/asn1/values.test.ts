import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../bytes/index.ts';
import { readDer } from './read.ts';
import { tag } from './tag.ts';
import {
  bitString,
  boolean,
  integer,
  integerBytes,
  namedBits,
  nothing,
  octetString,
  oid,
  smallInteger,
  text,
  time,
  wholeBytes,
} from './values.ts';
import * as write from './write.ts';

const node = (digits: string) => readDer(fromHex(digits.replaceAll(' ', '')));
const timeNode = (digits: string, octet: number = tag.utcTime) =>
  readDer(write.tlv(octet, new TextEncoder().encode(digits)));

describe('integers', () => {
  test('are signed and minimal', () => {
    expect(['020100', '02017f', '02020080', '0201ff', '020180', '0202ff7f'].map((one) => integer(node(one)))).toEqual([
      0n,
      127n,
      128n,
      -1n,
      -128n,
      -129n,
    ]);
    expect(() => integerBytes(node('0200'))).toThrow('is an empty integer');
    expect(() => integerBytes(node('0202007f'))).toThrow('not minimal');
    expect(() => integerBytes(node('0202ff80'))).toThrow('not minimal');
    expect(() => integerBytes(node('0a0101'))).toThrow('is ENUMERATED, expected INTEGER');
    expect(hex(integerBytes(node('0a0101'), tag.enumerated))).toBe('01');
  });

  test('are bounded', () => {
    expect(smallInteger(node('020200ff'), 255)).toBe(255);
    expect(() => smallInteger(node('02020100'), 255)).toThrow('is 256, at most 255');
    expect(() => smallInteger(node('0201ff'), 255)).toThrow('is negative');
    expect(() => smallInteger(node(`0206 01${'00'.repeat(5)}`), 255)).toThrow('is above 255');
    expect(() => integer(node('0203010000'), 2)).toThrow('is an integer of 3 bytes, at most 2');
  });
});

describe('booleans, NULL and strings of bytes', () => {
  test('have one form each', () => {
    expect([boolean(node('010100')), boolean(node('0101ff')), boolean(node('8101ff'), 0x81)]).toEqual([
      false,
      true,
      true,
    ]);
    for (const wrong of ['010101', '0100', '0102ffff']) expect(() => boolean(node(wrong))).toThrow('neither 00 nor FF');
    expect(() => nothing(node('050100'))).toThrow('is a NULL with contents');
    expect(hex(octetString(node('0402abcd')))).toBe('abcd');
  });

  test('bit strings say how many bits are unused, and those are zero', () => {
    expect(bitString(node('030205a0'))).toEqual({ bytes: Uint8Array.of(0xa0), unused: 5 });
    expect(hex(wholeBytes(node('030200ab')))).toBe('ab');
    for (const wrong of ['0300', '030208a0', '030101'])
      expect(() => bitString(node(wrong))).toThrow('wrong count of unused bits');
    expect(() => bitString(node('030205a1'))).toThrow('unused bits set');
    expect(() => wholeBytes(node('030205a0'))).toThrow('not whole bytes');
  });

  test('named bits count from the highest', () => {
    expect([...namedBits(node('03020106'))]).toEqual([5, 6]);
    expect([...namedBits(node('0303070080'))]).toEqual([8]);
    expect(namedBits(node('030100')).size).toBe(0);
    expect(() => namedBits(node('0306 00 0000000001'))).toThrow('more than 32 named bits');
  });
});

describe('object identifiers', () => {
  test('are dotted numbers', () => {
    expect(['0603550403', '060a2a864886f84d010d0102', '0603883703', '060100'].map((one) => oid(node(one)))).toEqual([
      '2.5.4.3',
      '1.2.840.113741.1.13.1.2',
      '2.999.3',
      '0.0',
    ]);
  });

  test.each([
    ['0600', 'of 0 bytes'],
    [`0641${'01'.repeat(65)}`, 'of 65 bytes'],
    ['0602 8001', 'arc that is not minimal'],
    ['0603 55 8001', 'arc that is not minimal'],
    ['0602 5585', 'ends within an arc'],
    [`060a 55 ${'ff'.repeat(8)} 7f`, 'arc that is too large'],
  ])('refused: %s', (one, message) => {
    expect(() => oid(node(one))).toThrow(message);
  });
});

describe('times', () => {
  test('are milliseconds since 1970', () => {
    expect(time(timeNode('491231235959Z'))).toBe(Date.UTC(2049, 11, 31, 23, 59, 59));
    expect(time(timeNode('500101000000Z'))).toBe(Date.UTC(1950, 0, 1));
    expect(time(timeNode('20240229000000Z', tag.generalizedTime))).toBe(Date.UTC(2024, 1, 29));
    expect(time(timeNode('99991231235959Z', tag.generalizedTime))).toBe(253402300799000);
    expect(time(timeNode('00500101000000Z', tag.generalizedTime))).toBe(Date.parse('0050-01-01T00:00:00Z'));
  });

  test.each(['2401010000Z', '240101000000', '240101000000+0000', '24010100000-Z', '2401010000000Z', '240101000000z'])(
    'another form is refused: %s',
    (digits) => {
      expect(() => time(timeNode(digits))).toThrow(/is a time (that is not written|with a character)/);
    },
  );
  test.each([
    '230229000000Z',
    '240230000000Z',
    '241301000000Z',
    '240001000000Z',
    '240100000000Z',
    '240101240000Z',
    '240101006000Z',
    '240101000060Z',
    '240431000000Z',
  ])('a time that does not exist is refused: %s', (digits) => {
    expect(() => time(timeNode(digits))).toThrow('is a time that does not exist');
  });
  test('only the two kinds of time are times', () => {
    const digits = '20240101000000Z';
    expect(() => time(timeNode(digits, tag.visibleString))).toThrow('is VISIBLE STRING, expected GENERALIZED TIME');
  });
  test('years of a century without a leap day', () => {
    expect(() => time(timeNode('19000229000000Z', tag.generalizedTime))).toThrow('does not exist');
    expect(time(timeNode('20000229000000Z', tag.generalizedTime))).toBe(Date.UTC(2000, 1, 29));
  });
});

describe('text', () => {
  test('of every kind', () => {
    const kinds = [tag.utf8String, tag.printableString, tag.ia5String, tag.visibleString, tag.teletexString];
    expect(kinds.map((octet) => text(readDer(write.tlv(octet, new TextEncoder().encode('Abc 1')))))).toEqual(
      kinds.map(() => 'Abc 1'),
    );
    expect(text(node('1204 31203220'))).toBe('1 2 ');
    expect(text(node('1e04 00410416'))).toBe('AЖ');
    expect(text(node('1c04 0001f600'))).toBe('😀');
    expect(text(node('1401 e9'))).toBe('é');
  });

  test.each([
    ['1301 40', 'a character that PRINTABLE STRING does not have'],
    ['1601 80', 'a character that IA5 STRING does not have'],
    ['1201 41', 'a character that NUMERIC STRING does not have'],
    ['1a01 0a', 'a character that VISIBLE STRING does not have'],
    ['0c02 c328', 'is not UTF-8'],
    ['1e03 004100', 'ends within a character'],
    ['1e02 d800', 'a character that does not exist'],
    ['1c04 00110000', 'a character that does not exist'],
    ['0401 41', 'is OCTET STRING, expected a string'],
  ])('refused: %s', (one, message) => {
    expect(() => text(node(one))).toThrow(message);
  });
});

test('what is written is read back the same', () => {
  fc.assert(
    fc.property(
      fc.bigInt(),
      fc.boolean(),
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'grapheme' }),
      (number, flag, bytes, characters) => {
        expect(integer(readDer(write.integer(number)))).toBe(number);
        expect(boolean(readDer(write.boolean(flag)))).toBe(flag);
        expect(octetString(readDer(write.octetString(bytes)))).toEqual(bytes);
        expect(wholeBytes(readDer(write.bitString(bytes)))).toEqual(bytes);
        expect(text(readDer(write.utf8String(characters)))).toBe(characters);
      },
    ),
  );
  fc.assert(
    fc.property(fc.integer({ min: -62135596800, max: 253402300799 }), (second) => {
      expect(time(readDer(write.time(second * 1000)))).toBe(second * 1000);
    }),
  );
  const arc = fc.integer({ min: 0, max: 2 ** 40 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 39 }),
      fc.array(arc, { maxLength: 8 }),
      (root, second, rest) => {
        const dotted = [root, second, ...rest].join('.');
        expect(oid(readDer(write.oid(dotted)))).toBe(dotted);
      },
    ),
  );
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(31)), (bits) => {
      expect([...namedBits(readDer(write.namedBits(bits)))]).toEqual([...bits].sort((a, b) => a - b));
    }),
  );
});
