/** What the client tells on its way, whatever evidence it is sent for. */
import type { Collected } from './messages.ts';

export interface Way {
  readonly collected: (what: Omit<Collected, 'kind'>) => void;
  /** The evidence leaves now. */
  readonly sending: () => void;
}
