import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assay, inFolder } from './captured.test.support.ts';
import { type Standing, standIn } from './stand-in.test.support.ts';

let standing: Standing;
let folder = '';
let end: () => void = () => {};
let done: Promise<void>;

beforeAll(async () => {
  await new Promise<void>((ready, fail) => {
    done = inFolder(async (own) => {
      folder = own;
      standing = await standIn(join(folder, 'simulated'));
      ready();
      await new Promise<void>((resolve) => (end = resolve));
      expect((await standing.stop()).code).toBe(0);
    });
    done.catch(fail);
  });
});
afterAll(async () => {
  end();
  await done;
});

const from = (more = ''): string => `--from ${standing.url} --anchor ${standing.anchor} ${more}`.trim();

test('a quote of today is judged offline by what was fetched for it', async () => {
  const to = join(folder, 'for-quote');
  const fetched = await assay(`collateral fetch --for ${standing.quote} ${from()} --to ${to}`);
  expect(fetched).toMatchObject({ code: 0, stderr: '' });
  expect(fetched.stdout).toMatch(/✓ {2}intel\/crl-root +new +until \d{4}-/);
  const judged = await assay(`appraise sgx ${standing.quote} --collateral ${to} --anchor ${standing.anchor}`);
  expect(judged.code).toBe(0);

  const again = (await assay(`collateral fetch --for ${standing.quote} ${from()} --to ${to} --json`)).json();
  expect(again).toMatchObject({ to, source: 'pcs', failures: [] });
  expect(again.items.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['same', 'same', 'same', 'same']);
});

test('for a family: the lists of both CAs, for TDX as well, of another evaluation', async () => {
  const to = join(folder, 'for-family');
  const { code, json } = await assay(
    `collateral fetch --fmspc 00A067110000 --tee tdx --update early ${from()} --to ${to} --json`,
  );
  expect(code).toBe(0);
  expect(json().items.map(({ item }: { item: string }) => item)).toEqual([
    'intel/crl-root',
    'intel/crl-platform',
    'intel/tcb-info-tdx-00a067110000',
    'intel/qe-identity-tdx',
    'intel/crl-processor',
  ]);
  const shown = (await assay(`collateral show ${to} --json`)).json();
  expect(shown.items).toContainEqual(expect.objectContaining({ name: 'intel/qe-identity-tdx', evaluation: 18 }));
});

test('every answer that is not believed is told, and the code says unavailable', async () => {
  const own = await standIn(join(folder, 'faulty'), '--fault foreign');
  const to = join(folder, 'refused');
  const { code, stdout, stderr } = await assay(
    `collateral fetch --for ${own.quote} --from ${own.url} --anchor ${own.anchor} --to ${to}`,
  );
  expect(code).toBe(3);
  expect(stdout.match(/^✗/gm)).toHaveLength(4);
  expect(stderr).toMatch(/error: intel\/tcb-info-sgx-00906ed50000: check intel.signing.path failed.*\(issuers\)/i);
  expect(readdirSync(folder)).not.toContain('refused');
  // Both stand-ins hear the signal; the first is started again for the tests that follow.
  await own.stop();
  standing = await standIn(join(folder, 'simulated'));
});

test('T41: a quote that is under no root in force makes nobody fetch', async () => {
  const { code, stderr } = await assay(
    `collateral fetch --for ${standing.quote} --from ${standing.url} --to ${folder}/nowhere`,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('intel.pck.path');
});

test.each([
  ['--to x', /give either --for or --fmspc/],
  ['--to x --fmspc 00906ed50000 --for quote.bin', /give either --for or --fmspc/],
  ['--to x --fmspc 0090', /--fmspc takes 12 hexadecimal digits/],
  ['--to x --fmspc 00906ed50000 --from http://example.org', /must be https/],
  ['--to x --fmspc 00906ed50000 --update newest', /--update takes standard, early or a number/],
  ['--to x --fmspc 00906ed50000 --kind thim --update early', /thim has no early channel/],
  ['--to x --fmspc 00906ed50000 --kind pccs', /--kind pccs needs --from/],
  ['--to x --fmspc 00906ed50000 --kind ftp', /Allowed choices are pcs, pccs, thim/],
  ['--fmspc 00906ed50000', /required option '--to <folder>'/],
])('usage: %s', async (line, said) => {
  const { code, stderr } = await assay(`collateral fetch ${line}`);
  expect(code).toBe(2);
  expect(stderr).toMatch(said);
});

test('what ends when, by folder and by configuration, and the code says whether it is near', async () => {
  const to = join(folder, 'watched');
  await assay(`forge sgx --to ${to} --at 2026-01-10T00:00:00Z`);
  const watch = (more: string) => assay(`collateral watch ${to}/collateral ${more}`);
  const early = await watch('--at 2026-01-20');
  expect(early).toMatchObject({ code: 0, stderr: '' });
  expect(early.stdout).toMatch(/✓ {2}tcb-info +intel\/tcb-info-sgx-00906ed50000 +2026-02-09T00:00:00Z {2}20 d/);
  const near = await watch('--at 2026-02-03');
  expect(near.code).toBe(1);
  expect(near.stderr).toMatch(/warning: 6 of \d+ end before 2026-02-10T00:00:00Z/);
  expect((await watch('--at 2026-02-03 --within 5d')).code).toBe(0);
  const late = await watch('--at 2026-03-01 --json');
  expect(late.code).toBe(1);
  expect(late.json().items[0]).toMatchObject({ until: '2026-02-09T00:00:00Z', ends: 'ended' });
  expect((await watch('--within soon')).code).toBe(2);

  const config = join(folder, 'assay.yaml');
  writeFileSync(config, `data: { folder: ${folder}/none }\ncollateral: { folder: ${to}/collateral }\n`);
  expect((await assay(`collateral watch --config ${config} --at 2026-01-20`)).code).toBe(0);
  writeFileSync(config, `data: { folder: ${folder}/none }\n`);
  expect((await assay(`collateral watch --config ${config}`)).code).toBe(3);
  expect((await assay('collateral watch')).code).toBe(2);
  rmSync(`${to}/collateral/intel`, { recursive: true });
  expect((await watch('--within 1d')).code).toBe(3);
});

test('the faults that a stand-in can have', async () => {
  const { code, stdout } = await assay(`forge pcs --to ${folder}/x --fault list`);
  expect(code).toBe(0);
  expect(stdout).toContain('wrong-signature\n');
  expect((await assay(`forge pcs --to ${folder}/x --fault laziness`)).code).toBe(2);
  expect((await assay(`forge pcs --to ${folder}/x --port 70000`)).code).toBe(2);
});
