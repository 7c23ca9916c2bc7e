import { describe, expect, test } from 'vitest';
import { fromHex, hex } from '../bytes/index.ts';
import { readDer, within } from './read.ts';
import { constructedContext, context, tag, tagName } from './tag.ts';

const read = (text: string) => readDer(fromHex(text.replaceAll(' ', '')));

describe('a value', () => {
  test('is a view on its input, header and contents', () => {
    const input = fromHex('3006020101020102');
    const node = readDer(input, 'pair');
    expect([node.tag, node.isConstructed, node.start, node.from, node.end, node.path]).toEqual([
      tag.sequence,
      true,
      0,
      2,
      8,
      'pair',
    ]);
    expect(node.raw.buffer).toBe(input.buffer);
    expect(hex(node.content)).toBe('020101020102');
    expect(node.children('number').map((child) => [child.path, hex(child.raw)])).toEqual([
      ['pair.number', '020101'],
      ['pair.number', '020102'],
    ]);
  });

  test('is read in order, optional parts and explicit tags included', () => {
    const fields = read('3008 a003 020102 8101ff').fields();
    expect(hex(fields.explicit('version', constructedContext(0))?.content ?? new Uint8Array())).toBe('02');
    expect(fields.optional('absent', tag.boolean)).toBeUndefined();
    expect(fields.optional('flag', context(1))?.path).toBe('der.flag');
    expect(fields.more).toBe(false);
    expect(fields.optional('none', context(1))).toBeUndefined();
    expect(fields.explicit('none', constructedContext(0))).toBeUndefined();
    fields.end();
  });

  test('wrapped in an OCTET STRING keeps the positions of the outer input', () => {
    const outer = read('0404 3002 0500');
    expect(within(outer).start).toBe(2);
    expect(() => within(outer).fields().next('number', tag.integer)).toThrow(
      'der.inside.number at byte 4: is NULL, expected INTEGER',
    );
    expect(() => within(read('0405 3002 0500 00'))).toThrow('der at byte 6: has 1 bytes left over');
    expect(hex(within(read('0305 00 3002 0500'), 1).raw)).toBe('30020500');
  });
});

describe('refused', () => {
  test.each([
    ['', 'der at byte 0: ends where a value was expected'],
    ['30', 'der at byte 0: ends where a value was expected'],
    ['3001', 'der at byte 0: needs 1 bytes, 0 left'],
    ['3080 0000', 'der at byte 0: has an indefinite length'],
    ['308102 0500', 'der at byte 0: has a length that is not minimal'],
    ['04820001 00', 'der at byte 0: has a length that is not minimal'],
    ['0485 0000000001 00', 'der at byte 0: has a length of 5 octets, at most 4'],
    ['0482 01', 'der at byte 0: ends within a length'],
    ['04ff', 'der at byte 0: has a length of 127 octets, at most 4'],
    ['1f8101 00', 'der at byte 0: has a tag number above 30'],
    ['0500 00', 'der at byte 2: has 1 bytes left over'],
  ])('%s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test('T36: a length is compared with what is there before anything is done with it', () => {
    expect(() => read('0484 ffffffff')).toThrow('der at byte 0: needs 4294967295 bytes, 0 left');
    // A child may not reach beyond its parent, even where the input goes on.
    expect(() => read('3004 3003 0102').children()).toThrow('der.item at byte 2: needs 3 bytes, 2 left');
    expect(() => read('3006 3002 0403 0100').children()[0]?.children()).toThrow(
      'der.item.item at byte 4: needs 3 bytes, 0 left',
    );
    expect(() => read('3001 30').children()).toThrow('der.item at byte 2: ends where a value was expected');
  });

  test('T35: nesting is bounded', () => {
    let nested = Uint8Array.of(0x30, 0);
    for (let i = 0; i < 60; i++) nested = Uint8Array.of(0x30, nested.length, ...nested);
    let node = readDer(nested);
    const descend = (): void => {
      for (;;) node = node.fields().next('inner');
    };
    expect(descend).toThrow('nests deeper than 32 levels');
    expect(node.depth).toBe(32);

    let wrapped = Uint8Array.of(4, 0);
    for (let i = 0; i < 60; i++) wrapped = Uint8Array.of(4, wrapped.length, ...wrapped);
    node = readDer(wrapped);
    const unwrap = (): void => {
      for (;;) node = within(node);
    };
    expect(unwrap).toThrow('nests deeper than 32 levels');
  });

  test('values of another tag, missing ones and those left over', () => {
    expect(() => read('0500').expect(tag.sequence)).toThrow('der at byte 0: is NULL, expected SEQUENCE');
    expect(() => read('0500').fields()).toThrow('der at byte 0: is NULL, which has no values inside');
    expect(() => read('3000').fields().next('version')).toThrow(
      'der.version at byte 2: ends where a value was expected',
    );
    expect(() => read('3002 0500').fields().end()).toThrow('der at byte 2: has 2 bytes left over');
    expect(() => read('3006 a004 0500 0500').fields().explicit('one', constructedContext(0))).toThrow(
      'der.one at byte 6: has 2 bytes left over',
    );
  });
});

test('tags have names for people', () => {
  expect([tag.octetString, tag.oid, constructedContext(3), context(1), 0x1d].map(tagName)).toEqual([
    'OCTET STRING',
    'OID',
    '[3]',
    '[1]',
    'tag 0x1d',
  ]);
});
