import { expect, test, vi } from 'vitest';
import { type Channel, type Message, nobody, type Peers, peersOf, relay } from './peers.ts';

/** Two ends of a channel whose messages go as text, as between processes. */
function channel(): { readonly worker: Channel; readonly primary: Channel } {
  const heard: { worker: ((message: Message) => void)[]; primary: ((message: Message) => void)[] } = {
    worker: [],
    primary: [],
  };
  const end = (here: 'worker' | 'primary', there: 'worker' | 'primary'): Channel => ({
    send(message) {
      const sent = JSON.stringify(message);
      queueMicrotask(() => {
        for (const hear of heard[there]) hear(JSON.parse(sent));
      });
    },
    onMessage: (hear) => heard[here].push(hear),
  });
  return { worker: end('worker', 'primary'), primary: end('primary', 'worker') };
}

function service(workers: number): { readonly peers: readonly Peers[]; readonly leave: readonly (() => void)[] } {
  const join = relay();
  const channels = Array.from({ length: workers }, channel);
  const leave = channels.map(({ primary }) => join(primary));
  return { peers: channels.map(({ worker }) => peersOf(worker)), leave };
}

test('a question goes to all the others, and those that know nothing are left out', async () => {
  const { peers } = service(4);
  peers.forEach((one, i) => {
    one.answer((question) => ('appraisal' in question && i !== 2 ? `${question.appraisal} of ${i}` : undefined));
  });
  expect(await peers[0]?.ask({ appraisal: 'a' })).toEqual(['a of 1', 'a of 3']);
  const asked = await Promise.all(peers.map((one) => one.ask({ appraisal: 'b' })));
  expect(asked.map((found) => found.length)).toEqual([2, 2, 3, 2]);
});

test('one that fails, one that is silent and one that has gone have no answer', async () => {
  vi.useFakeTimers();
  const { peers, leave } = service(4);
  peers[1]?.answer(() => {
    throw new TypeError('a defect');
  });
  peers[2]?.answer(() => new Promise(() => {}));
  peers[3]?.answer(() => 'gone');
  leave[3]?.();
  const asked = peers[0]?.ask({ metrics: true });
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();
  expect(await asked).toEqual([]);
});

test('one process alone asks nobody', async () => {
  nobody.answer(() => 'x');
  expect(await nobody.ask({ metrics: true })).toEqual([]);
});
