import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assay, inFolder } from './captured.test.support.ts';

test('files are recognised by content, stored unchanged, and enough to judge by', () =>
  inFolder(async (folder) => {
    await assay(`forge sgx --to ${folder}/forged`);
    const shown = (await assay(`collateral show ${folder}/forged/collateral --json`)).json();
    // Under names that say nothing.
    const files = shown.items.flatMap(({ path }: { path?: string }, i: number) => {
      if (path === undefined) return [];
      writeFileSync(join(folder, `${i}.dat`), readFileSync(join(folder, 'forged/collateral', path)));
      return [join(folder, `${i}.dat`)];
    });
    const imported = await assay([
      'collateral',
      'import',
      '--to',
      `${folder}/to`,
      ...files,
      `${folder}/forged/collateral/intel/qe-identity-sgx-issuers.pem`,
    ]);
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toContain('intel/tcb-info-sgx-00906ed50000');
    const { code } = await assay(
      `appraise sgx ${folder}/forged/quote.bin --collateral ${folder}/to --anchor ${folder}/forged/development-root.pem`,
    );
    expect(code).toBe(0);
  }));

test('what is no collateral is not taken, and the rest is', () =>
  inFolder(async (folder) => {
    await assay(`forge sgx --to ${folder}/forged`);
    writeFileSync(join(folder, 'letter.txt'), 'Dear Sir or Madam');
    const { code, stderr, stdout } = await assay(
      `collateral import --to ${folder}/to ${folder}/letter.txt ${folder}/forged/collateral/intel/crl-root.crl`,
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✓ {2}intel\/crl-root/);
    expect(stderr).toMatch(/^error: .*letter.txt was not taken: it is not collateral/);
  }));

test('what a folder holds, and until when', () =>
  inFolder(async (folder) => {
    await assay(`forge sgx --to ${folder} --at 2026-01-10T00:00:00Z`);
    const during = await assay(`collateral show ${folder}/collateral --at 2026-01-20`);
    expect(during.stdout).toMatch(
      /✓ {2}tcb-info +intel\/tcb-info-sgx-00906ed50000 +17 +2026-01-09T00:00:00Z {2}2026-02-09T00:00:00Z {2}intel\//,
    );
    const after = await assay(`collateral show ${folder}/collateral --at 2026-03-01`);
    expect(after.stdout).toMatch(/✗ {2}tcb-info/);
    const json = (await assay(`collateral show ${folder}/collateral --at 2026-03-01 --json`)).json();
    expect(json.items).toContainEqual({
      kind: 'crl',
      name: 'intel/crl-root',
      from: '2026-01-09T00:00:00Z',
      until: '2026-02-09T00:00:00Z',
      path: 'intel/crl-root.crl',
      standing: 'expired',
    });
    expect((await assay(`collateral show ${folder}/nowhere`)).code).toBe(2);
  }));
