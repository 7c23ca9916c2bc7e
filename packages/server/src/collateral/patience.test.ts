import { expect, test } from 'vitest';
import { patience } from './patience.ts';

const down = { says: 'down', waitMilliseconds: undefined } as const;

function clocked(random = 0) {
  const clock = { time: 0 };
  return {
    clock,
    ...patience({ now: () => new Date(clock.time), random: () => random, unknownMilliseconds: 600_000 }),
  };
}

test('T38: a source that fails again and again is left alone for longer and longer, up to five minutes', () => {
  const { clock, allows, failed } = clocked();
  for (let i = 0; i < 4; i++) {
    expect(allows('a')).toBe(true);
    failed('a', down);
  }
  const rests = Array.from({ length: 8 }, () => {
    const from = clock.time;
    while (!allows('b')) clock.time += 1000;
    // That was the one request that tries.
    expect(allows('c')).toBe(false);
    failed('b', down);
    return (clock.time - from) / 1000;
  });
  expect(rests).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
});

test('services that failed together do not try again together', () => {
  const rest = (random: number): number => {
    const { clock, allows, failed } = clocked(random);
    for (let i = 0; i < 4; i++) failed('a', down);
    while (!allows('a')) clock.time += 100;
    return clock.time;
  };
  expect(rest(0)).toBe(5000);
  expect(rest(0.5)).toBe(5500);
});

test('one good answer, and all is well', () => {
  const { clock, allows, failed, succeeded } = clocked();
  for (let i = 0; i < 4; i++) failed('a', down);
  clock.time = 5000;
  expect(allows('a')).toBe(true);
  succeeded('a');
  expect([allows('a'), allows('b'), allows('c')]).toEqual([true, true, true]);
});

test('what is absent or wrong rests alone', () => {
  const { clock, allows, failed } = clocked();
  failed('absent', { says: 'absent', waitMilliseconds: undefined });
  failed('wrong', { says: 'wrong', waitMilliseconds: undefined });
  expect([allows('absent'), allows('wrong'), allows('other')]).toEqual([false, false, true]);
  clock.time = 60_000;
  expect([allows('absent'), allows('wrong')]).toEqual([false, true]);
  clock.time = 600_000;
  expect(allows('absent')).toBe(true);
});

test('T38: who asks to wait without saying how long is given a minute', () => {
  const { clock, allows, failed } = clocked();
  failed('a', { says: 'busy', waitMilliseconds: undefined });
  clock.time = 59_999;
  expect(allows('b')).toBe(false);
  clock.time = 60_000;
  expect(allows('b')).toBe(true);
});
