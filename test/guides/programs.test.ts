/**
 * Guides whose programs and commands are run as they stand, in a folder of their own: blocks of `js` and `yaml` are written
 * to the file that their first line names, lines of `sh` are run in order (`# exit code N` where it is not 0), and a block
 * of `text` is what the command before it prints.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const assay = join(root, 'packages/cli/bin/assay.js');

interface Block {
  readonly language: string;
  readonly text: string;
}
const blocksOf = (page: string): readonly Block[] =>
  [...page.matchAll(/^```([a-z]+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }));

interface Command {
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly code: number;
  readonly isBackground: boolean;
}
function commandOf(line: string): Command {
  const [command = '', comment = ''] = line.split(/\s+# /);
  const words = command.trim().split(/\s+/);
  const isBackground = words.at(-1) === '&';
  const env = words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split('=') as [string, string]);
  const [program, ...rest] = words.slice(env.length, isBackground ? -1 : undefined);
  const args = program === 'npx' ? [assay, ...rest.slice(1)] : rest;
  expect(program === 'node' || (program === 'npx' && rest[0] === 'assay'), line).toBe(true);
  return { env: Object.fromEntries(env), args, code: Number(/exit code (\d+)/.exec(comment)?.[1] ?? 0), isBackground };
}

const freePort = (): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(String(port)));
    });
  });

/** Runs a guide from its top to its end. */
class Reader {
  readonly #folder = mkdtempSync(join(tmpdir(), 'assay-guide-'));
  readonly #running: ReturnType<typeof spawn>[] = [];
  #said = '';

  constructor(files: Readonly<Record<string, string>>) {
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    mkdirSync(join(this.#folder, 'simulated'));
    for (const [name, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files }))
      writeFileSync(join(this.#folder, name), text);
  }

  async read(page: string): Promise<void> {
    const blocks = blocksOf(page);
    for (const { language, text } of blocks) {
      const [, name] = /^(?:\/\/|#) (\S+)\n/.exec(text) ?? [];
      if (name !== undefined && (language === 'js' || language === 'yaml'))
        writeFileSync(join(this.#folder, name), text);
    }
    for (const { language, text } of blocks) {
      if (language === 'sh') for (const line of text.trim().split('\n')) await this.#run(commandOf(line), line);
      if (language === 'text') expect(this.#said).toBe(text);
    }
  }

  async #run({ env, args, code, isBackground }: Command, line: string): Promise<void> {
    const options = { cwd: this.#folder, env: { ...process.env, ...env } };
    const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complaint] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (said += chunk));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk));
    if (!isBackground) {
      const [ended] = await once(child, 'close');
      expect([line, ended, ended === code ? '' : complaint + said]).toEqual([line, code, '']);
      this.#said = said;
      return;
    }
    this.#running.push(child);
    while (!complaint.includes('serving')) {
      if (child.exitCode !== null) expect.fail(`${line}: ${complaint}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async close(): Promise<void> {
    for (const child of this.#running) {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What readers have of their own. */
const own: { readonly [guide: string]: Readonly<Record<string, string>> } = {
  'relying-party': { 'simulated/data.json': '{"publicKey":"…"}' },
  collect: { 'data.json': '{"publicKey":"…"}' },
  'migrate-from-azure': { 'sgx.policy': 'version= 1.0;authorizationrules{=> permit();};' },
};

describe.skipIf(!existsSync(join(root, 'packages/cli/dist/main.js')))(
  'as written (needs a build: npm run build)',
  () => {
    test.each(Object.entries(own))('docs/guides/%s.md', async (guide, files) => {
      const page = readFileSync(join(root, `docs/guides/${guide}.md`), 'utf8');
      const port = await freePort();
      const reader = new Reader(files);
      try {
        // The port of the reader's machine is free; here it may not be.
        const serving = page.replaceAll(/^(npx assay serve .*) &$/gm, `$1 --listen-port ${port} &`);
        await reader.read(serving.replaceAll('localhost:8443', `localhost:${port}`));
      } finally {
        await reader.close();
      }
    });
  },
);
