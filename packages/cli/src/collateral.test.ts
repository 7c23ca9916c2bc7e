import { existsSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
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

test('what the system does not let be read or stored is told file by file: the command line is wrong, not assay', () =>
  inFolder(async (folder) => {
    await assay(`forge sgx --to ${folder}/forged`);
    const list = `${folder}/forged/collateral/intel/crl-root.crl`;
    const partly = await assay(`collateral import --to ${folder}/to ${folder}/absent ${list}`);
    expect(partly.code).toBe(2);
    expect(partly.stdout).toMatch(/^✓ {2}intel\/crl-root/);
    expect(partly.stderr).toMatch(/absent was not taken: there is no such file/);
    for (const to of [list, `${list}/below`]) {
      const { code, stderr } = await assay(`collateral import --to ${to} ${list}`);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: .*crl-root.crl was not taken: it cannot be stored in .* \(ENOTDIR\)\n$/);
    }
  }));

// With Node's own way of making folders neither of the two ends.
test.skipIf(!existsSync('/proc/self'))('a folder that the system lets nobody make', () =>
  inFolder(async (folder) => {
    await assay(`forge sgx --to ${folder}`);
    const { code, json } = await assay(
      `collateral import --to /proc/nowhere ${folder}/collateral/intel/crl-root.crl --json`,
    );
    expect(code).toBe(2);
    expect(json().imported).toMatchObject([{ refusedBy: 'system' }]);
    const forged = await assay('forge sgx --to /proc/nowhere');
    expect(forged.code).toBe(2);
    expect(forged.stderr).toMatch(/^error: \/proc\/nowhere cannot be written to/);
  }),
);

test('what was edited is taken with a warning, and does not hide what is genuine', () =>
  inFolder(async (folder) => {
    await assay(`forge sgx --to ${folder}`);
    const info = readFileSync(join(folder, 'collateral/intel/tcb-info-sgx-00906ed50000.json'), 'utf8');
    writeFileSync(join(folder, 'edited'), info.replace('"tcbEvaluationDataNumber":17', '"tcbEvaluationDataNumber":18'));
    const edited = await assay(`collateral import --to ${folder}/collateral ${folder}/edited`);
    expect(edited.code).toBe(0);
    expect(edited.stderr).toMatch(/^warning: .*edited: no certificate in the folder signed it/);
    const judged = await assay(
      `appraise sgx ${folder}/quote.bin --collateral ${folder}/collateral --anchor ${folder}/development-root.pem`,
    );
    expect(judged.code).toBe(0);
  }));

test('one bad file hides no other, and is warned of', () =>
  inFolder(async (folder) => {
    await assay(`forge sgx --to ${folder}`);
    writeFileSync(`${folder}/collateral/huge`, '');
    truncateSync(`${folder}/collateral/huge`, 16 * 1024 * 1024 + 1);
    symlinkSync(`${folder}/collateral/loop`, `${folder}/collateral/loop`);
    const shown = await assay(`collateral show ${folder}/collateral`);
    expect(shown.stdout).toContain('intel/crl-root');
    expect(shown.stderr).toMatch(/^warning: huge has 16777217 bytes.*\nwarning: loop cannot be read \(ELOOP\): it is/);
    const { skipped } = (await assay(`collateral show ${folder}/collateral --json`)).json();
    expect(skipped.map(({ path }: { path: string }) => path)).toEqual(['huge', 'loop']);
    const watched = await assay(`collateral watch ${folder}/collateral`);
    expect(watched).toMatchObject({ code: 0, stderr: expect.stringContaining('warning: huge has') });
    const judged = await assay(
      `appraise sgx ${folder}/quote.bin --collateral ${folder}/collateral --anchor ${folder}/development-root.pem`,
    );
    expect(judged).toMatchObject({ code: 0, stderr: expect.stringContaining('huge has 16777217 bytes') });
  }));
