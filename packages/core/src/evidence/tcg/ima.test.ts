import { describe, expect, test } from 'vitest';
import { type Bytes, concat, encode, rest, sized, struct, u32le, utf8 } from '../../bytes/index.ts';
import { digest, generateKey, sha256 } from '../../crypto/index.ts';
import { issueCertificate } from '../../pki/index.ts';
import type { Bank } from './algorithms.ts';
import { eventType } from './event-types.ts';
import {
  coverIma,
  type ImaExtension,
  imaDigest,
  imaLimits,
  isBootAggregateRight,
  isTemplateHashRight,
  parseIma,
} from './ima.ts';
import { imaEvents } from './ima-events.ts';
import { event, logOf } from './log.test.support.ts';
import { replay } from './replay.ts';

const Part = sized(u32le, rest);
const Entry = struct({ pcr: u32le, rest });
const part = (data: Bytes): Bytes => encode(Part, data);
const fileHash = utf8('sha256:\0');
interface Made {
  readonly pcr?: number;
  readonly hash?: Bytes;
  readonly template?: string;
  readonly more?: readonly Bytes[];
  readonly of?: Bytes;
}
/** One entry in bytes. */
function made(
  name: string,
  { pcr = 10, hash, template = 'ima-ng', more = [], of = new Uint8Array(32).fill(3) }: Made = {},
): Bytes {
  const data = concat(part(concat(fileHash, of)), part(utf8(`${name}\0`)), ...more.map(part));
  return encode(Entry, { pcr, rest: concat(hash ?? digest('sha1', data), part(utf8(template)), part(data)) });
}
const violation = (name: string): Bytes => made(name, { hash: new Uint8Array(20) });
const base = (bank: Bank = 'sha256') => replay(bank, logOf([], [bank]));

function quotedAfter(list: Bytes, bank: Bank = 'sha256', how: ImaExtension = 'own'): Map<number, Bytes> {
  const values = new Map<number, Bytes>();
  for (const entry of parseIma(list)) {
    const step = imaDigest(entry, bank, how);
    values.set(entry.pcr, digest(bank, values.get(entry.pcr) ?? new Uint8Array(step.length), step));
  }
  return values;
}

describe('lists', () => {
  test('entries with their fields', () => {
    const [one, other] = parseIma(
      concat(made('/bin/a b'), made('/bin/c', { template: 'ima-sig', more: [utf8('signature')] })),
    );
    expect(one).toMatchObject({ seq: 0, pcr: 10, template: 'ima-ng', fileName: '/bin/a b', isViolation: false });
    expect(one?.fileHash).toEqual({ algorithm: 'sha256', digest: new Uint8Array(32).fill(3) });
    expect(other?.more).toEqual([utf8('signature')]);
    expect([one, other].every((entry) => entry && isTemplateHashRight(entry))).toBe(true);
  });
  test('the oldest template', () => {
    const data = concat(new Uint8Array(20).fill(1), utf8('/bin/a'), new Uint8Array(250));
    const body = concat(data.subarray(0, 20), part(utf8('/bin/a')));
    const [entry] = parseIma(encode(Entry, { pcr: 10, rest: concat(digest('sha1', data), part(utf8('ima')), body) }));
    expect(entry).toMatchObject({ fileName: '/bin/a', fileHash: { algorithm: 'sha1' }, templateData: data });
    expect(entry && isTemplateHashRight(entry)).toBe(true);
  });
  test('T39: names are any bytes, and cannot leave their text', () => {
    const data = concat(part(concat(fileHash, new Uint8Array(32))), part(Uint8Array.of(0x2f, 0xff, 0x0a, 0)));
    const [entry] = parseIma(
      encode(Entry, { pcr: 10, rest: concat(digest('sha1', data), part(utf8('ima-ng')), part(data)) }),
    );
    expect(entry?.fileName).toBe('/\ufffd\n');
  });
  test.each<[string, Bytes, string]>([
    ['PCRs of firmware', made('a', { pcr: 0 }), 'ima.0 at byte 0: is for PCR 0, expected 8 to 16'],
    ['PCRs of a DRTM', concat(made('a'), made('a', { pcr: 17 })), 'is for PCR 17'],
    ['a byte after the list', concat(made('a'), Uint8Array.of(10)), 'ima.1.pcr'],
    ['one byte less', made('a').subarray(0, -1), 'need 50 bytes, 49 left'],
    ['a name longer than paths are', made('a'.repeat(5000)), 'has a name of 5001 bytes, at most 4096'],
    [
      'a template with a long name',
      made('a', { template: 'x'.repeat(65) }),
      'template at byte 24: is 65 bytes, at most 64',
    ],
    [
      'no fields',
      encode(Entry, { pcr: 10, rest: concat(new Uint8Array(20), part(utf8('ima-ng')), part(new Uint8Array(0))) }),
      'has 0 fields',
    ],
    [
      'a field longer than its data',
      encode(Entry, {
        pcr: 10,
        rest: concat(new Uint8Array(20), part(utf8('ima-ng')), part(Uint8Array.of(9, 0, 0, 0))),
      }),
      'ima.0.0 at byte 42: need 9 bytes, 0 left',
    ],
  ])('refused: %s', (_what, input, message) => {
    expect(() => parseIma(input)).toThrow(message);
  });
  test('T36: sizes beyond the limits', () => {
    const long = made('a');
    new DataView(long.buffer).setUint32(34, 0xffff_ffff, true);
    expect(() => parseIma(long)).toThrow('need 4294967295 bytes');
    expect(imaLimits.data).toBe(1_048_576);
  });
});

describe('what a quote covers', () => {
  const list = concat(made('boot_aggregate'), made('/bin/a'), violation('/bin/b'), made('/bin/c', { pcr: 11 }));
  test.each([
    ['sha1', 'own'],
    ['sha256', 'own'],
    ['sha256', 'padded'],
    ['sha384', 'own'],
  ] as const)('all entries, in bank %s extended by their %s digest', (bank, how) => {
    const covered = coverIma(parseIma(list), base(bank), quotedAfter(list, bank, how));
    expect(covered).toMatchObject({ covered: { length: 4 }, dropped: 0, how });
    expect(covered?.replay.registers.get(10)?.values.at(-1)).toEqual(quotedAfter(list, bank, how).get(10));
  });
  test('violations extend ones', () => {
    const [entry] = parseIma(violation('/bin/b'));
    expect(entry && imaDigest(entry, 'sha384', 'own')).toEqual(new Uint8Array(48).fill(0xff));
  });
  test('the shortest beginning: what was measured after the quote is dropped', () => {
    const later = concat(list, made('/bin/later'), made('/bin/last', { pcr: 11 }));
    expect(coverIma(parseIma(later), base(), quotedAfter(list))).toMatchObject({ covered: { length: 4 }, dropped: 2 });
  });
  test('after the logs of the same PCR', () => {
    const log = logOf([event(11, eventType.ipl, 'phase')]);
    const one = made('/bin/c', { pcr: 11 });
    const start = replay('sha256', log).registers.get(11)?.values.at(-1) as Bytes;
    const [entry] = parseIma(one);
    const quoted = new Map([[11, sha256(start, entry ? imaDigest(entry, 'sha256', 'own') : start)]]);
    expect(coverIma(parseIma(one), replay('sha256', log), quoted)?.covered).toHaveLength(1);
    expect(coverIma(parseIma(one), base(), quoted)).toBeUndefined();
  });
  test('T16: no list that was cut, reordered, changed or mixed', () => {
    const quoted = quotedAfter(list);
    const entries = parseIma(list);
    const clean = made('/bin/b');
    const healed = concat(made('boot_aggregate'), made('/bin/a'), clean, made('/bin/c', { pcr: 11 }));
    expect(coverIma(parseIma(healed), base(), quoted)).toBeUndefined();
    expect(coverIma(entries.slice(0, 3), base(), new Map([...quoted].slice(0, 1)))).toBeDefined();
    expect(coverIma(entries.slice(1), base(), quoted)).toBeUndefined();
    expect(coverIma(entries.slice(0, 2), base(), quoted)).toBeUndefined();
    expect(coverIma([...entries].reverse(), base(), quoted)).toBeUndefined();
    // One PCR that the list extends is not quoted.
    expect(coverIma(entries, base(), new Map([[10, quoted.get(10) as Bytes]]))).toBeUndefined();
    const mixed = new Map([
      [10, quoted.get(10) as Bytes],
      [11, quotedAfter(list, 'sha256', 'padded').get(11) as Bytes],
    ]);
    expect(coverIma(entries, base(), mixed)).toBeUndefined();
  });
  test('T16: an entry whose hash is not that of its data', () => {
    const wrong = made('/bin/a', { hash: new Uint8Array(20).fill(7) });
    const [entry] = parseIma(wrong);
    expect(entry && isTemplateHashRight(entry)).toBe(false);
    expect(coverIma(parseIma(wrong), base(), quotedAfter(wrong))).toBeUndefined();
    expect(coverIma(parseIma(wrong), base('sha1'), quotedAfter(wrong, 'sha1'))).toBeUndefined();
  });
});

describe('the boot aggregate', () => {
  const values = new Map(Array.from({ length: 10 }, (_, index) => [index, new Uint8Array(32).fill(index)]));
  const aggregate = (of: Bytes, name = 'boot_aggregate') => parseIma(made(name, { of }))[0];
  const right = sha256(...values.values());
  test('is that of the PCRs, or not', () => {
    expect(isBootAggregateRight(aggregate(right), 'sha256', values)).toBe(true);
    expect(isBootAggregateRight(aggregate(sha256(right)), 'sha256', values)).toBe(false);
    expect(isBootAggregateRight(aggregate(new Uint8Array(32)), 'sha256', values)).toBe(false);
  });
  test('is unknown without values, in another bank, or where the list begins otherwise', () => {
    expect(isBootAggregateRight(aggregate(right), 'sha256', new Map([...values].slice(1)))).toBeUndefined();
    expect(isBootAggregateRight(aggregate(right), 'sha384', values)).toBeUndefined();
    expect(isBootAggregateRight(aggregate(right, '/bin/a'), 'sha256', values)).toBeUndefined();
    expect(isBootAggregateRight(undefined, 'sha256', values)).toBeUndefined();
  });
});

describe('as events', () => {
  const meaning = (list: Bytes): unknown => imaEvents(parseIma(list), 5)[0]?.['ProcessedData'];
  test('numbered after those of the logs, with the template hash', () => {
    const list = concat(made('/bin/a'), made('/bin/c'));
    expect(imaEvents(parseIma(list), 5).map(({ EventSeq }) => EventSeq)).toEqual([5, 6]);
    expect(imaEvents(parseIma(list), 5)[0]).toMatchObject({
      EventType: 0,
      EventTypeString: 'IMA_MEASUREMENT_EVENT',
      PcrIndex: 10,
      ProcessedData: { DigestAlgorithm: 'sha256', FileName: '/bin/a', Template: 'ima-ng', Violation: false },
    });
  });
  test('signatures, if there is one', () => {
    expect(meaning(made('/bin/a', { template: 'ima-sig', more: [utf8('abc')] }))).toMatchObject({ Signature: 'YWJj' });
    expect(meaning(made('/bin/a', { template: 'ima-sig', more: [new Uint8Array(0)] }))).not.toHaveProperty('Signature');
  });
  test('T16: of a violation no digest, and nothing else that only the entry says: no hash covers it', () => {
    const zeros = { hash: new Uint8Array(20), template: 'ima-buf', more: [utf8('6.1.0\0')] };
    for (const [one, Template] of [
      [violation('kernel_version'), 'ima-ng'],
      [made('kernel_version', zeros), 'ima-buf'],
    ] as const)
      expect(meaning(one)).toEqual({ Template, FileName: 'kernel_version', Violation: true });
  });
  test('buffers: the kernel’s version, and keys', () => {
    const buffer = (name: string, data: Bytes): unknown => meaning(made(name, { template: 'ima-buf', more: [data] }));
    expect(buffer('kernel_version', utf8('6.1.0\0'))).toMatchObject({ Buffer: 'Ni4xLjAA', KernelVersion: '6.1.0' });
    expect(buffer('kernel_version', Uint8Array.of(0xff))).not.toHaveProperty('KernelVersion');
    expect(buffer('dm_table_load', utf8('table'))).toEqual(expect.not.objectContaining({ Keyring: expect.anything() }));
    expect(buffer('.ima', Uint8Array.of(0x30, 1))).not.toHaveProperty('Keyring');
    const key = generateKey('P-256');
    const name = [['CN', 'Key of IMA']] as const;
    const der = issueCertificate({
      serial: 1,
      issuer: name,
      subject: name,
      notBefore: 0,
      notAfter: 1e12,
      spki: key.public.spki,
      extensions: [],
      signer: { key, scheme: 'ecdsa-sha256' },
    });
    expect(buffer('.ima', der)).toMatchObject({ Keyring: '.ima', CertificateSubject: 'CN=Key of IMA' });
  });
});
