import { setTimeout as delay } from 'node:timers/promises';
import { encode, u16be, u32be } from '@assay/core/bytes';
import { algorithm, commands } from '@assay/core/tcg';
import { describe, expect, test } from 'vitest';
import { AttestationError } from '../error.ts';
import { TpmError } from './error.ts';
import { answering, fakeTpm } from './fake.test.support.ts';
import { type Tpm, withTpm } from './tpm.ts';

const random = (tpm: Tpm) => tpm.call(commands.getRandom, { count: 0 });
const noBytes = encode(u16be, 0);
const success = answering(0, noBytes);

/** How a conversation ends, and how long was waited in it. */
async function outcome(device: ReturnType<typeof fakeTpm>['device'], work: (tpm: Tpm) => Promise<unknown> = random) {
  const slept: number[] = [];
  const sleep = async (ms: number) => {
    slept.push(ms);
  };
  const error = await withTpm(device, work, { sleep }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, slept };
}

describe('a busy TPM', () => {
  test.each([0x922, 0x908, 0x90a])('that says 0x%x is asked again, ever more slowly', async (busy) => {
    const fake = fakeTpm((_, count) => (count < 5 ? answering(busy) : success));
    expect(await outcome(fake.device)).toEqual({ error: undefined, slept: [20, 40, 80, 160, 320] });
    expect(fake.got.length).toBe(6);
  });

  test('is not asked forever', async () => {
    const fake = fakeTpm(() => answering(0x922));
    const { error, slept } = await outcome(fake.device);
    expect(error).toMatchObject({ reason: 'RETRY', rc: 0x922 });
    expect(slept.length).toBe(5);
  });

  test.each([0x921, 0x98e, 0x9a2, 0x902])('that says 0x%x is not asked again', async (code) => {
    const fake = fakeTpm(() => answering(code));
    const { error, slept } = await outcome(fake.device);
    expect(error).toBeInstanceOf(TpmError);
    expect(error).toBeInstanceOf(AttestationError);
    expect([slept, fake.got.length]).toEqual([[], 1]);
  });
});

describe('a conversation', () => {
  const session = (handle: number) => answering(0, new Uint8Array([...encode(u32be, handle), ...noBytes]));
  const start = (tpm: Tpm) =>
    tpm.call(
      commands.startAuthSession,
      {
        nonce: new Uint8Array(16),
        salt: new Uint8Array(0),
        type: 1,
        symmetric: algorithm.none,
        hash: algorithm.sha256,
      },
      [0x4000_0007, 0x4000_0007],
    );
  const { startAuthSession, flushContext, getRandom, shutdown, startup, getCapability } = commands;

  test('has one command in flight', async () => {
    const fake = fakeTpm(async () => {
      await delay(1);
      return success;
    });
    const { error } = await outcome(fake.device, (tpm) => Promise.all(Array.from({ length: 8 }, () => random(tpm))));
    expect(error).toBeUndefined();
    expect(fake.got.length).toBe(8);
  });

  test('goes on after a refusal', async () => {
    const fake = fakeTpm((_, count) => (count === 0 ? answering(0x101) : success));
    const { error } = await outcome(fake.device, async (tpm) => {
      await expect(random(tpm)).rejects.toMatchObject({ reason: 'FAILURE' });
      await random(tpm);
    });
    expect(error).toBeUndefined();
  });

  test.each([false, true])('flushes what it made, newest first, and closes (work failed: %s)', async (fails) => {
    const flushed: string[] = [];
    const fake = fakeTpm((code, count) => {
      if (code === startAuthSession.code) return session(0x0300_0000 + count);
      flushed.push(code.toString(16));
      return answering(0);
    });
    const { error } = await outcome(fake.device, async (tpm) => {
      await start(tpm);
      const { handle } = await start(tpm);
      await start(tpm);
      await tpm.flush(handle);
      if (fails) throw new RangeError('enough');
    });
    expect(error).toEqual(fails ? new RangeError('enough') : undefined);
    const wanted = [startAuthSession, startAuthSession, startAuthSession, flushContext, flushContext, flushContext];
    expect(fake.got).toEqual(wanted.map(({ code }) => code));
    expect([flushed.length, fake.isClosed()]).toEqual([3, true]);
  });

  test('does not mind what is flushed already', async () => {
    const fake = fakeTpm((code) => (code === startAuthSession.code ? session(0x0300_0000) : answering(0x1cb)));
    expect((await outcome(fake.device, start)).error).toBeUndefined();
  });

  test('keeps the first error, also when tidying fails too', async () => {
    const fake = fakeTpm((code) => (code === startAuthSession.code ? session(1) : answering(0x101)));
    const { error } = await outcome(fake.device, async (tpm) => {
      await start(tpm);
      await random(tpm);
    });
    expect(error).toMatchObject({ reason: 'FAILURE', command: 'GetRandom' });
    expect(fake.isClosed()).toBe(true);
  });

  test('starts, clears and shuts down a TPM that is its own alone', async () => {
    let started = false;
    const handles = (...found: readonly number[]) =>
      answering(
        0,
        new Uint8Array([
          0,
          ...encode(u32be, 1),
          ...encode(u32be, found.length),
          ...found.flatMap((h) => [...encode(u32be, h)]),
        ]),
      );
    let asked = 0;
    const fake = fakeTpm((code) => {
      if (code === getCapability.code) return asked++ === 0 ? handles(0x8000_0000, 0x8000_0002) : handles();
      if (code === startup.code) {
        started = true;
        return answering(0);
      }
      if (code === getRandom.code) return started ? success : answering(0x100);
      return answering(0);
    }, true);
    expect((await outcome(fake.device)).error).toBeUndefined();
    expect(fake.got).toEqual(
      [
        ...[getRandom, startup, getCapability, flushContext, flushContext, getCapability, getCapability],
        ...[getRandom, shutdown],
      ].map(({ code }) => code),
    );
  });

  test('leaves the machine’s own TPM as it is', async () => {
    const fake = fakeTpm(() => answering(0x100));
    expect((await outcome(fake.device)).error).toMatchObject({ reason: 'INITIALIZE' });
    expect(fake.got).toEqual([getRandom.code]);
  });
});

test.each([
  ['cut off', answering(0)],
  ['too long', answering(0, new Uint8Array([0, 0, 7]))],
  ['of another length than it says', new Uint8Array([...success, 0])],
  ['an error with something behind it', answering(0x101, noBytes)],
  ['without a tag', new Uint8Array(12)],
  ['nothing', new Uint8Array(0)],
])('an answer that is %s', async (_, answer) => {
  const { error } = await outcome(fakeTpm(() => answer).device);
  expect(error).toMatchObject({ reason: 'Nonsense', code: 'EvidenceUnavailable' });
  expect((error as Error).message).toMatch(/^TPM2_GetRandom: the answer does not fit the command: /);
});
