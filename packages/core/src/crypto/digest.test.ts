import { expect, test } from 'vitest';
import { hex, utf8 } from '../bytes/index.ts';
import { digest, digestOf, sha256 } from './digest.ts';

test('hashes the parts one after the other', () => {
  expect(hex(sha256(utf8('a'), utf8('bc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(hex(digest('sha1', utf8('abc')))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
  expect([digest('sha384').length, digest('sha512').length]).toEqual([48, 64]);
});

test('one name for several inputs tells where each ends', () => {
  expect(digestOf([utf8('a'), utf8('bc')])).not.toBe(digestOf([utf8('ab'), utf8('c')]));
  expect(digestOf([utf8('a'), utf8('')])).not.toBe(digestOf([utf8('a')]));
  expect(digestOf([utf8('a')])).toBe(digestOf([utf8('a')]));
});
