import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toPem } from '@assay/core';
import { forgeIntel } from '@assay/core/testing';
import { expect, test } from 'vitest';
import { assay, inFolder, type Ran } from './captured.test.support.ts';

type Kind = 'sgx' | 'openenclave' | 'tdx';
interface Forged {
  readonly folder: string;
  readonly evidence: string;
  /** `appraise` on the forged evidence, with more words behind it. */
  readonly appraise: (more?: string, given?: Parameters<typeof assay>[1]) => Promise<Ran>;
  /** The same on another file. */
  readonly appraiseFile: (file: string, more?: string, given?: Parameters<typeof assay>[1]) => Promise<Ran>;
}
const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

/** Evidence of `assay forge`, and the command that judges it. */
const withForged = (kind: Kind, how: string, body: (forged: Forged) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const forged = await assay(words(`forge ${kind} --to ${folder} ${how} --json`));
    expect(forged.code).toBe(0);
    const { evidence, collateral, anchor } = forged.json();
    const appraiseFile: Forged['appraiseFile'] = (file, more = '', given = {}) =>
      assay([...words(`appraise ${kind} ${file} --collateral ${collateral} ${more} --anchor ${anchor}`)], given);
    await body({ folder, evidence, appraise: (more, given) => appraiseFile(evidence, more, given), appraiseFile });
  });

const promised = [
  'outcome',
  'tcbStatus',
  'tcbDate',
  'advisoryIds',
  'evaluationNumber',
  'fmspc',
  'collateralExpired',
  'error',
  'checks',
];

test.each(['sgx', 'openenclave', 'tdx'] as const)('%s: accepted, as a tree and as JSON', (kind) =>
  withForged(kind, '', async ({ appraise }) => {
    const shown = await appraise();
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain('✓ The quote is signed by the attestation key');
    expect(shown.stdout).toMatch(/✓ accepted\n$/);
    expect(shown.stderr).toMatch(/^warning: .*development-root.pem is believed beside Intel’s root/);

    const { code, json } = await appraise('--json');
    expect(code).toBe(0);
    expect(Object.keys(json()).slice(0, promised.length)).toEqual(promised);
    expect(json()).toMatchObject({
      outcome: 'accepted',
      tcbStatus: 'UpToDate',
      tcbDate: '2024-03-13T00:00:00Z',
      advisoryIds: [],
      evaluationNumber: 17,
      fmspc: '00906ed50000',
      collateralExpired: false,
      error: null,
    });
    expect(json().checks).toContainEqual({
      id: 'intel.tcb.status',
      outcome: 'passed',
      title: 'The TCB status is one that the provider accepts',
      expected: 'UpToDate, SWHardeningNeeded',
      observed: 'UpToDate',
      section: 'baseline',
    });
  }),
);

test('a status that the baseline refuses is told all the same, and can be accepted', () =>
  withForged('sgx', '--status OutOfDate', async ({ appraise }) => {
    const refused = await appraise('--json');
    expect(refused.code).toBe(1);
    expect(refused.json()).toMatchObject({
      outcome: 'refused',
      tcbStatus: 'OutOfDate',
      fmspc: '00906ed50000',
      error: { code: 'BaselineUnmet' },
    });

    const shown = await appraise();
    expect(shown.stdout).toContain('found    OutOfDate');
    expect(shown.stdout).toContain('SGX component 2 has 5, needs 6');
    expect(shown.stderr).toContain('hint: --accept OutOfDate accepts this status\n');
    expect((await appraise('--accept UpToDate OutOfDate')).code).toBe(0);
    expect((await appraise('--accept uptodate,outofdate')).code).toBe(0);
    expect((await appraise('--accept Revoked')).code).toBe(2);
  }));

test('a flipped bit: refused, with nothing said about a platform that was not shown', () =>
  withForged('sgx', '', async ({ folder, evidence, appraiseFile }) => {
    const quote = new Uint8Array(readFileSync(evidence));
    quote[112] = (quote[112] ?? 0) ^ 1;
    writeFileSync(join(folder, 'flipped.bin'), quote);
    const { code, json } = await appraiseFile(join(folder, 'flipped.bin'), '--json');
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      outcome: 'refused',
      tcbStatus: null,
      tcbDate: null,
      advisoryIds: [],
      evaluationNumber: null,
      collateralExpired: null,
    });
    expect(json().error.code).toBe('EvidenceRefused');
    expect(json().checks.at(-1)).toMatchObject({ id: 'intel.quote.signed', outcome: 'failed' });
  }));

test('without its development root simulated evidence is refused', () =>
  withForged('sgx', '', async ({ folder, evidence }) => {
    const { code, json } = await assay(`appraise sgx ${evidence} --collateral ${folder}/collateral --json`);
    expect(code).toBe(1);
    expect(json().checks.at(-1)).toMatchObject({ id: 'intel.pck.path', outcome: 'failed', section: 'PCK chain' });
  }));

test('evidence in hexadecimal, base64 and base64url, from files and standard input', () =>
  withForged('sgx', '', async ({ folder, evidence, appraiseFile }) => {
    const quote = readFileSync(evidence);
    const file = join(folder, 'quote.txt');
    for (const text of [
      quote.toString('hex'),
      quote.toString('hex').toUpperCase(),
      quote.toString('base64url'),
      quote.toString('base64').replace(/.{76}/g, '$&\n'),
    ]) {
      writeFileSync(file, `${text}\n`);
      expect((await appraiseFile(file)).code).toBe(0);
    }
    expect((await appraiseFile('-', '', { stdin: new Uint8Array(quote) })).code).toBe(0);
    writeFileSync(file, 'not evidence!');
    const { code, stderr } = await appraiseFile(file);
    expect(code).toBe(1);
    expect(stderr).toMatch(/is text, but neither hexadecimal nor base64: character 11/);
  }));

test('expired collateral: refused, and the way to judge a recording', () =>
  withForged('sgx', '--at 2025-03-01', async ({ appraise }) => {
    const late = await appraise('', { now: new Date('2026-01-01T00:00:00Z') });
    expect(late.code).toBe(1);
    expect(late.stdout).toMatch(/collateral\s+expired, was good until 2025-03-31/);
    expect(late.stderr).toContain('hint: --at judges recorded evidence');
    const json = (await appraise('--json', { now: new Date('2026-01-01T00:00:00Z') })).json();
    expect(json).toMatchObject({
      outcome: 'refused',
      tcbStatus: 'UpToDate',
      collateralExpired: true,
      error: { code: 'CollateralExpired' },
    });

    for (const at of ['2025-03-02T00:00:00Z', '1740873600']) {
      const timely = await appraise(`--at ${at}`);
      expect(timely.code).toBe(0);
      expect(timely.stderr).toContain('warning: everything is judged as of 2025-03-02T00:00:00Z, not now (--at)\n');
    }
  }));

test('missing collateral: unavailable, and what is missing', () =>
  withForged('sgx', '', async ({ folder, appraise }) => {
    rmSync(join(folder, 'collateral/intel/crl-root.crl'));
    const { code, stderr } = await appraise();
    expect(code).toBe(3);
    expect(stderr).toMatch(/error: check intel.collateral.present failed: .*intel\/crl-root/);
    expect(stderr).toContain('hint: assay collateral show lists what the folder holds');
  }));

test('bound data', () =>
  inFolder(async (data) => {
    writeFileSync(join(data, 'yes'), '{"a":1}');
    writeFileSync(join(data, 'no'), '{"a":2}');
    await withForged('sgx', `--runtime-data ${data}/yes`, async ({ appraise }) => {
      const bound = await appraise(`--runtime-data ${data}/yes --runtime-data-type JSON --json`);
      expect(bound.code).toBe(0);
      expect(bound.json().claims['x-ms-runtime']).toEqual({ a: 1 });
      const other = await appraise(`--runtime-data ${data}/no --json`);
      expect(other.code).toBe(1);
      expect(other.json().error.code).toBe('RuntimeDataMismatch');
    });
  }));

test('a policy decides after the baseline; one that is no policy is usage', () =>
  withForged('sgx', '--debug', async ({ folder, appraise }) => {
    const policy = join(folder, 'policy.txt');
    const write = (rules: string): void =>
      writeFileSync(policy, `version= 1.0;authorizationrules{${rules}};issuancerules{};`);
    write('c:[type=="x-ms-sgx-is-debuggable", value==false] => permit();');
    const denied = await appraise(`--policy ${policy} --json`);
    expect(denied.code).toBe(1);
    expect(denied.json()).toMatchObject({
      outcome: 'refused',
      tcbStatus: 'UpToDate',
      error: { code: 'PolicyDenied' },
      ruling: { decision: 'deny' },
    });
    expect((await appraise(`--policy ${policy}`)).stdout).toContain(
      'did not fire: c:[type=="x-ms-sgx-is-debuggable", value==false]',
    );
    write('=> permit();');
    expect((await appraise(`--policy ${policy}`)).code).toBe(0);
    writeFileSync(policy, 'version= 1.0;authorization{};');
    const wrong = await appraise(`--policy ${policy}`);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/error: the policy .* is wrong: /);
  }));

test('a policy that names a baseline of its own', () =>
  withForged('sgx', '', async ({ folder, appraise }) => {
    const policy = join(folder, 'policy.txt');
    writeFileSync(
      policy,
      'version= 1.1;configurationrules{=> issueproperty(type="x-ms-sgx-tcbidentifier", value="18");};authorizationrules{=> permit();};',
    );
    const { code, json } = await appraise(`--policy ${policy} --json`);
    expect(code).toBe(3);
    expect(json().checks).toContainEqual(
      expect.objectContaining({
        id: 'intel.tcb.evaluation',
        outcome: 'failed',
        expected: 'at least 18',
        observed: '17',
      }),
    );
  }));

test('a quote that only names its platform: its certificates from a file', () =>
  withForged('sgx', '', async ({ folder, appraiseFile }) => {
    const world = forgeIntel({ at: new Date() });
    const quote = world.quote({ certificationType: 3, certification: new Uint8Array(404) });
    const [file, chain] = [join(folder, 'typed.bin'), join(folder, 'chain.pem')];
    writeFileSync(file, quote);
    writeFileSync(chain, world.chain);
    expect((await appraiseFile(file)).code).toBe(1);
    expect((await appraiseFile(file, `--pck-chain ${chain}`)).code).toBe(0);
    // Certificates that stand in the collateral folder do as well.
    writeFileSync(join(folder, 'collateral', 'chain.pem'), world.chain);
    expect((await appraiseFile(file)).code).toBe(0);
    writeFileSync(chain, toPem('X509 CRL', new Uint8Array(4)));
    expect((await appraiseFile(file, `--pck-chain ${chain}`)).code).toBe(2);
  }));

test('evidence that is no bytes at all is a verdict, too: JSON has its whole shape', () =>
  withForged('sgx', '', async ({ folder, appraiseFile }) => {
    writeFileSync(join(folder, 'text.txt'), 'neither-this!nor-that');
    const { code, json } = await appraiseFile(join(folder, 'text.txt'), '--json');
    expect(code).toBe(1);
    expect(json()).toMatchObject({
      outcome: 'refused',
      tcbStatus: null,
      error: { code: 'EvidenceMalformed' },
      checks: [],
    });
  }));

test.each([
  ['appraise sgx nowhere.bin --collateral .', /nowhere.bin cannot be read: there is no such file/],
  ['appraise sgx package.json --collateral nowhere', /the folder nowhere cannot be read: there is no such file/],
  ['appraise sgx package.json --collateral . --at yesterday', /--at takes a time, not "?«?yesterday/],
  ['appraise sgx package.json --collateral . --at 2025-02-30', /--at takes a time/],
  ['appraise sgx package.json --collateral . --anchor package.json', /holds no PEM with a certificate or public key/],
  ['appraise sev package.json --collateral .', /Allowed choices are sgx, openenclave, tdx/],
  ['appraise sgx package.json --collateral . --minimum-evaluation x', /--minimum-evaluation takes a number/],
])('usage: %s', async (line, said) => {
  const { code, stdout, stderr } = await assay(
    line.replaceAll('package.json', join(import.meta.dirname, '../package.json')),
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
});
