import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, encode } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { algorithm } from './algorithms.ts';
import { Attest, attestType, Certify, generated, Quote } from './attest.ts';
import { selectionOf } from './selection.ts';

const name = new Uint8Array(34).fill(1);
const common = {
  magic: generated,
  qualifiedSigner: name,
  extraData: new Uint8Array(32).fill(2),
  clockInfo: { clock: 5n, resetCount: 1, restartCount: 0, safe: 1 as const },
  firmwareVersion: 7n,
};
const quote: Quote = {
  ...common,
  type: attestType.quote,
  attested: { selection: [selectionOf(algorithm.sha256, [0, 7])], pcrDigest: new Uint8Array(32) },
};
const certify: Certify = { ...common, type: attestType.certify, attested: { name, qualifiedName: name } };

test('what is written is read back, by its own layout and by that for all', () => {
  expect(decode(Quote, encode(Quote, quote))).toEqual(quote);
  expect(decode(Certify, encode(Certify, certify))).toEqual(certify);
  expect(decode(Attest, encode(Quote, quote))).toEqual(quote);
  expect(decode(Attest, encode(Certify, certify))).toEqual(certify);
});

test('a statement of another type is no quote', () => {
  expect(() => decode(Quote, encode(Certify, certify))).toThrow('type at byte 4: is 32791, must be one of 32792');
  expect(() => decode(Certify, encode(Quote, quote))).toThrow('type at byte 4');
});

test.each([
  ['magic', 0, 'is 4283712322, must be 4283712327'],
  ['safe', 4 + 2 + 36 + 34 + 16, 'is 4, must be one of 0, 1'],
])('a wrong %s', (_what, at, message) => {
  const changed = encode(Quote, quote);
  const place = at === 0 ? 3 : at;
  changed[place] = (changed[place] as number) ^ 5;
  expect(() => decode(Quote, changed)).toThrow(message);
});

test('names and extra data have their greatest length; nothing may follow', () => {
  const long = { ...quote, extraData: new Uint8Array(67) };
  expect(() => decode(Quote, encode(Quote, long))).toThrow('extraData at byte 42: is 67 bytes, at most 66');
  expect(() => decode(Quote, Uint8Array.of(...encode(Quote, quote), 0))).toThrow('1 bytes left over');
});

test('T5: any change is another value or refused, and nothing else is thrown', () => {
  const written = encode(Quote, quote);
  fc.assert(
    fc.property(fc.nat(written.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = written.slice();
      changed[at] = (changed[at] as number) ^ change;
      try {
        expect(encode(Quote, decode(Quote, changed))).toEqual(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
  );
});
