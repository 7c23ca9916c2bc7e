import { expect, test } from 'vitest';
import { decode, encode, fromHex, hex } from '../../bytes/index.ts';
import { AttestError, Malformed } from '../../errors.ts';
import { algorithm } from './algorithms.ts';
import { capability, commands } from './commands.ts';
import { decodeAnswer, encodeCommand, password, policySession } from './framing.ts';
import { selectionOf } from './selection.ts';

const none = new Uint8Array(0);

test('a command without authorisation', () => {
  const bytes = encodeCommand(commands.getCapability, { capability: capability.properties, first: 0x12c, count: 1 });
  expect(hex(bytes)).toBe(`8001${'00000016'}${'0000017a'}${'00000006'}${'0000012c'}${'00000001'}`);
  expect(hex(encodeCommand(commands.flushContext, { handle: 0x8000_0001 }))).toBe('80010000000e0000016580000001');
});

test('a command with handles and passwords', () => {
  const parameters = {
    extraData: fromHex('aabb'),
    scheme: { scheme: algorithm.none, hash: undefined },
    selection: [selectionOf(algorithm.sha256, [0, 23])],
  };
  const bytes = encodeCommand(commands.quote, parameters, [0x8101_0002], [password()]);
  expect(hex(bytes)).toBe(
    `8002${'0000002b'}${'00000158'}${'81010002'}${'00000009'}400000090000000000${'0002aabb'}${'0010'}${'00000001'}000b03010080`,
  );
});

test('the attributes of a policy session say whether it lives on', () => {
  const area = (keep: boolean): string =>
    hex(
      encodeCommand(
        commands.policySecret,
        { nonce: none, commandHash: none, reference: none, expiration: 0 },
        [1, 2],
        [policySession(0x0300_0000, keep)],
      ),
    ).slice(36 + 8, 36 + 8 + 18);
  expect([area(false), area(true)]).toEqual(['030000000000000000', '030000000000010000']);
});

test('as many handles and authorisations as the command takes', () => {
  const parameters = { persistent: 0x8101_0002 };
  expect(() => encodeCommand(commands.evictControl, parameters, [1], [password()])).toThrow(AttestError);
  expect(() => encodeCommand(commands.evictControl, parameters, [1, 2])).toThrow(
    'takes 2 handles and 1 authorisations',
  );
});

test('an answer with a handle and an authorisation', () => {
  const parts = ['8002', '0000001b', '00000000', '80000000', '00000004', '0002abcd', '0000010000'];
  expect(decodeAnswer(commands.load, fromHex(parts.join('')))).toEqual({
    code: 0,
    handle: 0x8000_0000,
    value: { name: fromHex('abcd') },
  });
});

test('an error is its code alone', () => {
  expect(decodeAnswer(commands.load, fromHex('80010000000a0000018b'))).toEqual({ code: 0x18b });
  expect(() => decodeAnswer(commands.load, fromHex('80010000000b0000018b00'))).toThrow('1 bytes after the error 0x18b');
});

test.each([
  ['80010000000b00000000', 'says it is 11 bytes long, and is 10'],
  ['80030000000a00000000', 'tag at byte 0'],
  ['8001000000', 'size at byte 2: need 4 bytes, 3 left'],
  ['80010000000a00000000', 'random at byte 10: need 2 bytes, 0 left'],
  ['80010000000d0000000000010f', undefined],
  ['80010000000e0000000000010f00', '1 bytes left over'],
  ['80020000000e00000000ffffffff', 'need 4294967295 bytes, 0 left'],
  ['80020000001200000000000000040001aabb', '1 bytes left over'],
])('the answer %s', (text, problem) => {
  const read = () => decodeAnswer(commands.getRandom, fromHex(text));
  if (problem === undefined) expect(read()).toMatchObject({ code: 0, value: { random: fromHex('0f') } });
  else {
    expect(read).toThrow(Malformed);
    expect(read).toThrow(problem);
  }
});

test('T36: lists in answers are bounded', () => {
  const many = fromHex(`8001${'00000013'}${'00000000'}00${'00000001'}${'ffffffff'}`);
  expect(() => decodeAnswer(commands.getCapability, many)).toThrow('4294967295 items, at most 1024');
});

test('every command has its own number and name, and its digests know their size', () => {
  const all = Object.values(commands);
  expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(all.every(({ handles, auths }) => auths <= handles)).toBe(true);
  const digests = { digests: [{ hash: algorithm.sha256, digest: new Uint8Array(32) }] };
  const { parameters } = commands.pcrExtend;
  expect(decode(parameters, encode(parameters, digests))).toEqual(digests);
  expect(() => decode(parameters, fromHex('000000010099aa'))).toThrow('hash 153 is not known');
});
