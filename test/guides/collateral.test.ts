/**
 * The commands of docs/guides/collateral.md, as a reader would type them, in a folder of their own. Blocks of `sh` run as
 * they stand but for the ports; those of `shell`, which name Intel and others, ask the stand-in instead.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@assay/server';
import { reasons } from '@assay/server/collateral';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { table } from '../docs/table.ts';
import { expectDocument } from '../setup/document.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const assay = join(root, 'packages/cli/bin/assay.js');
const guide = readFileSync(join(root, 'docs/guides/collateral.md'), 'utf8');

/** Blocks in code fences of one language, in order. */
const blocks = (language: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);

test('the reasons in the guide are those of the service', () => {
  const means = { down: 'is left alone', busy: 'is waited for', absent: 'has it not', wrong: 'is refused' };
  const rows = Object.entries(reasons).map(([name, [says, words]]) => [`\`${name}\``, words, means[says]]);
  expectDocument('docs/guides/collateral.md', 'reasons', table(['reason', 'what happened', 'the source'], rows));
});

test('the settings in the guide are settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-guide-'));
  const configurations = blocks('yaml').filter((text) => text.includes('collateral:'));
  expect(configurations.length).toBe(2);
  for (const text of configurations) {
    writeFileSync(join(folder, 'assay.yaml'), text);
    expect(loadConfig({ file: join(folder, 'assay.yaml') }).collateral.sources.length).toBeGreaterThan(0);
  }
  rmSync(folder, { recursive: true });
});

interface Typed {
  readonly words: readonly string[];
  readonly code: number;
  readonly isBackground: boolean;
}

function typed(line: string): Typed {
  const [command = '', comment = ''] = line.split(/\s+# /);
  const words = command.replace(/\s*&$/, '').replace('npx assay ', '').trim().split(/\s+/);
  return { words, code: Number(/exit code (\d+)/.exec(comment)?.[1] ?? 0), isBackground: /&$/.test(command.trim()) };
}
const linesOf = (block: string): readonly Typed[] => block.trim().split('\n').map(typed);

describe.skipIf(!existsSync(join(root, 'packages/cli/dist/main.js')))('as typed (needs a build: npm run build)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay-guide-'));
  const running: { readonly stop: () => Promise<void> }[] = [];
  const ports = new Map<string, string>();
  beforeAll(async () => {
    for (const port of ['8081', '8082', '8443']) ports.set(port, await freePort());
  });
  afterAll(async () => {
    for (const one of running) await one.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const portsChanged = (text: string): string => [...ports].reduce((out, [of, to]) => out.replaceAll(of, to), text);

  const run = (words: readonly string[]): Promise<{ readonly code: number; readonly said: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [assay, ...words], { cwd: folder }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, said: stdout + stderr }),
      );
    });

  /** Starts what goes on in the background, and waits until it says something. */
  async function start(words: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [assay, ...words], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    running.push({
      async stop() {
        child.kill('SIGTERM');
        await ended;
      },
    });
    await Promise.race([once(child.stdout, 'data'), ended]);
    child.stdout.resume();
  }

  async function type({ words, code, isBackground }: Typed): Promise<void> {
    if (isBackground) return start(words);
    const ran = await run(words);
    expect(ran.code, `assay ${words.join(' ')}\n${ran.said}`).toBe(code);
  }

  test('what stands in blocks of sh', async () => {
    const file = blocks('yaml').find((text) => text.startsWith('# service.yaml')) ?? '';
    writeFileSync(join(folder, 'service.yaml'), portsChanged(file));
    for (const block of blocks('sh')) for (const line of linesOf(portsChanged(block))) await type(line);
  });

  test('what stands in blocks of shell, asked of the stand-in', async () => {
    const anchor = 'simulated/development-root.pem';
    copyFileSync(join(folder, 'simulated/quote.bin'), join(folder, 'quote.bin'));
    copyFileSync(join(folder, 'service.yaml'), join(folder, 'assay.yaml'));
    copyFileSync(join(folder, anchor), join(folder, 'ca.pem'));
    const addresses = new Map([['pcs', `http://127.0.0.1:${ports.get('8081')}`]]);
    for (const [kind, speaks] of [
      ['pccs', 'pccs-3.0'],
      ['thim', 'thim'],
    ] as const) {
      const port = await freePort();
      await start(['forge', 'pcs', '--to', kind, '--speaks', speaks, '--port', port]);
      addresses.set(kind, `http://127.0.0.1:${port}`);
    }
    for (const line of blocks('shell').flatMap(linesOf)) {
      const { words } = line;
      const kind = words.includes('--kind') ? words[words.indexOf('--kind') + 1] : 'pcs';
      const url = addresses.get(kind ?? '') ?? expect.fail(`${kind}`);
      const asked = words.map((word) => (word.startsWith('https://') ? url : word));
      const isFetch = words[1] === 'fetch';
      const from = isFetch && !words.includes('--from') ? ['--from', url] : [];
      const anchors = isFetch || words[0] === 'appraise' ? ['--anchor', anchor] : [];
      await type({ ...line, words: [...asked, ...from, ...anchors] });
    }
  });
});

async function freePort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return String(typeof address === 'object' && address ? address.port : 0);
}
