/**
 * Several processes on one port and one data folder. This one does no work of the service: it starts the others, hands
 * their questions around, replaces those that end by accident, and stops them all.
 */
import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AttestError } from '@assay/core';
import type { Config } from './config.ts';
import { withPort } from './main.ts';
import { type Channel, type Message, type Ready, relay } from './peers.ts';

/** The same kind of file as this one, so that it runs from source as well as built. */
const script = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));

/** How long after an accident a worker is replaced, in milliseconds: what ends at once must not be started at once. */
const pause = 1000;
/** How much longer than configured a worker may take to stop, in milliseconds. */
const grace = 5000;

/**
 * Serves with as many processes as configured, until SIGTERM or SIGINT; a second signal ends them all at once.
 * @param started told once, when all of them take requests
 * @throws {AttestError} what kept a process from starting
 */
export async function serveWorkersUntilStopped(given: Config, started: (ready: Ready) => void): Promise<void> {
  const config = await withPort(given);
  const join = relay();
  const running = new Set<Worker>();
  let isStopping = false;
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  cluster.setupPrimary({ exec: script, args: [] });

  async function start(): Promise<Ready> {
    const worker = cluster.fork();
    running.add(worker);
    const leave = join(channelTo(worker));
    let hasBegun = false;
    worker.once('exit', () => {
      running.delete(worker);
      leave();
      if (hasBegun) replace();
    });
    const ready = await serving(worker, config);
    hasBegun = true;
    return ready;
  }

  function replace(): void {
    if (isStopping) return;
    setTimeout(() => {
      if (!isStopping) start().catch(replace);
    }, pause);
  }

  async function stop(): Promise<void> {
    isStopping = true;
    const workers = [...running];
    for (const worker of workers) worker.process.kill('SIGTERM');
    const { noticeSeconds, drainSeconds } = config.limits;
    const deadline = setTimeout(
      () => {
        for (const worker of running) worker.process.kill('SIGKILL');
      },
      (noticeSeconds + drainSeconds) * 1000 + grace,
    );
    await Promise.all(workers.map((worker) => running.has(worker) && once(worker, 'exit')));
    clearTimeout(deadline);
  }

  try {
    // The first one makes keys and certificates where there are none; the others find them made.
    const ready = await start();
    for (let more = 1; more < config.workers; more++) await start();
    started(ready);
    await stopped;
  } finally {
    await stop();
  }
}

const channelTo = (worker: Worker): Channel => ({
  send: (message) => worker.isConnected() && worker.send(message, undefined, () => {}),
  onMessage: (hear) => worker.on('message', (message: Message) => hear(message)),
});

/** Tells a worker its configuration. Resolves when it takes requests, rejects when it cannot. */
function serving(worker: Worker, config: Config): Promise<Ready> {
  const channel = channelTo(worker);
  return new Promise((resolve, reject) => {
    channel.onMessage((message) => {
      if ('listening' in message) channel.send({ config });
      if ('ready' in message) resolve(message.ready);
      if ('failed' in message) reject(new AttestError(message.failed.code, message.failed.message));
    });
    worker.once('exit', (code, signal) =>
      reject(new AttestError('Defect', `A process of the service ended with ${signal ?? code} before it was ready`)),
    );
  });
}
