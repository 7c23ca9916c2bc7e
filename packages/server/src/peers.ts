/**
 * The other processes of one service: what one of them has in memory, all can be asked for. Questions go through the
 * process that started them; each answers from its own memory, and one that does not answer in time has no answer.
 */
import type { AttestError } from '@assay/core';
import type { Config } from './config.ts';

/** What processes ask each other. */
type Question = { readonly appraisal: string } | { readonly metrics: true };

export interface Peers {
  /** @returns what each of the others answers, those left out that know nothing */
  readonly ask: (question: Question) => Promise<readonly unknown[]>;
  /** Says how this process answers; undefined: it knows nothing. */
  readonly answer: (respond: (question: Question) => unknown) => void;
}

/** One process alone. */
export const nobody: Peers = { ask: async () => [], answer: () => {} };

/** What goes through the channel between a worker and the process that started it. */
export type Message =
  | { readonly listening: true }
  | { readonly config: Config }
  | { readonly ask: number; readonly question: Question }
  | { readonly answers: number; readonly found: readonly unknown[] }
  | { readonly query: number; readonly question: Question }
  | { readonly reply: number; readonly found: unknown }
  | { readonly ready: Ready }
  | { readonly failed: { readonly code: AttestError['code']; readonly message: string } };

/** What a worker says when it takes requests. */
export interface Ready {
  readonly url: string;
  readonly issuer: string;
  readonly authority?: string;
  readonly insecure: readonly string[];
  readonly warnings: readonly string[];
}

/** One end of such a channel. */
export interface Channel {
  readonly send: (message: Message) => void;
  readonly onMessage: (hear: (message: Message) => void) => void;
}

/** How long an answer may take, in milliseconds. */
const patience = 1000;

/** The side of a worker. */
export function peersOf({ send, onMessage }: Channel): Peers {
  const waiting = new Map<number, (found: readonly unknown[]) => void>();
  let last = 0;
  let respond: (question: Question) => unknown = () => undefined;
  async function reply(query: number, question: Question): Promise<void> {
    // What cannot be told is not known.
    const found = await Promise.resolve(question)
      .then(respond)
      .catch(() => null);
    send({ reply: query, found: found ?? null });
  }
  onMessage((message) => {
    if ('answers' in message) {
      waiting.get(message.answers)?.(message.found);
      waiting.delete(message.answers);
    }
    if ('query' in message) void reply(message.query, message.question);
  });
  return {
    ask: (question) =>
      new Promise((resolve) => {
        const ask = ++last;
        waiting.set(ask, resolve);
        send({ ask, question });
      }),
    answer(by) {
      respond = by;
    },
  };
}

/**
 * The side of the process that started them: hands each question to all the others, and their answers back.
 * @returns adds a worker's channel; the answer removes it again
 */
export function relay(): (worker: Channel) => () => void {
  const workers = new Set<Channel>();
  const waiting = new Map<number, (found: unknown) => void>();
  let last = 0;

  const query = (worker: Channel, question: Question): Promise<unknown> =>
    new Promise((resolve) => {
      const number = ++last;
      const timer = setTimeout(() => end(null), patience);
      const end = (found: unknown): void => {
        clearTimeout(timer);
        waiting.delete(number);
        resolve(found);
      };
      waiting.set(number, end);
      worker.send({ query: number, question });
    });

  async function answer(worker: Channel, ask: number, question: Question): Promise<void> {
    const others = [...workers].filter((one) => one !== worker);
    const found = await Promise.all(others.map((one) => query(one, question)));
    worker.send({ answers: ask, found: found.filter((one) => one !== null) });
  }

  return (worker) => {
    workers.add(worker);
    worker.onMessage((message) => {
      if ('reply' in message) waiting.get(message.reply)?.(message.found);
      if ('ask' in message) void answer(worker, message.ask, message.question);
    });
    return () => workers.delete(worker);
  };
}
