/** Makes requests as cheaply as can be: the same bytes again and again on connections that stay open. */
import { connect, type Socket } from 'node:net';

export interface Load {
  /**
   * Sends so many requests, a few at a time, and waits for all answers.
   * @returns milliseconds that it took
   */
  readonly send: (requests: number) => Promise<number>;
  /** The latest answer's body. */
  readonly last: () => string;
  readonly close: () => void;
}

/** @param url of a server without TLS */
export function load(url: string, path: string, body: string, connections: number): Load {
  const { hostname, port } = new URL(url);
  const request = Buffer.from(
    [
      `POST ${path} HTTP/1.1`,
      `Host: ${hostname}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
  const sockets = Array.from({ length: connections }, () =>
    // A server that stops resets idle connections; one that is in use says so by its end.
    connect(Number(port), hostname)
      .setNoDelay()
      .on('error', () => {}),
  );
  let latest = '';
  return {
    async send(requests) {
      const begin = performance.now();
      let left = requests;
      await Promise.all(
        sockets.map(async (socket) => {
          while (left-- > 0) latest = await exchange(socket, request);
        }),
      );
      return performance.now() - begin;
    },
    last: () => latest,
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** @throws {Error} for any answer but 200 */
function exchange(socket: Socket, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const hear = (chunk: Buffer): void => {
      answer += chunk.toString('latin1');
      const head = answer.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/^content-length: (\d+)/im.exec(answer.slice(0, head))?.[1]);
      if (answer.length < head + 4 + length) return;
      socket.off('data', hear).off('close', end);
      if (answer.startsWith('HTTP/1.1 200 ')) resolve(answer.slice(head + 4));
      else reject(new Error(answer));
    };
    const end = (): void => reject(new Error('the connection was closed'));
    socket.on('data', hear).once('close', end);
    socket.write(request);
  });
}
