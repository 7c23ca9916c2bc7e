import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { write } from '../../asn1/index.ts';
import { type Bytes, concat, fromHex, hex } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { parseCertificate } from '../../pki/index.ts';
import { forgeIntel } from './forge.ts';
import { fmspcText, readPck, sgxExtension } from './pck.ts';

const part = (arcs: string, value: Bytes, more: readonly Bytes[] = []): Bytes =>
  write.sequence(write.oid(`${sgxExtension}.${arcs}`), value, ...more);
const octets = (length: number): Bytes => write.octetString(new Uint8Array(length).fill(length));

/** The extension, a part at a time: by arcs, so that single ones can be replaced, repeated or left out. */
const tcbParts: ReadonlyMap<string, Bytes> = new Map([
  ...Array.from({ length: 16 }, (_, i): [string, Bytes] => [`2.${i + 1}`, write.integer(i)]),
  ['2.17', write.integer(65_535)],
  ['2.18', octets(16)],
]);
const topParts: ReadonlyMap<string, Bytes> = new Map([
  ['1', octets(16)],
  ['3', octets(2)],
  ['4', octets(6)],
  ['5', write.enumerated(1)],
]);
interface Changes {
  readonly replace?: { readonly [arcs: string]: Bytes | undefined };
  readonly more?: readonly Bytes[];
  readonly moreTcb?: readonly Bytes[];
}
function extension({ replace = {}, more = [], moreTcb = [] }: Changes = {}): Bytes {
  const laid = (parts: ReadonlyMap<string, Bytes>): Bytes[] =>
    [...parts].flatMap(([arcs, given]) => {
      const value = arcs in replace ? replace[arcs] : given;
      return value ? [part(arcs, value)] : [];
    });
  const tcb = '2' in replace ? replace['2'] : write.sequence(...laid(tcbParts), ...moreTcb);
  return write.sequence(...laid(topParts), ...(tcb ? [part('2', tcb)] : []), ...more);
}
function refusal(input: Bytes): string {
  try {
    readPck(input);
  } catch (error) {
    if (error instanceof Malformed) return error.problem;
    throw error;
  }
  return expect.fail('was read');
}

describe('read', () => {
  test('all that is asked for, in any order', () => {
    const read = readPck(extension());
    expect(read).toMatchObject({ components: Array.from({ length: 16 }, (_, i) => i), pceSvn: 65_535, sgxType: 1 });
    expect([read.ppid, read.cpuSvn, read.pceId, read.fmspc].map((bytes) => bytes.length)).toEqual([16, 16, 2, 6]);
    expect(read).not.toHaveProperty('platformInstanceId');
  });

  test('a platform instance id where there is one; configuration and unknown parts are left alone', () => {
    const configuration = part('7', write.sequence(part('7.1', write.boolean(true))));
    const unknown = write.sequence(write.oid('1.2.3'), write.nothing());
    const read = readPck(
      extension({ more: [part('6', octets(16)), configuration, part('99', write.nothing()), unknown] }),
    );
    expect(read.platformInstanceId?.length).toBe(16);
  });

  test('what the forge certifies', () => {
    const forged = forgeIntel({
      at: new Date('2026-03-01T12:00:00Z'),
      fmspc: '00A067110000',
      pceId: '0001',
      pceSvn: 12,
    });
    const value = parseCertificate(forged.certificates.leaf).extensions.get(sgxExtension)?.value ?? new Uint8Array();
    const read = readPck(value);
    expect([fmspcText(read), hex(read.pceId), read.pceSvn, read.sgxType]).toEqual(['00a067110000', '0001', 12, 0]);
    expect(read.cpuSvn).toEqual(Uint8Array.from(read.components));
  });
});

describe('refused', () => {
  const names: readonly [arcs: string, name: string][] = [
    ['1', 'PPID'],
    ['2', 'TCB'],
    ['3', 'PCE-ID'],
    ['4', 'FMSPC'],
    ['5', 'SGX type'],
    ...Array.from({ length: 16 }, (_, i): [string, string] => [`2.${i + 1}`, `component ${i + 1}`]),
    ['2.17', 'PCESVN'],
    ['2.18', 'CPUSVN'],
  ];
  test.each(names)('without part %s (%s)', (arcs, name) => {
    expect(refusal(extension({ replace: { [arcs]: undefined } }))).toBe(`has no ${name}`);
  });

  test.each(names)('with part %s (%s) of another kind', (arcs) => {
    for (const other of [write.nothing(), write.utf8String('x'), write.boolean(true)])
      expect(refusal(extension({ replace: { [arcs]: other } }))).toMatch(/\S/);
  });

  test('with a part that is there twice', () => {
    expect(refusal(extension({ more: [part('4', octets(6))] }))).toBe(`repeats ${sgxExtension}.4`);
    expect(refusal(extension({ moreTcb: [part('2.17', write.integer(1))] }))).toBe(`repeats ${sgxExtension}.2.17`);
  });

  test.each<[string, number]>([
    ['1', 15],
    ['1', 17],
    ['2.18', 15],
    ['3', 1],
    ['3', 3],
    ['4', 5],
    ['4', 7],
  ])('with part %s of %i bytes', (arcs, length) => {
    expect(refusal(extension({ replace: { [arcs]: octets(length) } }))).toMatch(
      new RegExp(`^has ${length} bytes, must have`),
    );
  });

  test.each<[string, Bytes]>([
    ['2.1', write.integer(256)],
    ['2.16', write.integer(-1)],
    ['2.3', fromHex('02020001')],
    ['2.3', fromHex('0200')],
    ['2.17', write.integer(65_536)],
    ['2.17', write.integer(-1)],
    ['2.17', write.integer(2n ** 64n)],
    ['5', write.enumerated(3)],
    ['5', write.integer(1)],
  ])('with part %s out of range', (arcs, value) => {
    expect(refusal(extension({ replace: { [arcs]: value } }))).toMatch(/\S/);
  });

  test('with a part of one or three values, or anything after the end', () => {
    expect(refusal(extension({ more: [part('98', write.nothing(), [write.nothing()])] }))).toMatch(/\S/);
    expect(refusal(extension({ more: [write.sequence(write.oid(`${sgxExtension}.98`))] }))).toMatch(/\S/);
    expect(refusal(concat(extension(), Uint8Array.of(0)))).toMatch(/\S/);
  });

  test('T36: cut at any length', () => {
    const whole = extension();
    for (let length = 0; length < whole.length; length++) refusal(whole.subarray(0, length));
  });
});

test('T5: any change of a byte is read or refused, and nothing else is thrown', () => {
  const whole = extension();
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, to) => {
      try {
        readPck(whole.map((byte, i) => (i === at ? to : byte)));
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
  );
});
