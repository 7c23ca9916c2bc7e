/** The demo's stage: starts actors as processes of their own, hears their news in order, and leaves nobody behind. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../exit.ts';
import type { Failed } from './messages.ts';

export interface Actor<Order, News> {
  readonly pid: number;
  readonly order: (order: Order) => void;
  /** The next piece of news, whatever kind it is. */
  readonly news: () => Promise<News>;
  readonly leave: () => Promise<void>;
}

/** How long one piece of news may take, in milliseconds: a slow machine makes an RSA key in a second or two. */
const patience = 30_000;
/** How long an actor may take to leave before it is made to: a TPM on its way is first finished, then switched off. */
const courtesy = 15_000;

/**
 * @param script beside this file, built
 * @param folder for its temporary files
 */
export function enter<Order, News extends { readonly kind: string }>(
  script: string,
  folder: string,
): Actor<Order, News> {
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), [], {
    execArgv: [],
    env: { ...process.env, TMPDIR: folder },
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const heard: (News | Failed)[] = [];
  let waiting: ((news: News | Failed) => void) | undefined;
  let complaints = '';
  const hear = (news: News | Failed): void => {
    if (waiting) waiting(news);
    else heard.push(news);
    waiting = undefined;
  };
  child.on('message', (message) => hear(message as News | Failed));
  child.stderr?.on('data', (chunk: Buffer) => {
    complaints = `${complaints}${chunk.toString('utf8')}`.slice(-2000);
  });
  child.once('exit', (code, signal) =>
    hear({ kind: 'failed', message: `the process ended (${signal ?? code}) ${complaints}`.trim() }),
  );
  child.once('error', (error) => hear({ kind: 'failed', message: error.message }));

  return {
    pid: child.pid ?? 0,
    order: (order) => void child.send(order as object),
    async news() {
      const news =
        heard.shift() ?? (await within(patience, new Promise<News | Failed>((resolve) => (waiting = resolve))));
      if (isFailed(news))
        throw new CommandError('unavailable', `${script.replace(/^\.\/|\.js$/g, '')}: ${news.message}`);
      return news;
    },
    leave: () => leave(child),
  };
}

const isFailed = (news: { readonly kind: string }): news is Failed => news.kind === 'failed';

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new CommandError('unavailable', `no news for ${milliseconds / 1000} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function leave(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), courtesy);
  await gone;
  clearTimeout(timer);
}
