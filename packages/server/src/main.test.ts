import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { toPem } from '@assay/core';
import { forgeIntel } from '@assay/core/testing';
import { afterEach, expect, test } from 'vitest';
import { type Served, serve } from './main.ts';
import { type Bedding, bedding, fakeType, permitAll, quoteOf } from './testbed.test.helper.ts';

const running: { served: Served; folder: string }[] = [];
let log = '';
const logTo = {
  write(line: string): void {
    log += line;
  },
};
async function start(flags: Record<string, string>, parts: Bedding = {}): Promise<Served> {
  const { folder, config } = bedding({ flags: { 'listen-port': '0', ...flags } });
  const served = await serve(config, { types: [fakeType()], logTo, ...parts });
  running.push({ served, folder });
  return served;
}
afterEach(async () => {
  for (const { served, folder } of running.splice(0)) {
    await served.close();
    rmSync(folder, { recursive: true, force: true });
  }
  log = '';
});

const portOf = ({ url }: Served): number => Number(new URL(url).port);

/** Sends bytes and reads until the other side closes. */
function exchange(
  port: number,
  chunks: readonly string[],
  everyMilliseconds = 0,
): Promise<{ answer: string; milliseconds: number }> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve({ answer, milliseconds: performance.now() - began }));
    const send = ([first, ...rest]: readonly string[]): void => {
      if (first === undefined || socket.destroyed) return;
      socket.write(first, 'latin1');
      setTimeout(() => send(rest), everyMilliseconds);
    };
    send(chunks);
  });
}
const bodyOf = (answer: string): { error: { code: string; innererror: { code: string } } } =>
  JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
const head = 'POST /attest/Fake?api-version=2020-10-01 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const plain = { 'insecure-plain-http': 'true' };

test('T37: a body that dribbles in is cut off with 408', async () => {
  const port = portOf(await start({ ...plain, 'limits-request-seconds': '0.3' }));
  const { answer, milliseconds } = await exchange(
    port,
    [`${head}Content-Length: 1000\r\n\r\n`, ...'{"quote":"AAAAAAAAAAAAAAAAAAAA'],
    100,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(bodyOf(answer).error.code).toBe('RequestTimeout');
  expect(milliseconds).toBeLessThan(3000);
});

test('T37: headers that dribble in, and a connection that sends nothing, are cut off', async () => {
  const port = portOf(await start({ ...plain, 'limits-request-seconds': '0.3' }));
  const slow = await exchange(port, ['GET /certs HTTP/1.1\r\n', ...'X-Slow: aaaaaaaaaaaaaaaaaaaaaa'], 100);
  expect(slow.answer).toMatch(/^HTTP\/1\.1 408 /);
  const silent = await exchange(port, []);
  expect(silent.milliseconds).toBeLessThan(3000);
});

test('T37: a flood of headers is refused with 431', async () => {
  const port = portOf(await start(plain));
  const long = await exchange(port, [`GET /certs HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(100_000)}\r\n\r\n`]);
  expect(long.answer).toMatch(/^HTTP\/1\.1 431 /);
  expect(bodyOf(long.answer).error.code).toBe('RequestHeaderFieldsTooLarge');
  const many = await exchange(port, [
    `GET /certs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${'x: y\r\n'.repeat(100)}\r\n`,
  ]);
  expect(many.answer).toMatch(/^HTTP\/1\.1 431 /);
});

test('T37: idle connections do not keep others from being served', async () => {
  const served = await start({});
  const idle = await Promise.all(
    Array.from(
      { length: 50 },
      () =>
        new Promise<ReturnType<typeof connect>>((resolve) => {
          const socket = connect(portOf(served), '127.0.0.1', () => resolve(socket));
          socket.on('error', () => {});
        }),
    ),
  );
  const began = performance.now();
  expect((await get(served, '/certs')).status).toBe(200);
  expect(performance.now() - began).toBeLessThan(2000);
  for (const socket of idle) socket.destroy();
});

test('T37: a TLS handshake that never ends is cut off', async () => {
  const served = await start({ 'limits-request-seconds': '0.3' });
  const { milliseconds } = await exchange(portOf(served), ['\u0016\u0003\u0001']);
  expect(milliseconds).toBeLessThan(3000);
});

test.each([
  'not http at all\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'GET /certs HTTP/1.1\r\nBad Header: x\r\n\r\n',
  `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
])('what is not HTTP is answered in the wire’s shape: %j', async (bytes) => {
  const { answer } = await exchange(portOf(await start(plain)), [bytes]);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(bodyOf(answer).error.innererror.code).toBe('InvalidParameter');
  expect(answer).toMatch(/x-ms-request-id: 00-/);
});

test.each([
  ['GET /certs HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'InvalidParameter'],
  ['GET /certs HTTP/1.1\r\nHost: x\r\nExpect: foo\r\nConnection: close\r\n\r\n', 400, 'InvalidParameter'],
  ['CONNECT other.example:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405, 'MethodNotAllowed'],
  ['PROPFIND /certs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 405, 'MethodNotAllowed'],
] as const)('what Node would answer by itself is answered in the wire’s shape: %j', async (bytes, status, code) => {
  const { answer } = await exchange(portOf(await start(plain)), [bytes]);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(bodyOf(answer).error.innererror.code).toBe(code);
});

test('HTTP/1.0 has no header Host, and 100-continue may be expected', async () => {
  const port = portOf(await start(plain));
  expect((await exchange(port, ['GET /certs HTTP/1.0\r\n\r\n'])).answer).toMatch(/^HTTP\/1\.1 200 /);
  const body = JSON.stringify({ quote: quoteOf(0) });
  const { answer } = await exchange(port, [
    `${head}Expect: 100-continue\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  ]);
  expect(answer).toMatch(/^HTTP\/1\.1 100 [\s\S]*HTTP\/1\.1 200 /);
});

test('T37: bodies that never come in whole keep nobody else from being served', async () => {
  const served = await start({ ...plain, 'limits-in-flight': '4', 'limits-request-seconds': '2' });
  const slow = Array.from({ length: 16 }, () => exchange(portOf(served), [`${head}Content-Length: 1000\r\n\r\n{`]));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const answer = await fetch(`${served.url}/attest/Fake?api-version=2020-10-01`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ quote: quoteOf(0) }),
  });
  expect(answer.status).toBe(200);
  for (const one of slow) expect((await one).answer).toMatch(/^HTTP\/1\.1 408 /);
});

test('T38: behind a trusted proxy each client has limits of its own, and the log names it', async () => {
  const ask = async ({ url }: Served, client: string): Promise<number> => {
    const { status } = await fetch(`${url}/attest/Fake?api-version=2020-10-01`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': client },
      body: JSON.stringify({ quote: quoteOf(0) }),
    });
    return status;
  };
  const limited = { ...plain, 'limits-client-requests-per-second': '0.1' };
  const trusting = await start({ ...limited, 'listen-trusted-proxies': '10.0.0.0/8, 127.0.0.1' });
  const [first, second] = ['192.0.2.1', '198.51.100.7, 192.0.2.2'];
  expect([await ask(trusting, first), await ask(trusting, first), await ask(trusting, second)]).toEqual([
    200, 429, 200,
  ]);
  expect(log).toContain('"client":"192.0.2.2"');
  // What is no address is not the client's.
  expect([await ask(trusting, 'forged'), await ask(trusting, 'forged too')]).toEqual([200, 429]);
  expect(log).not.toContain('forged');
  const trustless = await start(limited);
  expect([await ask(trustless, first), await ask(trustless, second)]).toEqual([200, 429]);
});

test('T36: a chunked body that does not end is cut off at the limit', async () => {
  const port = portOf(await start({ ...plain, 'limits-body-bytes': '2048' }));
  const chunk = `400\r\n${'A'.repeat(1024)}\r\n`;
  const { answer } = await exchange(
    port,
    [`${head}Transfer-Encoding: chunked\r\n\r\n`, ...Array.from({ length: 20 }, () => chunk)],
    5,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
});

/** An https request that believes the development CA alone. */
function get(served: Served, path: string, body?: string): Promise<{ status: number; text: string }> {
  const ca = readFileSync(String(served.authority));
  return new Promise((resolve, reject) => {
    const sent = request(
      `https://localhost:${portOf(served)}${path}`,
      {
        ca,
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json' },
        lookup: (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }] as never, 4),
      },
      (answer) => {
        let text = '';
        answer.on('data', (data) => (text += data));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

test('on first start TLS works under a development CA, whose path is told', async () => {
  const served = await start({});
  expect(served.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(log).toContain(JSON.stringify(served.authority));
  const { status, text } = await get(
    served,
    '/attest/Fake?api-version=2020-10-01',
    JSON.stringify({ quote: quoteOf(0) }),
  );
  expect([status, Object.keys(JSON.parse(text))]).toEqual([200, ['token']]);
});

test('plain HTTP to the port of TLS is told so', async () => {
  const { answer } = await exchange(portOf(await start({})), ['GET /certs HTTP/1.1\r\nHost: x\r\n\r\n']);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(bodyOf(answer).error).toMatchObject({ code: 'InvalidParameter', message: expect.stringContaining('https') });
});

test('TLS below 1.2 is refused', async () => {
  const served = await start({});
  const outcome = await new Promise<string>((resolve) => {
    const socket: TLSSocket = connectTls(
      {
        port: portOf(served),
        host: '127.0.0.1',
        rejectUnauthorized: false,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      },
      () => resolve('connected'),
    );
    socket.on('error', () => resolve('refused'));
  });
  expect(outcome).toBe('refused');
});

test('a port of 0 becomes a free one, and the issuer has it', async () => {
  const { folder, config } = bedding({ flags: { 'listen-port': '0' } });
  const { publicUrl: _, ...provider } = config.provider;
  const served = await serve({ ...config, provider }, { types: [fakeType()], logTo: { write: () => {} } });
  running.push({ served, folder });
  expect(served.issuer).toBe(`https://localhost:${portOf(served)}`);
});

test('stopping refuses new connections, says so, and finishes what was accepted', async () => {
  let release = (): void => {};
  const wait = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isUnderWay = (): void => {};
  const underWay = new Promise<void>((resolve) => {
    isUnderWay = resolve;
  });
  const slow = {
    collateral: async () => {
      isUnderWay();
      await wait;
      return new Map();
    },
    certificates: async () => [],
  };
  const served = await start({ ...plain, 'limits-notice-seconds': '0.2' }, { collateral: slow });
  const port = portOf(served);
  const body = JSON.stringify({ quote: quoteOf(0) });
  const first = exchange(port, [`${head}Content-Length: ${body.length}\r\n\r\n${body}`]);
  await underWay;
  const stopped = served.close();
  const ready = await exchange(port, ['GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n']);
  expect(ready.answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*connection: close[\s\S]*"status":"stopping"/i);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await expect(fetch(`${served.url}/certs`)).rejects.toThrow();
  release();
  const { answer } = await first;
  expect(answer).toMatch(/^HTTP\/1\.1 200 [\s\S]*connection: close[\s\S]*"token"/i);
  await stopped;
});

test('stopping does not wait for ever', async () => {
  const stuck = { collateral: () => new Promise<never>(() => {}), certificates: async () => [] };
  const served = await start({ ...plain, 'limits-drain-seconds': '0.2' }, { collateral: stuck });
  const body = JSON.stringify({ quote: quoteOf(0) });
  const lost = exchange(portOf(served), [`${head}Content-Length: ${body.length}\r\n\r\n${body}`]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await served.close();
  expect((await lost).answer).toBe('');
  expect(log).toContain('cut off');
});

test('behind a proxy that has TLS, plain HTTP is no insecure setting', async () => {
  const served = await start({ 'tls-terminated': 'true', 'provider-public-url': 'https://attest.example' });
  expect(served.insecure).toEqual([]);
  const metadata = await fetch(`http://127.0.0.1:${portOf(served)}/.well-known/openid-configuration`);
  expect(await metadata.json()).toMatchObject({ issuer: 'https://attest.example' });
});

test('T47: insecure settings are named in the log, in readiness and in tokens', async () => {
  const served = await start({ ...plain, 'insecure-appraisal-time': '2024-01-01T00:00:00Z' });
  expect(served.insecure).toEqual(['pinned-appraisal-time', 'plain-http']);
  for (const name of served.insecure) expect(log).toContain(`INSECURE SETTING IS ON: ${name}`);
  const ready: { insecure: string[] } = JSON.parse(await (await fetch(`${served.url}/readyz`)).text());
  expect(ready.insecure).toEqual(served.insecure);
  const answer = await fetch(`${served.url}/attest/Fake?api-version=2020-10-01`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ quote: quoteOf(0) }),
  });
  const { token }: { token: string } = JSON.parse(await answer.text());
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  expect(claims['x-assay-insecure']).toEqual(served.insecure);
  expect(Math.abs(claims.iat - Date.now() / 1000)).toBeLessThan(10);
});

test('T47: without insecure settings nothing is named', async () => {
  const served = await start({});
  expect(served.insecure).toEqual([]);
  expect(log).not.toContain('INSECURE');
  const { text } = await get(served, '/attest/Fake?api-version=2020-10-01', JSON.stringify({ quote: quoteOf(0) }));
  const claims = JSON.parse(Buffer.from(JSON.parse(text).token.split('.')[1] ?? '', 'base64url').toString());
  expect(claims).not.toHaveProperty('x-assay-insecure');
});

test('no collateral, and nowhere to fetch it from, is said at once; where it can be fetched nothing is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-bare-'));
  const sources = (...all: object[]) => ({ ...plain, 'collateral-sources': JSON.stringify(all) });
  const warned = async (flags: Record<string, string>) => (await start(flags)).warnings;
  const said = [expect.stringMatching(/no collateral in .*503.*assay collateral import/)];
  expect(await warned(plain)).toEqual(said);
  expect(log).toContain('"level":"warn"');
  expect(log).toContain('assay collateral import');
  expect(await warned({ ...plain, 'collateral-folder': folder })).toEqual(said);
  expect(await warned(sources({ kind: 'folder', folder }))).toEqual(said);
  expect(await warned(sources({ kind: 'folder' }, { kind: 'pccs', url: 'https://127.0.0.1:9' }))).toEqual([]);
  writeFileSync(join(folder, 'root.pem'), toPem('CERTIFICATE', forgeIntel({ at: new Date() }).certificates.root));
  expect(await warned({ ...plain, 'collateral-folder': folder })).toEqual([]);
  expect(await warned(sources({ kind: 'folder', folder }))).toEqual([]);
  rmSync(folder, { recursive: true });
});

test.each([
  [
    { 'collateral-folder': '/absent/folder' },
    /\/absent\/folder \(collateral\.folder\) cannot be read: there is no such/,
  ],
  [
    { 'collateral-sources': '[{"kind": "folder", "folder": "/absent"}]' },
    /\/absent \(collateral\.sources\.0\.folder\)/,
  ],
  [{ 'listen-host': '192.0.2.1', 'listen-port': '8443' }, /this machine has no such address/],
  [{ 'listen-host': '192.0.2.1', 'listen-port': '0' }, /\(listen\.host\), .*this machine has no such address/],
])('what is named must be there: %j', async (flags, why) => {
  const { folder, config } = bedding({ flags: { ...plain, ...flags } });
  await expect(serve(config, { types: [fakeType()], logTo })).rejects.toThrow(why);
  rmSync(folder, { recursive: true, force: true });
});

test('a wrong configuration is found before anything listens', async () => {
  const { folder, config } = bedding({ policy: permitAll.replace('permit', 'premit') });
  await expect(serve(config, { types: [fakeType()] })).rejects.toThrow(
    /policy\.txt is wrong[\s\S]*premit[\s\S]*Line: '1', Column: '\d+'/,
  );
  await expect(
    serve({ ...config, provider: { ...config.provider, policies: { Nothing: 'x' } } }, { types: [fakeType()] }),
  ).rejects.toThrow(/names Nothing, which is no attestation type here \(known: Fake\)/);
  await expect(
    serve(
      { ...config, provider: { ...config.provider, baselines: { fake: { level: 'middle', lvl: 1 } } } },
      { types: [fakeType()] },
    ),
  ).rejects.toThrow(/baselines\.Fake/);
  rmSync(folder, { recursive: true, force: true });
});

test('a port that is taken, and a certificate that is none, are the operator’s to fix', async () => {
  const served = await start(plain);
  const { folder, config } = bedding({ flags: { ...plain, 'listen-port': String(portOf(served)) } });
  await expect(serve(config, { types: [fakeType()], logTo })).rejects.toThrow(
    /cannot listen on 127\.0\.0\.1 \(listen\.host\), port \d+ \(listen\.port\): another program listens there/,
  );
  const policy = join(folder, 'policy.txt');
  const own = {
    ...config,
    tls: { certificate: policy, key: policy, terminated: false },
    insecure: { ...config.insecure, plainHttp: false },
  };
  await expect(serve(own, { types: [fakeType()], logTo })).rejects.toThrow(/The TLS certificate .* cannot be used/);
  rmSync(folder, { recursive: true, force: true });
});

test('a client that goes away in the middle of its request is no defect', async () => {
  const served = await start(plain);
  await new Promise<void>((resolve) => {
    const socket = connect(portOf(served), '127.0.0.1', () => {
      socket.write(`${head}Content-Length: 1000\r\n\r\n{`, () => setTimeout(() => socket.destroy(), 50));
    });
    socket.on('close', () => setTimeout(resolve, 100));
  });
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  expect(metrics).toContain('assay_defects_total 0');
});
