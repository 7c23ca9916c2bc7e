import { expect, test } from 'vitest';
import { fromHex, hex } from '../../bytes/index.ts';
import { differenceFrom, type QeIdentity } from './qe-identity.ts';
import type { SgxReport } from './report.ts';

const identity: QeIdentity = {
  id: 'QE',
  issued: 0,
  nextUpdate: 0,
  evaluation: 17,
  miscSelect: fromHex('01000000'),
  miscSelectMask: fromHex('0f000000'),
  attributes: fromHex('11000000000000000000000000000000'),
  attributesMask: fromHex('fbffffffffffffff0000000000000000'),
  mrSigner: fromHex('8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff'),
  isvProdId: 1,
  levels: [],
};
const genuine = {
  miscSelect: fromHex('01000000'),
  attributes: fromHex('1500000000000000e700000000000000'),
  mrSigner: identity.mrSigner,
  isvProdId: 1,
  mrEnclave: new Uint8Array(32),
} as unknown as SgxReport;
const property = (changes: Partial<SgxReport>, of: Partial<QeIdentity> = {}): string | undefined =>
  differenceFrom({ ...identity, ...of }, { ...genuine, ...changes })?.property;

test('an enclave with all that the identity asks for has no difference', () => {
  expect(differenceFrom(identity, genuine)).toBeUndefined();
});

test('each property alone makes a difference, and is named with both values', () => {
  const mrSigner = new Uint8Array(32);
  expect(differenceFrom(identity, { ...genuine, mrSigner })).toEqual({
    property: 'MRSIGNER',
    expected: identity.mrSigner,
    observed: mrSigner,
  });
  expect(property({ isvProdId: 2 })).toBe('ISVPRODID');
  expect(property({ miscSelect: fromHex('00000000') })).toBe('MISCSELECT under its mask');
  expect(property({ miscSelect: fromHex('03000000') })).toBe('MISCSELECT under its mask');
  expect(property({ attributes: fromHex('05000000000000000000000000000000') })).toBe('ATTRIBUTES under their mask');
});

test('bits outside the masks do not count, every bit inside does', () => {
  expect(property({ miscSelect: fromHex('f1ffffff') })).toBeUndefined();
  for (let bit = 0; bit < 128; bit++) {
    const attributes = Uint8Array.from(genuine.attributes);
    attributes[bit >> 3] = (attributes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const masked = ((identity.attributesMask[bit >> 3] ?? 0) >> (bit & 7)) & 1;
    expect(property({ attributes }), `bit ${bit}`).toBe(masked ? 'ATTRIBUTES under their mask' : undefined);
  }
});

test('T17: a quoting enclave with DEBUG set differs', () => {
  const attributes = fromHex('13000000000000000000000000000000');
  expect(hex(attributes)).not.toBe(hex(identity.attributes));
  expect(property({ attributes })).toBe('ATTRIBUTES under their mask');
});

test('an identity that asks for a bit outside its own mask is met by nothing', () => {
  expect(property({ miscSelect: fromHex('10000000') }, { miscSelect: fromHex('10000000') })).toBe(
    'MISCSELECT under its mask',
  );
});
