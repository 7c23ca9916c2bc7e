/** Puts a stand-in for a collateral service on a port, well-behaved or with a fault. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type Behaviour, type FaultName, faults } from './faults.ts';
import type { Answering } from './published.ts';

export interface StandInOptions {
  readonly answer: Answering;
  readonly host?: string;
  /** Any free one unless told. */
  readonly port?: number;
  /** Serves TLS with this certificate and key, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface StandIn {
  readonly url: string;
  /** Paths and queries asked for, in order. */
  readonly asked: readonly string[];
  /** From now on all answers have this fault; undefined: none. With a part of a path: those alone whose path has it. */
  readonly misbehave: (fault: FaultName | undefined, path?: string) => void;
  readonly close: () => Promise<void>;
}

export async function serveStandIn({ answer, host = '127.0.0.1', port = 0, tls }: StandInOptions): Promise<StandIn> {
  const asked: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let fault: FaultName | undefined;
  let where = '';

  function respond({ url: path = '/' }: IncomingMessage, response: ServerResponse): void {
    asked.push(path);
    const url = new URL(path, 'http://stand-in.invalid');
    const isWrong = fault !== undefined && path.includes(where);
    const behaviour: Behaviour = isWrong ? faults[fault as FaultName](url, answer) : { reply: answer(url) };
    const timer = setTimeout(() => {
      timers.delete(timer);
      write(behaviour, response);
    }, behaviour.waits ?? 0);
    timers.add(timer);
  }

  const server: Server = tls ? createTlsServer(tls, respond) : createServer(respond);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const address = server.address();
  const bound = typeof address === 'object' && address ? address.port : port;
  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    asked,
    misbehave(name, path = '') {
      fault = name;
      where = path;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function write({ reply, cutAfter, padding = 0 }: Behaviour, response: ServerResponse): void {
  const { status, headers, body } = reply;
  response.on('error', () => {});
  if (cutAfter !== undefined) {
    response.writeHead(status, { ...headers, 'Content-Length': body.length });
    response.write(body.subarray(0, cutAfter), () => response.destroy());
    return;
  }
  response.writeHead(status, headers);
  response.write(body);
  void pad(response, padding).finally(() => response.end());
}

/** Zero bytes, as fast as they are taken. */
async function pad(response: ServerResponse, length: number): Promise<void> {
  const piece = new Uint8Array(64 * 1024);
  for (let left = length; left > 0 && !response.destroyed; left -= piece.length)
    await new Promise((resolve) => response.write(piece, resolve));
}
