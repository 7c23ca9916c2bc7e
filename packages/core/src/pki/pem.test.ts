import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concat, utf8 } from '../bytes/index.ts';
import { Malformed } from '../errors.ts';
import { pemBlocks, pemLabels, toPem } from './pem.ts';

const der = Uint8Array.from({ length: 100 }, (_, i) => i);
const block = toPem('CERTIFICATE', der);
const read = (text: string, max = 3) => pemBlocks(utf8(text), 'CERTIFICATE', max);

test('is written in lines of 64 columns that end in LF', () => {
  const lines = block.split('\n');
  expect(lines.map((line) => line.length)).toEqual([27, 64, 64, 8, 25, 0]);
  expect(toPem('X', new Uint8Array(0))).toBe('-----BEGIN X-----\n-----END X-----\n');
});

describe('read', () => {
  test('blocks of one label, whatever stands around them', () => {
    const text = `subject=x\r\n${block.replaceAll('\n', '\r\n')}\n${toPem('X509 CRL', der)}${toPem('CERTIFICATE', der.subarray(1))}`;
    expect(read(text)).toEqual([der, der.subarray(1)]);
    expect(pemBlocks(utf8(text), 'X509 CRL', 1)).toEqual([der]);
    expect(read('')).toEqual([]);
  });

  test('with a NUL at the end, as chains in quotes have it', () => {
    expect(pemBlocks(concat(utf8(block), Uint8Array.of(0)), 'CERTIFICATE', 1)).toEqual([der]);
  });

  test('labels of all blocks, each once', () => {
    const text = utf8(`${block}${block}${toPem('X509 CRL', der)}-----BEGIN ${'X'.repeat(65)}-----`);
    expect([...pemLabels(text)]).toEqual(['CERTIFICATE', 'X509 CRL']);
  });

  test('any bytes come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(read(toPem('CERTIFICATE', bytes))).toEqual([bytes]);
      }),
    );
  });
});

describe('refused', () => {
  const [begin, end] = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'];
  test.each([
    ['no end', `${begin}\nAAAA\n`, 'has a block of CERTIFICATE without an end'],
    [
      'a foreign character',
      `${begin}\nAA*A\n${end}`,
      'at byte 27: has a block that is not base64 in lines: is not a base64 character',
    ],
    ['white space within a line', `${begin}\nAA AAA\n${end}`, 'is not a base64 character'],
    ['the alphabet of URLs', `${begin}\nAA-_\n${end}`, 'is not a base64 character'],
    ['bits after the last byte', `${begin}\nAB==\n${end}`, 'has bits set after the last byte'],
    ['padding inside', `${begin}\nAA==AAAA\n${end}`, 'is not a base64 character'],
    ['headers', `${begin}\nProc-Type: 4,ENCRYPTED\n\nAAAA\n${end}`, 'is not a base64 character'],
    ['no line of its own', `${begin}AAAA${end}`, 'has a label that shares its line with base64'],
    ['a label within', `${begin}\n${begin}\nAAAA\n${end}`, 'is not a base64 character'],
  ])('%s', (_, text, message) => {
    expect(() => read(text)).toThrow(Malformed);
    expect(() => read(text)).toThrow(message);
  });

  test('T36: more blocks than there may be, and blocks without a bound', () => {
    expect(() => read(block.repeat(4))).toThrow(`at byte ${block.length * 3}: has more than 3 blocks of CERTIFICATE`);
    expect(() => read(`${begin}\n${'A'.repeat(1 << 20)}\n${end}`)).toThrow('has a block of 1048578 characters');
  });
});
