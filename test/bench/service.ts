/**
 * The whole service over HTTP: processor time of a warm attestation beside the least that its cryptography can cost,
 * start to first token, idle memory, and requests a second of one and of two processes. Turns are taken by turns.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toPem } from '@assay/core';
import { intelRoot } from '@assay/core/intel';
import { type Load, load } from './load.ts';
import { median, told } from './measure.ts';
import type { Asked } from './service-child.ts';
import { type Subject, subjects } from './subjects.ts';

const path = '/attest/SgxEnclave?api-version=2022-08-01';
const assay = fileURLToPath(new URL('../../../packages/cli/bin/assay.js', import.meta.url));
const [subject] = subjects();
if (!subject) process.exit(1);
const body = JSON.stringify({ quote: Buffer.from(subject.quote).toString('base64url') });
const folder = mkdtempSync(join(tmpdir(), 'assay-bench-'));

/** Settings of a service that judges the subject, by flag. */
function settings({ collateral, anchor, at }: Subject, data: string): Readonly<Record<string, string>> {
  const held = join(folder, 'collateral');
  mkdirSync(held, { recursive: true });
  for (const [name, bytes] of collateral) writeFileSync(join(held, name.replace('/', '-')), bytes);
  const root = join(folder, 'root.pem');
  writeFileSync(root, toPem('PUBLIC KEY', anchor));
  return {
    'data-folder': join(folder, data),
    'collateral-folder': held,
    'insecure-appraisal-time': at.toISOString().replace('.000Z', 'Z'),
    'insecure-plain-http': 'true',
    'log-level': 'silent',
    'listen-port': '0',
    ...(anchor !== intelRoot && { 'insecure-anchors': root }),
  };
}

/** The answer must be a token about this quote, or nothing was measured. */
function check(answer: string): void {
  const claims = JSON.parse(Buffer.from(JSON.parse(answer).token.split('.')[1], 'base64url').toString());
  if (claims['x-ms-attestation-type'] !== 'sgx' || claims['x-assay-tcb-status'] === undefined) process.exit(1);
}

async function processorTime(): Promise<void> {
  const child = fork(fileURLToPath(new URL('service-child.js', import.meta.url)));
  const ask = async <T>(asked: Asked): Promise<T> => {
    child.send(asked);
    return (await once(child, 'message'))[0];
  };
  const url = await ask<string>({ flags: settings(subject as Subject, 'cpu') });
  const client = load(url, path, body, 4);
  const [requests, rounds] = [500, 9];
  const used = async (client: Load): Promise<number> => {
    const before = await ask<number>({ cpu: true });
    await client.send(requests);
    return ((await ask<number>({ cpu: true })) - before) / requests;
  };
  for (let warm = 0; warm < 4; warm++) await client.send(requests);
  check(client.last());
  await ask({ floor: requests });
  const [service, floor]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    service.push(await used(client));
    floor.push((await ask<number>({ floor: requests })) / requests);
  }
  check(client.last());
  client.close();
  child.kill();
  console.log(`\nProcessor time of a warm POST /attest/SgxEnclave (${rounds} turns of ${requests})`);
  console.log(`  the whole request        ${told(service, 0, ' µs')}`);
  console.log(`  2 × P-256 + 1 × RS256    ${told(floor, 0, ' µs')}`);
  const ratios = service.map((value, round) => value / (floor[round] ?? value));
  console.log(`  × ${told(ratios, 2, '')}`);
}

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
}

/** `assay serve` as people start it. */
async function start(flags: Readonly<Record<string, string>>): Promise<Running> {
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [assay, 'serve', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
      const [, found] = /serving (http\S+)\n/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', () => reject(new Error(said)));
  });
  return { child, url };
}

async function stop({ child }: Running): Promise<void> {
  child.kill();
  await once(child, 'exit');
}

const memoryOf = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

async function startUp(): Promise<void> {
  const [first, again, idle]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < 5; round++) {
    for (const taken of [first, again]) {
      const begin = performance.now();
      const running = await start(settings(subject as Subject, `start-${round}`));
      const client = load(running.url, path, body, 1);
      await client.send(1);
      taken.push(performance.now() - begin);
      check(client.last());
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (taken === again && process.platform === 'linux') idle.push(memoryOf(running.child.pid));
      await stop(running);
    }
  }
  console.log('\nStart of `assay serve` to its first token (5 turns)');
  console.log(`  with no key yet    ${told(first, 0, ' ms')}`);
  console.log(`  with its key       ${told(again, 0, ' ms')}`);
  console.log(`Idle memory          ${told(idle, 0, ' MB')}`);
}

async function throughput(): Promise<void> {
  const [one, two] = [
    await start({ ...settings(subject as Subject, 'one') }),
    await start({ ...settings(subject as Subject, 'two'), workers: '2' }),
  ];
  const clients = [one, two].map(({ url }) => load(url, path, body, 16));
  const rates: [number[], number[]] = [[], []];
  const requests = 1500;
  for (const client of clients) await client.send(requests);
  for (let round = 0; round < 7; round++)
    for (const [i, client] of clients.entries()) rates[i]?.push((requests * 1000) / (await client.send(requests)));
  for (const client of clients) {
    check(client.last());
    client.close();
  }
  await Promise.all([stop(one), stop(two)]);
  console.log('\nRequests a second, 16 at a time (7 turns of 1500; the client takes part of the same processors)');
  console.log(`  one process      ${told(rates[0], 0, '')}`);
  console.log(`  two processes    ${told(rates[1], 0, '')}   × ${(median(rates[1]) / median(rates[0])).toFixed(2)}`);
}

console.log(`${subject.title}, Node ${process.version}`);
await processorTime();
await startUp();
await throughput();
rmSync(folder, { recursive: true, force: true });
