import { expect, test } from 'vitest';
import { concat, encode, hex, rest, sized, u32le, utf8 } from '../../bytes/index.ts';
import { digest } from '../../crypto/index.ts';
import { explainIma } from './explain-ima.ts';

const counted = sized(u32le, rest);
const entry = (name: string, hash = digest('sha256', utf8(name)), templateHash?: Uint8Array): Uint8Array => {
  const data = concat(encode(counted, concat(utf8('sha256:\0'), hash)), encode(counted, utf8(`${name}\0`)));
  return concat(
    encode(u32le, 10),
    templateHash ?? digest('sha1', data),
    encode(counted, utf8('ima-ng')),
    encode(counted, data),
  );
};

test('entries, what they are of, and what they come to', () => {
  const list = concat(
    entry('boot_aggregate'),
    entry('/usr/bin/true'),
    entry('/tmp/open', undefined, new Uint8Array(20)),
  );
  const found = explainIma(list);
  expect(found).toMatchObject({
    format: 'ima',
    events: [
      { seq: 0, pcr: 10, template: 'ima-ng', fileName: 'boot_aggregate', isHashRight: true, isViolation: false },
      { fileName: '/usr/bin/true', fileHash: `sha256:${hex(digest('sha256', utf8('/usr/bin/true')))}` },
      { fileName: '/tmp/open', isViolation: true },
    ],
  });
  const first = explainIma(entry('boot_aggregate'));
  const template = first?.events[0]?.templateHash ?? '';
  expect(first?.pcrs['sha1']?.['10']).toBe(hex(digest('sha1', new Uint8Array(20), Buffer.from(template, 'hex'))));
  expect(first?.pcrs['sha256']?.['10']).not.toBe(first?.pcrs['sha256-padded']?.['10']);
});

test('a template hash that is not one of its data is told', () => {
  expect(explainIma(entry('/bin/sh', undefined, new Uint8Array(20).fill(1)))?.events[0]?.isHashRight).toBe(false);
});

test('F11: a list that is cut, or followed by a stray byte, is shown as far as it goes; other files are none', () => {
  const list = entry('boot_aggregate');
  expect(explainIma(concat(list, utf8('\n')))).toMatchObject({
    events: [{ fileName: 'boot_aggregate' }],
    problem: expect.stringMatching(/^ima\.1\.pcr at byte \d+: need 4 bytes, 1 left$/),
  });
  expect(explainIma(list.subarray(0, -3))).toMatchObject({ events: [], problem: expect.stringMatching(/^ima\.0/) });
  expect(explainIma(list)).not.toHaveProperty('problem');
  for (const file of [new Uint8Array(0), utf8('text'), new Uint8Array(100), list.subarray(0, 30)])
    expect(explainIma(file)).toBeUndefined();
});
