/**
 * Software TPMs (swtpm) behind a UNIX or TCP socket. A stream has no edges: an answer is as long as its header says, and
 * whatever comes unasked ends the connection.
 */
import { connect, type Socket } from 'node:net';
import type { Bytes } from '@assay/core/bytes';
import { systemCode } from '../http.ts';
import type { TpmDevice } from './device.ts';
import { TpmError } from './error.ts';
import { within } from './within.ts';

export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** Bytes of a header, and of the longest answer. */
const [shortest, longest] = [10, 4096];
const connectTimeoutMs = 5000;

interface Waiting {
  readonly resolve: (answer: Bytes) => void;
  readonly reject: (error: TpmError) => void;
}

/** @throws {TpmError} */
export async function connectSocket(address: SocketAddress): Promise<TpmDevice> {
  const name = 'path' in address ? address.path : `${address.host}:${address.port}`;
  const socket = connect(address);
  socket.setNoDelay(true);
  const connected = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) => reject(cannotConnect(name, cause)));
  });
  try {
    await within(connectTimeoutMs, connected, `${name} did not take the connection within ${connectTimeoutMs} ms`);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return overSocket(name, socket);
}

function overSocket(name: string, socket: Socket): TpmDevice {
  let waiting: Waiting | undefined;
  let lost: TpmError | undefined;
  let chunks = Buffer.alloc(0);

  const giveUp = (error: TpmError): void => {
    lost ??= error;
    socket.destroy();
    waiting?.reject(error);
    waiting = undefined;
  };
  socket.on('error', (cause) => giveUp(new TpmError('Lost', `${name}: the connection broke`, { cause })));
  socket.on('close', () => giveUp(new TpmError('Lost', `${name}: the software TPM closed the connection`)));
  socket.on('data', (chunk) => {
    if (!waiting) return giveUp(new TpmError('Nonsense', `${name} sent ${chunk.length} bytes that nobody asked for`));
    chunks = Buffer.concat([chunks, chunk]);
    if (chunks.length < shortest) return;
    const size = chunks.readUInt32BE(2);
    if (size < shortest || size > longest || chunks.length > size)
      return giveUp(
        new TpmError('Nonsense', `${name} sent ${chunks.length} bytes of an answer that says it is ${size} bytes long`),
      );
    if (chunks.length < size) return;
    const answer = new Uint8Array(chunks);
    chunks = Buffer.alloc(0);
    waiting.resolve(answer);
    waiting = undefined;
  });

  return {
    alone: true,
    async transmit(command, timeoutMs) {
      if (lost) throw lost;
      const answer = new Promise<Bytes>((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(command);
      });
      try {
        return await within(
          timeoutMs,
          answer,
          `${name} has not answered within ${timeoutMs} ms. A software TPM speaks to one program at a time: is another one connected?`,
        );
      } catch (error) {
        if (error instanceof TpmError) giveUp(error);
        throw error;
      }
    },
    close: () =>
      new Promise((resolve) => {
        lost ??= new TpmError('Lost', `${name}: the connection was closed`);
        if (socket.destroyed) return resolve();
        socket.once('close', () => resolve());
        socket.destroy();
      }),
  };
}

function cannotConnect(name: string, cause: Error): TpmError {
  const code = systemCode(cause);
  if (code === 'EACCES' || code === 'EPERM')
    return new TpmError('Denied', `no permission to use the socket ${name}`, { cause });
  const meaning =
    code === 'ECONNREFUSED' || code === 'ENOENT' ? 'nobody listens there. Is the software TPM running?' : cause.message;
  return new TpmError('Absent', `${name}: ${meaning} (${code ?? 'no more is known'})`, { cause });
}
