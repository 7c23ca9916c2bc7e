import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bytes, concat, decode, encode, fromHex, u64le, utf8 } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { OeEvidence, oeFormat, readCustomClaims, uuidText } from './oe-evidence.ts';

const sgxEcdsa = fromHex('a3a21e871b4d4014b70aa125d2fbcd8c');
const u64 = (value: number): Bytes => encode(u64le, BigInt(value));
const claim = (name: Bytes, value: Bytes): Bytes => concat(u64(name.length), u64(value.length), name, value);
const claims = (...all: readonly Bytes[]): Bytes => concat(u64(1), u64(all.length), ...all);

test('the header, and the format that it names', () => {
  const evidence: OeEvidence = { version: 3, format: sgxEcdsa, data: utf8('data') };
  const bytes = encode(OeEvidence, evidence);
  expect(bytes.length).toBe(28 + 4);
  expect(decode(OeEvidence, bytes)).toEqual(evidence);
  expect(uuidText(sgxEcdsa)).toBe('a3a21e87-1b4d-4014-b70a-a125d2fbcd8c');
  expect(oeFormat(evidence)?.name).toBe('SGX_ECDSA');
  expect(oeFormat({ format: new Uint8Array(16) })).toBeUndefined();
});

test('every truncation, and anything behind it, is malformed', () => {
  const evidence: OeEvidence = { version: 2, format: sgxEcdsa, data: utf8('data') };
  const bytes = encode(OeEvidence, evidence);
  for (let length = 0; length < bytes.length; length++)
    expect(() => decode(OeEvidence, bytes.subarray(0, length))).toThrow(Malformed);
  expect(() => decode(OeEvidence, concat(bytes, new Uint8Array(1)))).toThrow(/left over/);
  expect(() => decode(OeEvidence, concat(fromHex('04000000'), bytes.subarray(4)))).toThrow(/version/);
});

test('custom claims are read as they were written', () => {
  const part = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(part, part), { maxLength: 8 }), (all) => {
      const read = readCustomClaims(claims(...all.map(([name, value]) => claim(name, value))));
      expect(read).toEqual(all.map(([name, value]) => ({ name, value })));
    }),
  );
});

test('T36: hostile counts and sizes of custom claims are refused before anything is made of them', () => {
  const huge = fromHex('ffffffffffffffff');
  expect(() => readCustomClaims(concat(u64(1), huge))).toThrow(Malformed);
  expect(() => readCustomClaims(concat(u64(1), u64(257)))).toThrow(/at most 256/);
  expect(() => readCustomClaims(claims(concat(huge, huge)))).toThrow(/claims.0/);
  expect(() => readCustomClaims(claims(concat(u64(1), huge, utf8('n'))))).toThrow(/claims.0/);
  expect(() => readCustomClaims(concat(claims(claim(utf8('n'), utf8('v'))), new Uint8Array(1)))).toThrow(/left over/);
  expect(() => readCustomClaims(concat(u64(2), u64(0)))).toThrow(Malformed);
});
