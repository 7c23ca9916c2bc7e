import { describe, expect, test } from 'vitest';
import { concat, fromHex, hex, utf8 } from '../bytes/index.ts';
import { open, seal } from './cipher.ts';

const key = new Uint8Array(32).fill(7);
const nonce = new Uint8Array(12).fill(9);
const context = utf8('context');
const plain = utf8('what nobody else may read');
const sealed = seal(key, nonce, plain, context);

test('is AES-256-GCM: test case 14 of the authors’ paper', () => {
  const zeros = new Uint8Array(32);
  expect(hex(seal(zeros, zeros.subarray(0, 12), zeros.subarray(0, 16), new Uint8Array(0)))).toBe(
    `${'00'.repeat(12)}cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919`,
  );
});

test('what was sealed is opened', () => {
  expect(open(key, sealed, context)).toEqual(plain);
  expect(open(key, seal(key, nonce, new Uint8Array(0), context), context)).toEqual(new Uint8Array(0));
});

describe('nothing else is opened', () => {
  test('with any bit changed or byte missing', () => {
    for (let at = 0; at < sealed.length; at++) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(open(key, changed, context)).toBeUndefined();
      expect(open(key, sealed.subarray(0, at), context)).toBeUndefined();
    }
    expect(open(key, concat(sealed, Uint8Array.of(0)), context)).toBeUndefined();
  });

  test('with another key or for another purpose', () => {
    expect(open(new Uint8Array(32), sealed, context)).toBeUndefined();
    expect(open(key.subarray(1), sealed, context)).toBeUndefined();
    expect(open(key, sealed, utf8('other'))).toBeUndefined();
  });
});

test('keys and nonces have one length', () => {
  expect(() => seal(key.subarray(16), nonce, plain, context)).toThrow('a key of 32 bytes and a nonce of 12');
  expect(() => seal(key, fromHex('00'), plain, context)).toThrow('a key of 32 bytes and a nonce of 12');
});
