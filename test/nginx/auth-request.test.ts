/** A real nginx that asks the relying party's endpoint about every request, as the head of guard/nginx.ts shows. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { authRequest, tokenVerifier } from '@assay/relying-party';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type FakeIssuer,
  type FakeKey,
  fakeIssuer,
  fakeKey,
} from '../../packages/relying-party/src/fake.test.support.ts';

const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
const nginx = folders.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));

const portOf = (server: Pick<Server, 'address'>): number => (server.address() as AddressInfo).port;
async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1');
  await new Promise((done) => socket.once('listening', done));
  const port = portOf(socket);
  await new Promise((done) => socket.close(done));
  return port;
}

function suite(binary: string): void {
  let key: FakeKey;
  let fake: FakeIssuer;
  let endpoint: Server;
  let folder: string;
  let stop: () => Promise<void>;
  let address: string;

  beforeAll(async () => {
    key = await fakeKey('k');
    fake = await fakeIssuer(key);
    const verifier = tokenVerifier({ issuer: fake.issuer, allowInsecureConnection: true });
    endpoint = createServer(authRequest(verifier, { show: { 'x-enclave': 'x-ms-sgx-mrenclave' } }));
    await new Promise<void>((done) => endpoint.listen(0, '127.0.0.1', done));
    folder = mkdtempSync(join(tmpdir(), 'nginx-'));
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, portOf(endpoint)));
    const arguments_ = ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'];
    execFileSync(binary, [...arguments_, '-t'], { stdio: 'pipe' });
    const process = spawn(binary, arguments_, { stdio: 'ignore' });
    stop = () =>
      new Promise((done) => {
        process.once('exit', () => done());
        process.kill('SIGTERM');
      });
    await answering(address);
  });
  afterAll(async () => {
    await stop();
    await fake.close();
    endpoint.close();
    rmSync(folder, { recursive: true });
  });

  const ask = (token?: string) =>
    fetch(`${address}/private/`, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });

  test('a genuine token opens the door, and its claims reach what is behind', async () => {
    const response = await ask(await fake.sign(key, { 'x-ms-sgx-mrenclave': 'abcd' }));
    expect([response.status, await response.text()]).toEqual([200, 'enclave abcd']);
  });

  test('no token, and a token of somebody else, do not', async () => {
    const none = await ask();
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const forged = await ask(await fake.sign(await fakeKey('k')));
    expect([forged.status, forged.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
  });

  test('when the endpoint is gone, nothing opens the door', async () => {
    endpoint.closeAllConnections();
    await new Promise((done) => endpoint.close(done));
    const response = await ask(await fake.sign(key));
    expect(response.status).toBe(500);
  });
}

const configuration = (folder: string, port: number, endpoint: number): string => `
daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f;
  uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port};
    location / { return 404; }
    location /private/ {
      auth_request /attested;
      auth_request_set $enclave $upstream_http_x_enclave;
      proxy_set_header X-Enclave $enclave;
      proxy_pass http://127.0.0.1:${port}/behind/;
    }
    location = /behind/ { return 200 "enclave $http_x_enclave"; }
    location = /attested {
      internal;
      proxy_pass http://127.0.0.1:${endpoint};
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }
  }
}
`;

async function answering(address: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const up = await fetch(address).then(
      () => true,
      () => false,
    );
    if (up) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  expect.fail(`nginx does not answer at ${address}`);
}

if (nginx) describe('nginx auth_request', () => suite(nginx));
else if (process.env['CI']) test('nginx auth_request', () => expect.fail('nginx is not installed'));
else describe.skip('nginx auth_request (needs nginx: apt-get install nginx-light)', () => test('skipped', () => {}));
