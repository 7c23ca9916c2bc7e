/**
 * What happens below HTTP: connections that send no request, half of one, or too much of one. They get an answer in the
 * wire's shape where one can still be sent, and are closed.
 */
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AttestError, type ErrorCode } from '@assay/core';
import { requestId } from './request-id.ts';
import { wireBody, wireErrorOf } from './wire-errors.ts';

const failures: { readonly [code: string]: readonly [ErrorCode, string] } = {
  ERR_HTTP_REQUEST_TIMEOUT: ['RequestTimeout', 'The request did not arrive whole in time.'],
  ERR_SSL_HTTP_REQUEST: ['RequestMalformed', 'This service is asked over TLS: the address begins with https.'],
  HPE_HEADER_OVERFLOW: ['HeadersTooLarge', 'The request has more bytes of headers than this service accepts.'],
};
const unreadable = ['RequestMalformed', 'This is not an HTTP request that this service can read.'] as const;

/** How long a client may take to read the answer, in milliseconds. */
const patience = 1000;

const reasons: { readonly [status: number]: string } = {
  400: 'Bad Request',
  408: 'Request Timeout',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
};

/** For Node's event `clientError`. */
export function answerBroken(error: Error & { readonly code?: string }, socket: Socket): void {
  const { code = '' } = error;
  const [ours, message] = failures[code] ?? unreadable;
  // What failed below HTTP, such as a TLS handshake, has nobody to answer; an answer that has begun cannot be replaced.
  const { _httpMessage: begun, _parent: bare } = socket as Socket & {
    readonly _httpMessage?: { readonly headersSent: boolean };
    readonly _parent?: Socket;
  };
  const isHttp = Object.hasOwn(failures, code) || code.startsWith('HPE_');
  // Who sends plain HTTP to the TLS port is answered in it, beside the TLS that never began.
  const open = code === 'ERR_SSL_HTTP_REQUEST' ? bare : socket;
  if (!isHttp || !open?.writable || begun?.headersSent) {
    socket.destroy();
    return;
  }
  answer(open, new AttestError(ours, message));
}

/** For Node's event `connect`: whoever takes this service for a proxy. */
export function refuseTunnel(_request: unknown, socket: Duplex): void {
  socket.on('error', () => {});
  answer(socket, new AttestError('MethodNotAllowed', 'This service is no proxy.'));
}

/** Says it, and closes. */
function answer(socket: Duplex, error: AttestError): void {
  const wire = wireErrorOf(error, true);
  const body = wireBody(wire, undefined);
  const lines = [
    `HTTP/1.1 ${wire.status} ${reasons[wire.status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    `x-ms-error-code: ${wire.wire}`,
    `x-ms-request-id: ${requestId(undefined)}`,
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  setTimeout(() => socket.destroy(), patience).unref();
}

/** The connections of a server, so that stopping need not wait for those that never asked anything. */
export function connectionsOf(server: Server): { readonly destroySilent: () => void; readonly destroyAll: () => void } {
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return {
    destroySilent() {
      for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    },
    destroyAll() {
      for (const socket of open) socket.destroy();
    },
  };
}
