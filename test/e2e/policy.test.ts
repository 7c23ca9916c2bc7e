/** `assay policy` over the gallery, and over every published policy. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, screenOf } from '@assay/cli';
import { describe, expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
async function assay(...args: readonly string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await run(['policy', ...args], {
    out: screenOf({ write: (text) => out.push(text) }, {}),
    err: screenOf({ write: (text) => err.push(text) }, {}),
    stdin: async () => new Uint8Array(),
    env: {},
    now: () => new Date(),
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}

const gallery = fileURLToPath(new URL('../../examples/policy-gallery/', import.meta.url));

describe('the gallery of policies', () => {
  const policies = readdirSync(gallery).filter((name) => name.endsWith('.policy'));
  test('has at least twelve', () => expect(policies.length).toBeGreaterThanOrEqual(12));

  test('its tests pass, and notice every removed and flipped condition but those listed as equivalent', async () => {
    const { code, stdout } = await assay('test', gallery, '--mutate', '--json');
    expect(code).toBe(0);
    const { files } = JSON.parse(stdout);
    expect(files).toHaveLength(policies.length);
    for (const { file, cases, coverage, mutants } of files) {
      expect(
        cases.every(({ outcome }: { outcome: string }) => outcome === 'passed'),
        file,
      ).toBe(true);
      expect(coverage.rules.covered, file).toBe(coverage.rules.total);
      expect(mutants.total, file).toBeGreaterThan(10);
      expect(mutants.survived, file).toEqual([]);
      expect(mutants.stale, file).toEqual([]);
      for (const { reason } of mutants.equivalent) expect(reason.length).toBeGreaterThan(20);
    }
  });

  const typeOf = (name: string): string => {
    const [start = ''] = name.split('-');
    return (
      { sgx: 'SgxEnclave', openenclave: 'OpenEnclave', tdx: 'TdxVm', snp: 'SevSnpVm', azure: 'AzureGuest' }[start] ??
      'Tpm'
    );
  };
  test.each(policies)('%s has no warning, and the one layout', async (name) => {
    const checked = await assay('check', join(gallery, name), '--type', typeOf(name), '--strict');
    expect(checked.stdout).toContain('nothing to say');
    expect(checked.code).toBe(0);
    expect((await assay('format', '--check', join(gallery, name))).code).toBe(0);
  });
});

withVectors('assay policy: published policies', 'policies', (folder) => {
  const readme = folder.text('README.md');
  const rows = readme
    .slice(readme.indexOf('## Files'))
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells[1]?.endsWith('.txt') && !cells[1].endsWith('.rules.txt'))
    .map(([, file = '', verdict = '', , notes = '']) => ({
      file,
      isGood: !verdict.startsWith('reject') && !notes.includes('reject at upload'),
      notes,
    }));

  test.each(rows)('check $file', async ({ file, isGood }) => {
    const { code, stdout } = await assay('check', folder.path(file), '--json');
    expect(code).toBe(isGood ? 0 : 1);
    const { findings } = JSON.parse(stdout) as {
      findings: readonly { severity: string; line: number; column: number }[];
    };
    expect(findings.some(({ severity }) => severity === 'error')).toBe(!isGood);
    const places = findings.map(({ line, column }) => line * 100_000 + column);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  const hashes = rows.flatMap(({ file, notes }) => {
    const [, hash] = /x-ms-policy-hash ([\w-]{43})/.exec(notes) ?? [];
    return hash === undefined ? [] : [[file, hash] as const];
  });
  test.each(hashes)('hash %s', async (file, hash) => {
    const { stdout } = await assay('hash', folder.path(file), '--json');
    expect(JSON.parse(stdout)['x-ms-policy-hash']).toBe(hash);
  });

  interface Case {
    readonly name: string;
    readonly policy?: string;
    readonly expect?: {
      readonly decision: string;
      readonly message?: string;
      readonly outgoing?: Record<string, unknown>;
    };
  }
  const cases: readonly Case[] = folder.json('expected.json').filter(({ policy }: Case) => policy !== undefined);
  test.each(cases)('eval $name', async ({ name, policy = '', expect: wanted }) => {
    const { code, stdout } = await assay(
      'eval',
      folder.path(policy),
      '--claims',
      folder.path('expected.json'),
      '--case',
      name,
      '--json',
    );
    const told = JSON.parse(stdout);
    const ruling = { permitted: 'permit', denied: 'deny', 'evaluation-error': 'error' }[wanted?.decision ?? ''];
    expect(told.ruling).toBe(ruling);
    expect(code).toBe(ruling === 'permit' ? 0 : 1);
    if (wanted?.message !== undefined) expect(told.message).toBe(wanted.message);
    expect(Object.keys(told).slice(0, 6)).toEqual(['ruling', 'code', 'message', 'issued', 'properties', 'trace']);
    expect(Object.keys(told.issued).sort()).toEqual(Object.keys(wanted?.outgoing ?? {}).sort());
    expect(
      (await assay('explain', folder.path(policy), '--claims', folder.path('expected.json'), '--case', name)).code,
    ).toBe(code);
  });
});
