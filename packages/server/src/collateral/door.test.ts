import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { developmentTls } from '../keys/tls.ts';
import { serveStandIn } from '../testing/index.ts';
import { type Door, doorTo, type Reach } from './door.ts';
import type { CollateralFailure } from './failure.ts';

let folder = '';
const servers: Server[] = [];
const doors: Door[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-door-'));
});
afterEach(async () => {
  for (const door of doors.splice(0)) door.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  rmSync(folder, { recursive: true, force: true });
});

const door = (reach: Partial<Reach> = {}): Door => {
  const made = doorTo(
    { timeoutMilliseconds: 2000, longestAnswer: 1000, ...reach },
    () => new Date('2026-03-01T12:00:00Z'),
  );
  doors.push(made);
  return made;
};
async function listening(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const serving = (respond: RequestListener): Promise<string> => listening(createServer(respond));
const failing = async (work: Promise<unknown>): Promise<CollateralFailure> =>
  work.then(
    () => expect.fail('no failure'),
    (failure: CollateralFailure) => failure,
  );

const answer = () => ({ status: 200, headers: {}, body: new TextEncoder().encode('over TLS') });
const tls = () => {
  const { cert, key, authority = '' } = developmentTls(join(folder, 'keys'), 'https://localhost', new Date());
  return { cert, key, authority };
};

test('a private CA is trusted where it is configured, and nowhere else', async () => {
  const { authority, ...own } = tls();
  const standIn = await serveStandIn({ answer, tls: own });
  const url = new URL(standIn.url.replace('127.0.0.1', 'localhost'));
  expect((await door({ ca: authority }).get(url)).body.length).toBe(8);
  expect(await failing(door().get(url))).toMatchObject({
    reason: 'unreachable',
    message: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/),
  });
  await standIn.close();
});

test('roots that cannot be read, or are none, are mistakes of the configuration', () => {
  expect(() => door({ ca: join(folder, 'absent') })).toThrow(/roots in .*absent cannot be read/);
  writeFileSync(join(folder, 'none.pem'), 'nothing');
  expect(() => door({ ca: join(folder, 'none.pem') })).toThrow(/holds no certificate in PEM/);
});

test('a proxy is gone through, to TLS as well', async () => {
  const { authority, ...own } = tls();
  const standIn = await serveStandIn({ answer, tls: own });
  const through: string[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ url = '' }, socket) => {
    through.push(url);
    const onward = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const url = new URL(standIn.url.replace('127.0.0.1', 'localhost'));
  const reach = { ca: authority, proxy: await listening(proxy) };
  expect((await door(reach).get(url)).body.length).toBe(8);
  expect(through).toEqual([`localhost:${url.port}`]);
  await standIn.close();
});

test('T41: redirects are followed on the same host and port alone', async () => {
  const other = await serving((_request, response) => response.end('other'));
  const url = await serving(({ url: path = '' }, response) => {
    if (path === '/end') return response.end('here');
    response.writeHead(302, { location: path === '/out' ? `${other}/` : '/end' });
    return response.end();
  });
  expect((await door().get(new URL('/start', url))).body.length).toBe(4);
  expect(await failing(door().get(new URL('/out', url)))).toMatchObject({ reason: 'redirect' });
});

test('names of headers have no case; a header twice is no answer', async () => {
  const url = await serving(({ url: path }, response) => {
    response.setHeader('SgX-tCb-InFo-IsSuEr-ChAiN', path === '/twice' ? ['a', 'b'] : 'a');
    response.end('x');
  });
  const { header } = await door().get(new URL(url));
  expect(header('sgx-tcb-info-issuer-chain')).toBe('a');
  const twice = await door().get(new URL('/twice', url));
  expect(() => twice.header('sgx-tcb-info-issuer-chain')).toThrow(/2 times/);
});

test.each([
  ['7', 7000],
  ['Sun, 01 Mar 2026 12:01:00 GMT', 60_000],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
  ['99999', 3_600_000],
  ['soon', undefined],
])('T38: Retry-After %s', async (value, wait) => {
  const url = await serving((_request, response) => response.writeHead(429, { 'retry-after': value }).end());
  expect(await failing(door().get(new URL(url)))).toMatchObject({ reason: 'limited', waitMilliseconds: wait });
});

test('T38: an answer that dribbles in ends with its time', async () => {
  const url = await serving((_request, response) => {
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  });
  expect(await failing(door({ timeoutMilliseconds: 200 }).get(new URL(url)))).toMatchObject({ reason: 'timeout' });
});

test('an answer of the longest length is taken, one byte more is not', async () => {
  const url = await serving(({ url: path = '' }, response) => response.end('x'.repeat(Number(path.slice(1)))));
  expect((await door().get(new URL('/1000', url))).body.length).toBe(1000);
  expect(await failing(door().get(new URL('/1001', url)))).toMatchObject({ reason: 'too-large' });
});

test('nobody there, and a closed door', async () => {
  const nobody = new URL('http://127.0.0.1:9');
  expect(await failing(door().get(nobody))).toMatchObject({ reason: 'unreachable', message: 'ECONNREFUSED' });
  const url = await serving(() => {});
  const closing = door();
  const waiting = failing(closing.get(new URL(url)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  closing.close();
  expect((await waiting).reason).toBe('unreachable');
});
