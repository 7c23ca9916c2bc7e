/**
 * Reads a guide as its reader would, from top to end, in a folder of its own: blocks of `js`, `yaml` and `policy` are
 * written to the file that their first line names, lines of `sh` are run in order (`# exit code N` where it is not 0,
 * `&` in the background; `echo '…' > FILE` writes a file), a block of `text` is what the command before it prints, and one of `complaint` stands in what
 * it says on standard error.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const assay = join(root, 'packages/cli/bin/assay.js');

/** Guides run what is built. */
export const isBuilt = existsSync(join(root, 'packages/cli/dist/main.js'));

interface Block {
  readonly language: string;
  readonly text: string;
}
const blocksOf = (page: string): readonly Block[] =>
  [...page.matchAll(/^```([a-z]+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }));

const written: ReadonlySet<string> = new Set(['js', 'yaml', 'policy']);

interface Command {
  readonly env: Readonly<Record<string, string>>;
  readonly program: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly isBackground: boolean;
}

const freePort = (): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(String(port)));
    });
  });

export class Reader {
  readonly #folder = mkdtempSync(join(tmpdir(), 'assay-guide-'));
  readonly #running: ReturnType<typeof spawn>[] = [];
  readonly #programs: ReadonlySet<string>;
  #said = '';
  #complaint = '';

  /**
   * @param files what readers have of their own
   * @param programs that the guide may start beside node and assay
   */
  constructor(files: Readonly<Record<string, string>>, programs: readonly string[] = []) {
    this.#programs = new Set(programs);
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'));
    for (const [name, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
      mkdirSync(dirname(join(this.#folder, name)), { recursive: true });
      writeFileSync(join(this.#folder, name), text);
    }
  }

  async read(page: string): Promise<void> {
    const blocks = blocksOf(page);
    for (const { language, text } of blocks) {
      const [, name] = /^(?:\/\/|#) (\S+)\n/.exec(text) ?? [];
      if (name !== undefined && written.has(language)) writeFileSync(join(this.#folder, name), text);
    }
    for (const { language, text } of blocks) {
      if (language === 'sh') for (const line of text.trim().split('\n')) await this.#run(line);
      if (language === 'text') expect(this.#said).toBe(text);
      if (language === 'complaint') expect(this.#complaint).toContain(text.trim());
    }
  }

  #commandOf(line: string): Command {
    const [command = '', comment = ''] = line.split(/\s+# /);
    const words = command.trim().split(/\s+/);
    const isBackground = words.at(-1) === '&';
    const env = words.filter((word) => /^[A-Z_]+=/.test(word)).map((word) => word.split('=') as [string, string]);
    const [named = '', ...rest] = words.slice(env.length, isBackground ? -1 : undefined);
    const isAssay = named === 'npx' && rest[0] === 'assay';
    expect(isAssay || named === 'node' || this.#programs.has(named), line).toBe(true);
    const args = (isAssay ? [assay, ...rest.slice(1)] : rest).map((word) => word.replace(/^~\//, `${this.#folder}/`));
    return {
      env: { HOME: this.#folder, ...Object.fromEntries(env) },
      program: isAssay || named === 'node' ? process.execPath : named,
      args,
      code: Number(/exit code (\d+)/.exec(comment)?.[1] ?? 0),
      isBackground,
    };
  }

  async #run(line: string): Promise<void> {
    const [, text, file] = /^echo '([^']*)' > (\S+)$/.exec(line) ?? [];
    if (file !== undefined) return writeFileSync(join(this.#folder, file), `${text}\n`);
    const { env, program, args, code, isBackground } = this.#commandOf(line);
    const options = { cwd: this.#folder, env: { ...process.env, ...env } };
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complaint] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (said += chunk));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk));
    if (!isBackground) {
      const [ended] = await once(child, 'close');
      expect([line, ended, ended === code ? '' : complaint + said]).toEqual([line, code, '']);
      this.#said = said;
      this.#complaint = complaint;
      return;
    }
    this.#running.push(child);
    const [, socket] = /type=unixio,path=(\S+)/.exec(line) ?? [];
    const isReady = (): boolean =>
      socket === undefined ? complaint.includes('serving') : existsSync(join(this.#folder, socket));
    while (!isReady()) {
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

/** Reads a page to its end. The port of the reader's machine is free; here it may not be. */
export async function readAsWritten(page: string, reader: Reader): Promise<void> {
  const port = await freePort();
  try {
    const serving = page.replaceAll(/^(.*npx assay serve .*) &$/gm, `$1 --listen-port ${port} &`);
    await reader.read(serving.replaceAll('localhost:8443', `localhost:${port}`));
  } finally {
    await reader.close();
  }
}
