/** One of several processes of a service: it gets its configuration from the process that started it. */
import { AttestError } from '@assay/core';
import type { Config } from './config.ts';
import { serveUntilStopped } from './main.ts';
import { type Channel, type Message, peersOf } from './peers.ts';

/** Messages to a process that has gone are lost, as all of this is. */
const channel: Channel = {
  send: (message) => process.connected && process.send?.(message, undefined, undefined, () => {}),
  onMessage: (hear) => process.on('message', (message) => hear(message as Message)),
};

async function serve(config: Config): Promise<void> {
  const peers = peersOf(channel);
  // Without the process that started it nobody would ever stop it.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  try {
    await serveUntilStopped(config, ({ close: _, ...ready }) => channel.send({ ready }), { peers });
  } catch (error) {
    if (!(error instanceof AttestError)) throw error;
    channel.send({ failed: { code: error.code, message: error.message } });
  }
  process.disconnect?.();
}

channel.onMessage((message) => {
  if ('config' in message) void serve(message.config);
});
// What is sent to a process before it listens is lost.
channel.send({ listening: true });
