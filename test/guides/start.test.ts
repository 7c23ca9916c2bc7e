/** The commands of README.md («Five minutes») and docs/guides/start.md, as a reader would type them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const assay = join(root, 'packages/cli/bin/assay.js');

/** Commands of all `sh` blocks: continued lines joined, comments cut, `assay` of either spelling; a text in quotes is one word. */
const commandsOf = (page: string): readonly string[][] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .flatMap(([, block = '']) =>
      block
        .replaceAll(/\\\n\s*/g, ' ')
        .trim()
        .split('\n'),
    )
    .map(
      (line) =>
        (line.split(/\s+# /)[0] ?? '')
          .trim()
          .replace(/^npx assay/, 'assay')
          .match(/'[^']*'|\S+/g) ?? [],
    );

const freePort = (): Promise<string> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(String(port)));
    });
  });

const pages = ['README.md', 'docs/guides/start.md'] as const;

describe.skipIf(!existsSync(join(root, 'packages/cli/dist/main.js')))('as typed (needs a build: npm run build)', () => {
  test.each(pages)('%s', async (page) => {
    const folder = mkdtempSync(join(tmpdir(), 'assay-start-'));
    const port = await freePort();
    let service: ChildProcess | undefined;
    const ran: string[] = [];
    try {
      for (const [program, ...words] of commandsOf(page)) {
        if (program === 'echo') writeFileSync(join(folder, words[2] ?? ''), `${words[0]?.replaceAll("'", '')}\n`);
        // Whatever needs the network, or files of the reader's own, is not for here.
        if (program !== 'assay' || words.join(' ').match(/tcb\.json|sgx quote\.bin/)) continue;
        const args = words.map((word) => word.replaceAll('8443', port));
        ran.push(args[0] ?? '');
        if (args[0] === 'serve') {
          service = spawn(process.execPath, [assay, ...args, '--listen-port', port], {
            cwd: folder,
            stdio: ['ignore', 'pipe', 'pipe'],
          });
          await new Promise<void>((resolve) =>
            service?.stderr?.on('data', (text) => String(text).includes('serving') && resolve()),
          );
          continue;
        }
        const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) =>
          execFile(process.execPath, [assay, ...args], { cwd: folder }, (error, out, err) =>
            resolve({ code: error?.code ?? 0, said: out + err }),
          ),
        );
        expect([args.join(' '), code, said]).toEqual([args.join(' '), 0, said]);
      }
      expect(ran).toEqual(expect.arrayContaining(['forge', 'appraise', 'serve', 'attest', 'verify']));
    } finally {
      service?.kill('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Every page that people read. */
const documents = (): readonly string[] => [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'packages/core/src/evidence/README.md',
  ...['core', 'server', 'client', 'relying-party', 'cli'].map((name) => `packages/${name}/README.md`),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test('every relative link of the documents leads somewhere', () => {
  const broken = documents().flatMap((document) =>
    [...readFileSync(join(root, document), 'utf8').matchAll(/\]\(([^)#:\s]+)(#[^)]*)?\)/g)]
      .map(([, link = '']) => join(root, document, '..', link))
      .filter((path) => !existsSync(path))
      .map((path) => `${document}: ${path.slice(root.length)}`),
  );
  expect(broken).toEqual([]);
});
