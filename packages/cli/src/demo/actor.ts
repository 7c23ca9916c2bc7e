/**
 * A process of the demo, seen from inside: takes orders one by one over its channel, and ends when the channel does, so
 * that nothing is left behind whatever happens to the stage.
 */
import type { Failed } from './messages.ts';

/** @param act works on one order; may tell several pieces of news */
export function actor<Order, News>(act: (order: Order, tell: (news: News | Failed) => void) => Promise<void>): void {
  // Where nobody listens any more there is nothing to tell.
  const tell = (news: News | Failed): void => void (process.connected && process.send?.(news));
  let work = Promise.resolve();
  process.on('message', (order) => {
    work = work
      .then(() => act(order as Order, tell))
      .catch((error: unknown) =>
        tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
      );
  });
}
