/** A whole service that fetches its collateral: what it says in metrics and log, and that it starts and stops with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPem } from '@assay/core';
import { forgeIntel } from '@assay/core/testing';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildApp } from './app.ts';
import { worldsAt } from './collateral/stand-in.test.helper.ts';
import { makeDeps } from './deps.ts';
import { loadConfig } from './load-config.ts';
import { publishing, type StandIn, serveStandIn } from './testing/index.ts';

const now = Math.floor(Date.now() / 1000) * 1000;
const world = forgeIntel({ at: new Date(now) });
const quote = Buffer.from(world.quote()).toString('base64url');
let standIn: StandIn;
let folder = '';
let app: FastifyInstance;
let log = '';

async function service(flags: Record<string, string> = {}): Promise<void> {
  const config = loadConfig({
    flags: {
      'data-folder': join(folder, 'data'),
      'signing-algorithm': 'ES256',
      'insecure-anchors': join(folder, 'root.pem'),
      'collateral-sources': JSON.stringify([{ kind: 'pcs', url: standIn.url }]),
      ...flags,
    },
  });
  const logTo = {
    write(line: string) {
      log += line;
    },
  };
  app = await buildApp(makeDeps(config, { logTo }), undefined);
}
beforeEach(async () => {
  log = '';
  folder = mkdtempSync(join(tmpdir(), 'assay-fetching-'));
  writeFileSync(join(folder, 'root.pem'), toPem('PUBLIC KEY', world.anchor));
  const worlds = worldsAt(() => now, new Map());
  standIn = await serveStandIn({ answer: publishing({ worlds, speaks: 'pcs', evaluation: 17 }) });
  await service();
});
afterEach(async () => {
  await app.close();
  await standIn.close();
  rmSync(folder, { recursive: true, force: true });
});

const attest = () =>
  app.inject({
    method: 'POST',
    url: '/attest/SgxEnclave?api-version=2020-10-01',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ quote }),
  });
const metrics = async (): Promise<string> => (await app.inject('/metrics')).body;

test('from a quote to a token: what is needed is fetched once', async () => {
  expect((await attest()).statusCode).toBe(200);
  expect((await attest()).statusCode).toBe(200);
  expect(standIn.asked.length).toBe(4);
  const text = await metrics();
  const seconds = now / 1000;
  expect(text).toContain(`assay_collateral_until_seconds{name="intel/crl-root"} ${seconds + 30 * 86_400}\n`);
  expect(text).toContain(
    `assay_collateral_issued_seconds{name="intel/tcb-info-sgx-00906ed50000"} ${seconds - 86_400}\n`,
  );
  expect(text).toContain('assay_collateral_fetches_total{source="pcs",outcome="new"} 4\n');
  expect(
    log.match(/"source":"pcs","item":"intel\/[a-z0-9-]+","outcome":"new","msg":"collateral fetched"/g),
  ).toHaveLength(4);
});

test('a refused answer is told with source, item and reason, and the request is the operator’s to mend', async () => {
  standIn.misbehave('wrong-signature', '/tcb');
  const answer = await attest();
  expect(answer.statusCode).toBe(503);
  expect(answer.json().error['x-assay-check']).toBe('intel.collateral.present');
  expect(await metrics()).toContain('assay_collateral_failures_total{source="pcs",reason="signature"} 1\n');
  const [line = ''] = log.split('\n').filter((one) => one.includes('collateral refused'));
  expect(JSON.parse(line)).toMatchObject({
    level: 'warn',
    source: 'pcs',
    item: 'intel/tcb-info-sgx-00906ed50000',
    reason: 'signature',
  });
});

test('T45: nothing of evidence is in the log of fetches', async () => {
  standIn.misbehave('server-error');
  await attest();
  const parts = Array.from({ length: Math.floor(quote.length / 32) }, (_, i) => quote.slice(i * 32, i * 32 + 32));
  for (const part of parts.filter((one) => !/^A+$/.test(one))) expect(log).not.toContain(part);
});

test('T41: evidence that is not under a root in force makes nobody fetch', async () => {
  const strange = forgeIntel({ at: new Date(now), seed: 'a stranger' }).quote();
  const answer = await app.inject({
    method: 'POST',
    url: '/attest/SgxEnclave?api-version=2020-10-01',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ quote: Buffer.from(strange).toString('base64url') }),
  });
  expect(answer.statusCode).toBe(400);
  expect(standIn.asked).toEqual([]);
});

test('what an earlier run fetched is told and used before anything is asked for', async () => {
  await attest();
  await app.close();
  await service();
  expect((await attest()).statusCode).toBe(200);
  expect(standIn.asked.length).toBe(4);
  expect(await metrics()).toContain('assay_collateral_until_seconds{name="intel/qe-identity-sgx"}');
});
