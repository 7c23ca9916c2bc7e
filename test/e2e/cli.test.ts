/** The command as it is installed, and its reference page, which is made of its own help. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { run, screenOf } from '@assay/cli';
import { describe, expect, test } from 'vitest';
import { expectDocument } from '../setup/document.ts';
import { withVectors } from '../setup/vectors.ts';

const cli = fileURLToPath(new URL('../../packages/cli/', import.meta.url));
const assay = join(cli, 'bin/assay.js');
const execute = promisify(execFile);

/** What a command prints on stdout, in this process. */
async function printed(args: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  const written: string[] = [];
  const out = screenOf({ write: (text) => written.push(text) }, {});
  const err = screenOf({ write: () => {} }, {});
  const code = await run(args, { out, err, stdin: async () => new Uint8Array(), env: {}, now: () => new Date() });
  return { code, text: written.join('') };
}

const commands = [
  'serve',
  'attest',
  'verify',
  'appraise',
  'explain',
  ...['check', 'format', 'eval', 'explain', 'test', 'hash', 'sign', 'show'].map((name) => `policy ${name}`),
  ...['status', 'attest', 'quote', 'log', 'key', 'certify', 'challenge', 'check-quote'].map((name) => `tpm ${name}`),
  'collateral import',
  'collateral show',
  'collateral fetch',
  'collateral watch',
  'tpm reference set',
  'tpm reference show',
  'forge',
];

test('the reference of the command line is up to date', async () => {
  const sections: string[] = [];
  for (const command of commands) {
    const { code, text } = await printed([...command.split(' '), '--help']);
    expect(code).toBe(0);
    sections.push(`## assay ${command}\n\n\`\`\`text\n${text.trim()}\n\`\`\``);
  }
  const codes =
    '## Exit codes\n\n| code | meaning |\n| --- | --- |\n| 0 | passed |\n| 1 | refused: evidence, token or policy |\n| 2 | usage: the command line, or a file that it names, is wrong |\n| 3 | unavailable: a service, or collateral that is missing, expired or invalid |\n| 70 | a defect of Assay |';
  expectDocument('docs/reference/cli.md', 'commands', [...sections, codes].join('\n\n'));
});

describe.skipIf(!existsSync(join(cli, 'dist/main.js')))('installed (needs a build: npm run build)', () => {
  test('it runs, and says its version at once', async () => {
    const { stdout } = await execute(process.execPath, [assay, '--version']);
    expect(stdout).toBe('0.0.0\n');
  });

  test('exit code and outputs of a process', async () => {
    const failure = await execute(process.execPath, [assay, 'explain', 'nowhere']).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 2,
      stdout: '',
      stderr: 'error: nowhere cannot be read: there is no such file\n',
    });
  });

  test('a reader that stops reading is no defect', async () => {
    const { stdout, stderr } = await execute('sh', ['-c', `"${process.execPath}" "${assay}" --help | head -1`]);
    expect({ stdout, stderr }).toEqual({ stdout: 'Usage: assay [options] [command]\n', stderr: '' });
  });
});

withVectors('explain: recorded evidence', 'sdk-recordings', (folder) => {
  const index = folder.json('quotes/index.json');
  const names: string[] = (
    Array.isArray(index) ? index.map((one: { name: string }) => one.name) : Object.keys(index)
  ).filter(Boolean);
  test.each(names)('%s', async (name) => {
    for (const [file, what] of [
      ['quote.bin', /^SGX quote, version 3/],
      ['oe-report.bin', /^OpenEnclave report with SGX quote, version 3/],
    ] as const) {
      const path = folder.path(`quotes/${name}/${file}`);
      if (!existsSync(path)) continue;
      const { code, text } = await printed(['explain', path]);
      expect(text).toMatch(what);
      expect(code).toBe(0);
    }
  });
});
