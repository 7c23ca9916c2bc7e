import { describe, expect, test } from 'vitest';
import { write } from '../asn1/index.ts';
import { Malformed } from '../errors.ts';
import { commonName, encodeName, nameText, sameName } from './name.ts';
import { attributeOids } from './oids.ts';

const attribute = (value: Uint8Array, type: string = attributeOids.CN): Uint8Array =>
  write.sequence(write.oid(type), value);
const name = (...values: Uint8Array[]): Uint8Array =>
  write.sequence(...values.map((value) => write.set(attribute(value))));
const printable = write.printableString;

describe('names are the same (RFC 5280 §7.1)', () => {
  test.each([
    ['byte for byte', name(printable('A')), name(printable('A')), true],
    ['whatever the kind of string', name(printable('Intel')), name(write.utf8String('Intel')), true],
    ['whatever the case', name(printable('INTEL')), name(printable('Intel')), true],
    ['whatever the number of spaces', name(printable(' Intel  Corp ')), name(printable('Intel Corp')), true],
    ['however accents are composed', name(write.utf8String('é')), name(write.utf8String('e\u0301')), true],
    ['in one order only', name(printable('A'), printable('B')), name(printable('B'), printable('A')), false],
    ['with as many parts', name(printable('A')), name(printable('A'), printable('A')), false],
    ['with the same letters', name(printable('A')), name(printable('B')), false],
    ['with spaces where they were', name(printable('AB')), name(printable('A B')), false],
    [
      'of the same kinds',
      name(printable('A')),
      write.sequence(write.set(attribute(printable('A'), attributeOids.O))),
      false,
    ],
    ['bytes are not text', name(write.octetString(Uint8Array.of(0x41))), name(printable('040141')), false],
    [
      'nor text that looks like bytes',
      name(write.octetString(Uint8Array.of(0x41))),
      name(write.utf8String('#040141')),
      false,
    ],
    [
      'a broken string is its bytes',
      name(write.tlv(0x0c, Uint8Array.of(0xff))),
      name(write.tlv(0x0c, Uint8Array.of(0xff))),
      true,
    ],
  ])('%s', (_, a, b, same) => {
    expect(sameName(a, b)).toBe(same);
    expect(sameName(b, a)).toBe(same);
  });

  test('attributes of one part have no order, parts do not run into each other', () => {
    const both = (x: Uint8Array, y: Uint8Array): Uint8Array => write.sequence(write.tlv(0x31, x, y));
    const [cn, o] = [attribute(printable('A')), attribute(printable('a'), attributeOids.O)];
    expect(sameName(both(cn, o), both(o, cn))).toBe(true);
    expect(sameName(both(cn, o), write.sequence(write.set(cn), write.set(o)))).toBe(false);
  });
});

test('for people: the most particular part first, specials escaped (RFC 4514)', () => {
  const full = encodeName([
    ['C', 'US'],
    ['O', 'Intel, "Corp"; <x>'],
    ['CN', ' #Ü+\\ '],
  ]);
  expect(nameText(full)).toBe('CN=\\ #Ü\\+\\\\\\ ,O=Intel\\, \\"Corp\\"\\; \\<x\\>,C=US');
  expect(nameText(write.sequence(write.set(attribute(write.utf8String('a\u0007\n'), '1.2.3'))))).toBe(
    '1.2.3=a\\07\\0a',
  );
  expect(
    nameText(
      write.sequence(
        write.tlv(0x31, attribute(printable('A')), attribute(write.octetString(Uint8Array.of(1)), attributeOids.O)),
      ),
    ),
  ).toBe('CN=A+O=#040101');
});

test('the common name is the most particular one', () => {
  expect(
    commonName(
      encodeName([
        ['CN', 'CA'],
        ['O', 'x'],
        ['CN', 'leaf'],
      ]),
    ),
  ).toBe('leaf');
  expect(commonName(encodeName([['O', 'x']]))).toBeUndefined();
});

describe('what is no name is refused', () => {
  test.each([
    ['a set', write.set()],
    ['a part that is a sequence', write.sequence(write.sequence(attribute(printable('A'))))],
    ['a part without attributes', write.sequence(write.set())],
    ['an attribute without a value', write.sequence(write.set(write.sequence(write.oid('2.5.4.3'))))],
    [
      'an attribute of three',
      write.sequence(write.set(write.sequence(write.oid('2.5.4.3'), printable('A'), printable('A')))),
    ],
    ['T36: more parts than any has', name(...Array.from({ length: 65 }, () => printable('A')))],
  ])('%s', (_, der) => {
    expect(() => nameText(der)).toThrow(Malformed);
    expect(() => sameName(der, name(printable('A')))).toThrow(Malformed);
  });
});
