import { describe, expect, test } from 'vitest';
import { certificateIn } from './certificates.ts';
import { isKeyOf } from './endorsement.ts';
import { ekTemplates } from './templates.ts';

describe('a certificate in a TPM’s memory', () => {
  const certificate = Uint8Array.from([0x30, 0x82, 0x01, 0x00, ...Array.from({ length: 256 }, (_, i) => i)]);
  const zeros = new Uint8Array(40);
  const header = [0x10, 0x01, 0x00, 0x01, 0x04, 0x00, 0x00];

  test.each([
    ['alone', certificate],
    ['before zeros', Uint8Array.from([...certificate, ...zeros])],
    ['before ones', Uint8Array.from([...certificate, ...zeros.fill(0xff)])],
    ['behind a vendor’s header', Uint8Array.from([...header, ...certificate, 0, 0])],
  ])('%s', (_, stored) => {
    expect(certificateIn(stored, 1)).toEqual(certificate);
  });

  test.each([
    ['nothing', [], 'its 0 bytes begin with nothing'],
    ['a header alone', header.slice(0, 3), 'its 3 bytes begin with nothing'],
    ['something else', [1, 2, 3, 4, 5], 'its 5 bytes begin with 0x01020304'],
    ['half a certificate', [...certificate].slice(0, 259), 'its 259 bytes begin with 0x30820100'],
    ['a short form', [0x30, 2, 5, 0], 'its 4 bytes begin with 0x30020500'],
  ])('%s is none', (_, stored, why) => {
    expect(() => certificateIn(Uint8Array.from(stored), 0x01c0_0002)).toThrow(
      expect.objectContaining({ reason: 'Unfit', message: `the NV index 0x01c00002 holds no certificate: ${why}` }),
    );
  });
});

test('a certificate is matched to its key, and to no other', () => {
  const [rsa, ecc] = ekTemplates().map(({ area }) => area);
  const modulus = new Uint8Array(256).fill(7);
  const [x, y] = [new Uint8Array(32).fill(8), new Uint8Array(32).fill(9)];
  const certificate = Uint8Array.from([1, 2, ...modulus, 3, 4, ...x, ...y]);
  if (!rsa || !('modulus' in rsa) || !ecc || !('curve' in ecc)) return expect.fail('other templates');
  expect(isKeyOf(certificate, { ...rsa, modulus })).toBe(true);
  expect(isKeyOf(certificate, { ...rsa, modulus: modulus.map((byte) => byte + 1) })).toBe(false);
  expect(isKeyOf(certificate, { ...ecc, x, y })).toBe(true);
  expect(isKeyOf(certificate, { ...ecc, x: y, y: x })).toBe(false);
  // Templates have no key yet.
  expect(isKeyOf(certificate, { ...rsa, modulus: new Uint8Array(0) })).toBe(false);
});
