/** The demo as people start it: a process of its own that starts others, and leaves nothing behind. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isSwtpmInstalled } from '@assay/client/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { whereSwtpmIs } from '../setup/swtpm.ts';
import { withVectors } from '../setup/vectors.ts';

const cli = fileURLToPath(new URL('../../packages/cli/', import.meta.url));
const assay = join(cli, 'bin/assay.js');
const isBuilt = existsSync(join(cli, 'dist/demo/play.js'));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** What happens once something was printed. */
interface Interruption {
  readonly after: RegExp;
  readonly by: (child: Child) => void;
}

/** A demo, in a group of processes of its own as under a terminal. */
function run(
  args: readonly string[],
  temporary: string,
  { interruption, env }: { readonly interruption?: Interruption; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [assay, ...args], {
    env: { ...process.env, TMPDIR: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
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

/** Programs whose command line names the folder: swtpm says nowhere that it is there before it is on stage. */
const stillAt = (folder: string): readonly string[] =>
  (existsSync('/proc') ? readdirSync('/proc') : [])
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return [];
      }
    })
    .filter((line) => line.includes(`${folder}/`));

/** @param processes how many the demo says that it has */
function expectNothingLeft(ended: Ended, processes: number): void {
  expect(pidsIn(ended)).toHaveLength(processes);
  expect(pidsIn(ended).filter(isAlive)).toEqual([]);
  expect(stillAt(temporary)).toEqual([]);
  expect(readdirSync(temporary).filter((name) => /^(assay-demo|tpm)-/.test(name))).toEqual([]);
}

describe.skipIf(!isBuilt)('demo (needs a build: npm run build)', () => {
  let played: Promise<Ended> | undefined;
  /** The demo as it is on this machine: played once for several tests. */
  const demo = (): Promise<Ended> => (played ??= run(['demo'], temporary));

  test('four steps, claims, appraisal; then a flipped bit is refused', async () => {
    const ended = await demo();
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
    expectNothingLeft(ended, isSwtpmInstalled() ? 5 : 4);
  });

  /** What a machine's workflow tells, with a real TPM and without. */
  function expectMachine({ code, stdout }: Ended): void {
    expect(code).toBe(0);
    const [, played = ''] = stdout.split('a machine with a TPM, as it should be');
    const [honest = '', ...forgeries] = played.split('once more, ');
    expect(honest.match(/ [1-4] {2}✓ /g)).toEqual([' 1  ✓ ', ' 2  ✓ ', ' 3  ✓ ', ' 4  ✓ ']);
    expect(honest).toContain('Secure Boot, boot loader, keys and nonce as expected');
    expect(honest).toMatch(/x-ms-policy +\{"loader":"[\w-]{43}"\}\n/);
    expect(honest).toMatch(/x-assay-tpm-secure-boot +on\n/);
    expect(honest).toContain('✓ authorizationrules: add chain-known = true');
    const reasons = [
      [
        /^one event of the log rewritten/,
        'tpm.log.replay',
        /expected event 20, PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, [\s\S]*found +event 20, PCR 4, [\s\S]*the reference log «good-boot»[\s\S]*PCR 4 has another value than its events give/,
      ],
      [
        /^after a PCR was extended/,
        'tpm.log.replay',
        /detail +the log has the events of the reference log «good-boot»; PCR 9 holds measurements, and the logs have no event of it/,
      ],
      [/^with the answer to an earlier challenge/, 'attest.once', /✗ This service context has not been used before/],
    ] as const;
    expect(forgeries).toHaveLength(reasons.length);
    for (const [i, [title, check, failed]] of reasons.entries()) {
      expect(forgeries[i]).toMatch(title);
      expect(forgeries[i]).toMatch(new RegExp(` 3 {2}✗ refused\n +service +400 \\w+, check ${check}\n`));
      expect(forgeries[i]).toMatch(failed);
      // Of the appraisal, what failed alone.
      expect(forgeries[i]?.match(/└─ ✗ /g)).toHaveLength(1);
      expect(forgeries[i]).not.toContain('─ ✓');
    }
    expect(stdout).toContain('✓ what was true was believed, what was forged was refused');
  }

  test('without swtpm the answers of a TPM are forged, and it says so', async () => {
    const ended = await run(['demo'], temporary, { env: { PATH: temporary } });
    expect(ended.stdout).toContain('none: its answers are forged');
    expect(ended.stdout).toContain('The packages swtpm and swtpm-tools make it real');
    expectMachine(ended);
    expectNothingLeft(ended, 4);
  });

  whereSwtpmIs('with swtpm', () => {
    test('a real TPM measures the boot and signs for it', async () => {
      const ended = await demo();
      expect(ended.stdout).toMatch(/TPM +swtpm, process \d+; its attestation key is certified/);
      expectMachine(ended);
      expectNothingLeft(ended, 5);
    });

    test('interrupted while the TPM is on stage, it leaves nothing behind', async () => {
      const interruption = { after: /TPM +swtpm/, by: (child: Child) => child.kill('SIGTERM') };
      const ended = await run(['demo'], temporary, { interruption });
      expect(ended.code).toBe(143);
      expectNothingLeft(ended, 5);
    });
  });

  test('T47: screen, /readyz and token say that development roots are believed', async () => {
    const shown = await demo();
    expect(shown.stdout).toContain('/readyz says ready, insecure: development-anchors');
    const { stdout, code } = await run(['demo', '--json'], temporary);
    expect(code).toBe(0);
    const told = JSON.parse(stdout);
    expect(told.sgx.claims['x-assay-insecure']).toEqual(['development-anchors']);
    expect(told.sgx.forgeries.map(({ error }: { error: { check: string } }) => error.check)).toEqual([
      'intel.quote.signed',
    ]);
    expect(told.tpm.by).toBe(isSwtpmInstalled() ? 'swtpm' : 'forged');
    expect(told.tpm.claims).toMatchObject({
      'x-assay-tpm-aik': 'validated',
      'x-assay-insecure': ['development-anchors'],
    });
    expect(told.tpm.forgeries.map(({ error }: { error: { check: string } }) => error.check)).toEqual([
      'tpm.log.replay',
      'tpm.log.replay',
      'attest.once',
    ]);
  });

  test.each<[string, number, Interruption['by']]>([
    ['by a key at the terminal', 130, (child) => process.kill(-(child.pid as number), 'SIGINT')],
    ['interrupted', 130, (child) => child.kill('SIGINT')],
    ['when the terminal is gone', 129, (child) => child.kill('SIGHUP')],
    ['when nobody reads on', 141, (child) => child.stdout.destroy()],
  ])('%s, it leaves nothing behind', async (_, code, by) => {
    const ended = await run(['demo'], temporary, { interruption: { after: /evidence collected/, by } });
    expect(ended.code).toBe(code);
    expectNothingLeft(ended, 4);
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
    expectNothingLeft(ended, 3);
  });

  test.skipIf(!isBuilt)('refused by the baseline, with the components that are too low', async () => {
    const ended = await play('v3-sgx-00906ed50000-7ae7192d@2025-05-27-e19');
    expect(ended.code).toBe(1);
    expect(ended.stdout).toMatch(/✗ The TCB status is one that the provider accepts/);
    expect(ended.stderr).toMatch(
      /error: the service refused this evidence: .*found OutOfDate; for the best level SGX component 1 has 20, needs 22/,
    );
    expectNothingLeft(ended, 3);
  });
});
