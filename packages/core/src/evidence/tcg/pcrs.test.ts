import { expect, test } from 'vitest';
import { concat, hex } from '../../bytes/index.ts';
import { digest, sha256 } from '../../crypto/index.ts';
import { algorithm } from './algorithms.ts';
import { attestType, generated, type Quote } from './attest.ts';
import { type PcrValues, pcrDigest, pcrsProblem, selectedPcrs } from './pcrs.ts';
import { selectionOf } from './selection.ts';

const value = (fill: number, size = 32): Uint8Array => new Uint8Array(size).fill(fill);
const selection = [selectionOf(algorithm.sha1, [9, 0]), selectionOf(algorithm.sha256, [7])];
const values: PcrValues = new Map([
  ['sha256', new Map([[7, value(3)]])],
  [
    'sha1',
    new Map([
      [9, value(2, 20)],
      [0, value(1, 20)],
    ]),
  ],
]);
const inOrder = concat(value(1, 20), value(2, 20), value(3));
const quote = (pcrDigest: Uint8Array): Quote => ({
  magic: generated,
  type: attestType.quote,
  qualifiedSigner: new Uint8Array(0),
  extraData: new Uint8Array(0),
  clockInfo: { clock: 0n, resetCount: 0, restartCount: 0, safe: 1 },
  firmwareVersion: 0n,
  attested: { selection, pcrDigest },
});
/** The values with one more, one less or another. */
const changed = (bank: string, index: number, to: Uint8Array | undefined): PcrValues => {
  const inBank = new Map(values.get(bank));
  if (to) inBank.set(index, to);
  else inBank.delete(index);
  return new Map([...values, [bank, inBank]]);
};

test('banks in the order of the selection, PCRs ascending, the hash that of the signature', () => {
  expect(selectedPcrs(selection)).toEqual([
    { bank: 'sha1', index: 0 },
    { bank: 'sha1', index: 9 },
    { bank: 'sha256', index: 7 },
  ]);
  expect(hex(pcrDigest(selection, values, 'sha384') ?? value(0))).toBe(hex(digest('sha384', inOrder)));
  expect(pcrsProblem(quote(sha256(inOrder)), values, 'sha256')).toBeUndefined();
  expect(pcrsProblem(quote(sha256(inOrder)), values, 'sha1')).toMatch(/^hash to [0-9a-f]{40}, and the quote holds/);
});

test('T15: exactly the values that the quote covers, no more and no fewer', () => {
  const good = quote(sha256(inOrder));
  expect(pcrsProblem(good, changed('sha256', 14, value(4)), 'sha256')).toBe(
    'hold PCR 14 of the bank sha256, which the quote does not cover',
  );
  expect(pcrsProblem(good, changed('sha384', 7, value(4, 48)), 'sha256')).toBe(
    'hold PCR 7 of the bank sha384, which the quote does not cover',
  );
  expect(pcrsProblem(good, changed('sha1', 9, undefined), 'sha256')).toBe(
    'lack PCR 9 of the bank sha1, which the quote covers',
  );
  expect(pcrDigest(selection, changed('sha1', 9, undefined), 'sha256')).toBeUndefined();
  expect(pcrsProblem(good, changed('sha256', 7, value(5)), 'sha256')).toContain('and the quote holds');
});

test('values are as long as their bank has them: bytes cannot move from one PCR to the next', () => {
  const moved = new Map([
    ...changed('sha1', 0, value(1, 19)),
    [
      'sha1',
      new Map([
        [0, value(1, 19)],
        [9, concat(value(1, 1), value(2, 20))],
      ]),
    ],
  ]);
  expect(pcrsProblem(quote(sha256(inOrder)), moved, 'sha256')).toMatch(
    /hold 19 bytes for PCR 0 of the bank sha1, expected 20/,
  );
});
