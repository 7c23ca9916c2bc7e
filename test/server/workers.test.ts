/** Several processes on one port: they are one service, outlive each other's accidents, and stop without losing anything. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toPem } from '@assay/core';
import { forgeIntel } from '@assay/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const assay = fileURLToPath(new URL('../../packages/cli/bin/assay.js', import.meta.url));
const built = existsSync(fileURLToPath(new URL('../../packages/server/dist/worker.js', import.meta.url)));

interface Ready {
  readonly url: string;
  readonly pid: number;
}

/** A service whose log is read. */
function started(folder: string, ...flags: readonly string[]) {
  const args = ['serve', '--json', '--data-folder', folder, '--listen-port', '0', '--insecure-plain-http', ...flags];
  // What steers the tests is not for the service: it warns of variables that are none of its settings.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ASSAY_')));
  const child: ChildProcess = spawn(process.execPath, [assay, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  let complaint = '';
  child.stdout?.on('data', (chunk: Buffer) => (log += chunk));
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk));
  const ready = (): readonly Ready[] =>
    log.split('\n').flatMap((line) => (line.includes('"msg":"ready"') ? [JSON.parse(line)] : []));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, ready, exited, complaint: () => complaint };
}

async function until<T>(what: string, look: () => T | undefined): Promise<T> {
  for (let left = 400; left > 0; left--) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return expect.fail(`${what} did not come`);
}

/** A request on a connection of its own: it may go to any of the processes. */
function call(url: string, body?: string): Promise<{ status: number | undefined; id: string; body: string }> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const headers = { 'content-type': 'application/json' };
    const asked = request(url, { method, headers, agent: new Agent({ keepAlive: false }) }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => (text += chunk));
      const id = String(answer.headers['x-assay-appraisal-id']);
      answer.on('end', () => resolve({ status: answer.statusCode, id, body: text }));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.skipIf(!built && !process.env['CI'])('workers (need a build: npm run build)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-workers-'));
  const world = forgeIntel({ at: new Date() });
  const body = JSON.stringify({ quote: Buffer.from(world.quote()).toString('base64url') });
  const anchor = join(folder, 'root.pem');
  writeFileSync(anchor, toPem('PUBLIC KEY', world.anchor));
  const collateral = mkdtempSync(join(tmpdir(), 'assay-collateral-'));
  let count = 0;
  for (const bytes of world.collateral.values()) writeFileSync(join(collateral, `${count++}`), bytes);

  let service: ReturnType<typeof started>;
  let url: string;
  beforeAll(async () => {
    service = started(
      folder,
      ...['--workers', '2', '--insecure-anchors', anchor, '--collateral-folder', collateral],
      ...['--limits-notice-seconds', '1'],
    );
    const [first] = await until('two workers', () => (service.ready().length === 2 ? service.ready() : undefined));
    url = first?.url ?? '';
  });
  afterAll(() => {
    service.child.kill('SIGKILL');
    for (const path of [folder, collateral]) rmSync(path, { recursive: true, force: true });
  });
  const attest = () => call(`${url}/attest/SgxEnclave?api-version=2020-10-01`, body);
  const several = <T>(times: number, make: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: times }, make));

  test('are processes of their own, on one port and with one key', async () => {
    const ready = service.ready();
    expect(new Set(ready.map(({ pid }) => pid)).size).toBe(2);
    expect(new Set(ready.map((one) => one.url))).toEqual(new Set([url]));
    const certificates = await several(8, () => call(`${url}/certs`));
    expect(new Set(certificates.map((answer) => answer.body)).size).toBe(1);
  });

  test('what one of them remembers can be asked of all: appraisals and metrics', async () => {
    const answers = await several(8, attest);
    expect(answers.map(({ status }) => status)).toEqual(new Array(8).fill(200));
    for (const { id } of answers) {
      const found = await several(4, () => call(`${url}/assay/v1/appraisals/${id}`));
      expect(new Set(found.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(found.map((answer) => JSON.parse(answer.body).id))).toEqual(new Set([id]));
    }
    expect((await call(`${url}/assay/v1/appraisals/${'0'.repeat(32)}`)).status).toBe(404);
    for (const { body: metrics } of await several(4, () => call(`${url}/metrics`)))
      expect(metrics).toMatch(/assay_attestations_total\{type="SgxEnclave",outcome="accepted",code="none"\} 8\n/);
  });

  test('one that is killed is replaced, and meanwhile the other one answers', async () => {
    const [victim] = service.ready();
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await until('its end', () => (isAlive(victim?.pid ?? 0) ? undefined : true));
    for (let i = 0; i < 4; i++) expect((await attest()).status).toBe(200);
    await until('another worker', () => (service.ready().length === 3 ? true : undefined));
    expect((await attest()).status).toBe(200);
  });

  test('no accepted request is lost on SIGTERM, and no process is left', async () => {
    const pids = service.ready().map(({ pid }) => pid);
    const before = several(20, attest);
    service.child.kill('SIGTERM');
    // Load balancers have not noticed yet: what still comes is served.
    const during = several(20, attest);
    for (const { status } of [...(await before), ...(await during)]) expect(status).toBe(200);
    expect(await service.exited).toBe(0);
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(attest()).rejects.toThrow(/ECONNREFUSED/);
    expect(service.complaint()).toBe('');
  });

  test('when the process that started them is killed, they stop as well', async () => {
    const orphans = started(folder, '--workers', '2');
    await until('two workers', () => (orphans.ready().length === 2 ? true : undefined));
    orphans.child.kill('SIGKILL');
    const pids = orphans.ready().map(({ pid }) => pid);
    await until('their end', () => (pids.some(isAlive) ? undefined : true));
  });

  test('what keeps one from starting keeps the service from starting, and is told', async () => {
    const wrong = started(folder, '--workers', '2', '--listen-host', '192.0.2.1', '--listen-port', '8443');
    expect(await wrong.exited).toBe(2);
    expect(wrong.complaint()).toMatch(/cannot listen on 192.0.2.1 .*, port 8443 .*: this machine has no such address/);
  });
});
