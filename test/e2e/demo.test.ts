/** The demo as people start it: a process of its own that starts three more, and leaves nothing behind. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';

const cli = fileURLToPath(new URL('../../packages/cli/', import.meta.url));
const assay = join(cli, 'bin/assay.js');
const isBuilt = existsSync(join(cli, 'dist/demo/play.js'));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Interruption {
  readonly after: RegExp;
  readonly by: (child: ChildProcessByStdio<null, Readable, Readable>) => void;
}

/** @param interruption what happens once something was printed */
function run(args: readonly string[], temporary: string, interruption?: Interruption): Promise<Ended> {
  const child = spawn(process.execPath, [assay, ...args], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
    if (interruption?.after.test(stdout)) interruption.by(child);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
/** The processes that a demo said it started. */
const pidsIn = ({ stdout }: Ended): readonly number[] =>
  [...stdout.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));

let temporary: string;
beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'assay-e2e-'));
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

function expectNothingLeft(ended: Ended): void {
  expect(pidsIn(ended)).toHaveLength(3);
  expect(pidsIn(ended).filter(isAlive)).toEqual([]);
  expect(readdirSync(temporary).filter((name) => name.startsWith('assay-demo-'))).toEqual([]);
}

describe.skipIf(!isBuilt)('demo (needs a build: npm run build)', () => {
  test('four steps, claims, appraisal; then a flipped bit is refused', async () => {
    const ended = await run(['demo'], temporary);
    const { code, stdout, stderr } = ended;
    expect({ code, stderr: stderr.replace(/: the service.*/s, '') }).toEqual({
      code: 0,
      stderr: 'warning: development-anchors',
    });
    for (const step of [
      'evidence collected',
      'sent to the provider’s URI',
      'verified, judged by baseline and policy, token issued',
      'token checked against the published signing certificates',
    ])
      expect(stdout).toContain(` ✓ ${step}\n`);
    expect(stdout).toMatch(/x-ms-sgx-mrenclave +[0-9a-f]{64}\n/);
    expect(stdout).toMatch(/├─ ✓ The quote is signed by the attestation key/);
    expect(stdout).toMatch(/3 {2}✗ refused\n.*400 InvalidParameter, check intel.quote.signed/);
    expectNothingLeft(ended);
  });

  test('T47: screen, /readyz and token say that development roots are believed', async () => {
    const shown = await run(['demo'], temporary);
    expect(shown.stdout).toContain('/readyz says ready, insecure: development-anchors');
    const { stdout, code } = await run(['demo', '--json'], temporary);
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told.sgx.claims['x-assay-insecure']).toEqual(['development-anchors']);
    expect(told.sgx.forgeries.map(({ error }: { error: { check: string } }) => error.check)).toEqual([
      'intel.quote.signed',
    ]);
  });

  test.each<[string, number, Interruption['by']]>([
    ['interrupted', 130, (child) => child.kill('SIGINT')],
    ['when the terminal is gone', 129, (child) => child.kill('SIGHUP')],
    ['when nobody reads on', 141, (child) => child.stdout.destroy()],
  ])('%s, it leaves nothing behind', async (_, code, by) => {
    const ended = await run(['demo'], temporary, { after: /evidence collected/, by });
    expect(ended.code).toBe(code);
    expectNothingLeft(ended);
  });

  test('a recording needs all of its three parts', async () => {
    const { code, stderr } = await run(['demo', '--quote', assay], temporary);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: a recording is played with --quote, --collateral and --at together\nhint: /);
  });
});

withVectors('demo on recorded quotes', 'dcap', (folder) => {
  const { cases } = folder.json('manifest.json');
  const play = async (id: string): Promise<Ended> => {
    const one = cases.find((each: { id: string }) => each.id === id);
    const to = join(temporary, id);
    const files = Object.values(one.collateral as Record<string, string>).map((file) => folder.path(file));
    expect((await run(['collateral', 'import', '--to', to, ...files], temporary)).code).toBe(0);
    return run(['demo', '--quote', folder.path(one.quote), '--collateral', to, '--at', String(one.time)], temporary);
  };

  test
    .skipIf(!isBuilt)
    .each([
      'v3-sgx-00906ed50000-3346527d@2022-04-26-e12',
      'v3-sgx-00606a000000-ba71c6bc@2023-05-09-e15',
      'v3-sgx-00906ed50000-727e2e69@2025-05-27-e17',
    ])('accepted: %s', async (id) => {
    const ended = await play(id);
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('insecure: pinned-appraisal-time');
    expect(ended.stderr).toMatch(/^warning: pinned-appraisal-time: evidence and collateral are judged as of 20/);
    expect(ended.stdout).toMatch(/x-assay-tcb-status +SWHardeningNeeded/);
    expectNothingLeft(ended);
  });

  test.skipIf(!isBuilt)('refused by the baseline, with the components that are too low', async () => {
    const ended = await play('v3-sgx-00906ed50000-7ae7192d@2025-05-27-e19');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/✗ The TCB status is one that the provider accepts/);
    expect(ended.stderr).toMatch(
      /error: the service refused this evidence: .*found OutOfDate; for the best level SGX component 1 has 20, needs 22/,
    );
    expectNothingLeft(ended);
  });
});
