/** `explain` and `forge` for what TPMs write, and for the logs of boots. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forgeLog, linuxBoot, windowsBoot } from '@assay/core/testing';
import { describe, expect, test } from 'vitest';
import { assay, inFolder } from './captured.test.support.ts';

describe('forge tpm', () => {
  test.each([
    ['linux', ''],
    ['windows', ' --resident-key --seed another'],
    ['linux', ' --no-secure-boot --at 2026-05-01'],
  ])('a boot of %s that is accepted under its own root, and under no other:%s', async (platform, more) =>
    inFolder(async (folder) => {
      const forged = await assay(`forge tpm --to ${folder} --platform ${platform}${more}`);
      expect([forged.code, forged.stderr]).toEqual([0, expect.stringMatching(/^warning: this evidence is simulated/)]);
      const [judge = '', explain = ''] = forged.stdout.trim().split('\n').slice(-2);
      const at = more.includes('--at') ? ' --at 2026-05-01' : '';
      const line = `${judge.replace(/^assay /, '')}${at} --json`;
      const judged = await assay(line);
      expect([judged.code, judged.json().outcome]).toEqual([0, 'accepted']);
      expect(judged.json().claims).toMatchObject({
        'x-assay-tpm-aik': 'validated',
        'x-assay-tpm-secure-boot': more.includes('--no-secure-boot') ? 'off' : 'on',
        'x-ms-tpm-request-key': {
          info: more.includes('--resident-key') ? { tpm_certify: {} } : { tpm_quote: { hash_alg: 'sha-256' } },
        },
      });
      const without = await assay(line.replace(/ --anchor \S+/, ''));
      expect([without.code, without.json().error.message]).toEqual([1, expect.stringContaining('tpm.aik.chain')]);
      expect((await assay(line.replace(/ --anchor \S+| --json/g, ''))).stderr).toContain('--anchor names the root of');
      const asked = await assay(`${line} --runtime-data ${folder}/aik.pem`);
      expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--runtime-data is for quotes')]);
      expect((await assay(explain.replace(/^assay /, ''))).stdout).toMatch(/^TCG event log {2}\d+ events/);
      const check = await assay(
        `tpm check-quote --attest ${folder}/attest.bin --signature ${folder}/signature.bin --key ${folder}/aik.pem --pcrs ${folder}/pcrs.json --json`,
      );
      expect([check.code, check.json().signature, check.json().pcrDigest]).toEqual([0, true, true]);
    }),
  );

  test('appraise refuses a policy whose mask names PCRs that there are not, as the service does', () =>
    inFolder(async (folder) => {
      await assay(`forge tpm --to ${folder} --at 2026-05-01`);
      const [policy, request] = [join(folder, 'mask.policy'), join(folder, 'request.jws')];
      writeFileSync(
        policy,
        'version=1.2;configurationrules{=>issueproperty(type="required_pcr_mask", value=16777216);};authorizationrules{=>permit();};',
      );
      const { code, stderr } = await assay(`appraise tpm ${request} --collateral ${folder} --policy ${policy}`);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('sets required_pcr_mask to 16777216, expected 0 to 16777215'),
      ]);
    }));

  test('check-quote ends with its verdict, and names a file that holds something else', () =>
    inFolder(async (folder) => {
      await assay(`forge tpm --to ${folder} --at 2026-05-01`);
      const [attest, signature] = [join(folder, 'attest.bin'), join(folder, 'signature.bin')];
      const check = (a: string, s: string, more = '') =>
        assay(`tpm check-quote --attest ${a} --signature ${s} --key ${join(folder, 'aik.pem')}${more}`);
      expect(await check(attest, signature)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/ the quote holds\n$/),
      });
      const wrong = await check(attest, signature, ' --extra-data 00');
      expect([wrong.code, wrong.stdout]).toEqual([
        1,
        expect.stringMatching(/extraData +does not hold\n[\s\S]* refused\n$/),
      ]);
      const swapped = [await check(signature, signature), await check(attest, attest)];
      expect(swapped.map(({ code, stderr }) => [code, stderr.split(': ').slice(0, 2).join(': ')])).toEqual([
        [1, `error: ${signature} does not hold a statement on PCRs (TPMS_ATTEST)`],
        [1, `error: ${attest} does not hold a signature (TPMT_SIGNATURE)`],
      ]);
    }));

  test('the same seed makes the same, another one another', () =>
    inFolder(async (folder) => {
      const made = async (name: string, seed: string) => {
        await assay(`forge tpm --to ${folder}/${name} --seed ${seed} --at 2026-05-01`);
        return (await assay(`explain ${folder}/${name}/aik.pem --json`)).json().parts;
      };
      expect(await made('a', 'one')).toEqual(await made('b', 'one'));
      expect(await made('c', 'two')).not.toEqual(await made('a', 'one'));
    }));
});

const explain = (file: Uint8Array | string, ...more: readonly string[]) =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'file'), file);
    return assay(['explain', join(folder, 'file'), ...more]);
  });

describe('explain', () => {
  test('a log of Windows: its records are a tree below their events', async () => {
    const { log } = forgeLog(windowsBoot(), ['sha1', 'sha256']);
    const { code, stdout } = await explain(log);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /22 +12 +[0-9a-f]{16} +data +EV_EVENT_TAG +TRUSTBOUNDARY of 13 records\n +TRUSTBOUNDARY\n +BOOTCOUNTER +168\n/,
    );
    expect(stdout).toMatch(/LOADEDMODULE_AGGREGATION\n +FILEPATH +\\Windows\\system32\\ntoskrnl\.exe\n/);
    expect(stdout).toMatch(/ 7 +[0-9a-f]{16} +data +EV_EFI_VARIABLE_DRIVER_CONFIG +SecureBoot = 01\n/);
    expect(stdout).toMatch(/Secure Boot {2}on\n$/);
    const { json } = await explain(log, '--json');
    expect(Object.keys(json())).toEqual(['format', 'events', 'pcrs', 'secureBoot']);
    expect(json().events[22]).toMatchObject({
      pcr: 12,
      believed: 'data',
      records: [
        {
          id: '0x40010001',
          name: 'TRUSTBOUNDARY',
          records: expect.arrayContaining([{ id: '0x00050005', name: 'SAFEMODE', value: false }]),
        },
      ],
    });
  });

  test('a list of IMA', async () => {
    const name = Buffer.from('/usr/bin/a\u001b[31m\0');
    const hash = Buffer.concat([Buffer.from('sha256:\0'), Buffer.alloc(32, 7)]);
    const size = (length: number) => Buffer.from(Uint32Array.of(length).buffer);
    const data = Buffer.concat([size(hash.length), hash, size(name.length), name]);
    const list = Buffer.concat([
      size(10),
      Buffer.alloc(20, 1),
      size(6),
      Buffer.from('ima-ng'),
      size(data.length),
      data,
    ]);
    const { code, stdout } = await explain(list);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^IMA measurement list {2}1 entries\n/);
    // Names are anybody's: they do not drive the terminal.
    expect(stdout).toMatch(/ima-ng +wrong template hash +\/usr\/bin\/a\\u001b\[31m\n/);
    expect((await explain(list, '--json')).json()).toMatchObject({ format: 'ima', events: [{ isHashRight: false }] });
    const cut = await explain(list.subarray(0, -1));
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringMatching(/^error: the file cannot be read whole: ima\.0/)]);
  });
});

describe('explain --diff', () => {
  const diff = (before: Uint8Array | string, after: Uint8Array | string, more = '') =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'before'), before);
      writeFileSync(join(folder, 'after'), after);
      return assay(`explain --diff ${folder}/before ${folder}/after${more}`);
    });
  const { log } = forgeLog(linuxBoot(), ['sha256']);
  const { log: changed } = forgeLog(linuxBoot({ commandLine: 'init=/bin/sh', secureBoot: false }), ['sha256']);

  test('nothing changed: exit code 0', async () => {
    const { code, stdout } = await diff(log, log);
    expect([code, stdout]).toEqual([0, '✓ both boots measured the same (sha256)\n']);
  });

  test('something changed: exit code 1, and what it was', async () => {
    const { code, stdout, stderr } = await diff(log, changed);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(
      /PCR 7 {2}5 events are the same\n {2}changed +EV_EFI_VARIABLE_DRIVER_CONFIG .* SecureBoot = 01\n {2}to .* SecureBoot = 00\n {2}removed +EV_EFI_VARIABLE_AUTHORITY/,
    );
    expect(stdout).toMatch(/PCR 8 [\s\S]*value before {2}[0-9a-f]{64}\n {2}value after {3}[0-9a-f]{64}\n/);
    expect(stdout).toMatch(/the same: PCR 0, 1, 2, 3, 4, 5, 6 \(sha256\)\n$/);
    const { json } = await diff(log, changed, ' --json');
    expect(json()).toMatchObject({ format: 'tcg-log-diff', bank: 'sha256', isEqual: false });
    expect(json().registers.find(({ index }: { index: number }) => index === 8)).toMatchObject({
      same: 0,
      changes: [{ is: 'changed', after: { says: 'kernel_cmdline: init=/bin/sh' } }],
    });
  });

  test('long texts are shown from where they differ, and Windows’ records one by one', async () => {
    const options = (last: string) => ({ commandLine: `root=/dev/vda1 ${'quiet '.repeat(20)}${last}` });
    const [before, after] = ['ro', 'rw'].map((last) => forgeLog(linuxBoot(options(last)), ['sha256']).log);
    const { stdout } = await diff(before ?? '', after ?? '');
    expect(stdout).toMatch(/changed .* {2}…[quiet ]+ro\n {2}to .* {2}…[quiet ]+rw\n/);
    const [one, two] = [1n, 2n].map((bootCounter) => forgeLog(windowsBoot({ bootCounter }), ['sha256']).log);
    expect((await diff(one ?? '', two ?? '')).stdout).toMatch(/ - +BOOTCOUNTER = 1\n +\+ +BOOTCOUNTER = 2\n/);
  });

  test('what cannot be compared is usage: exit code 1 says that boots differ', async () => {
    expect((await diff(log, 'text')).stderr).toMatch(/^error: .*after is no event log\nhint: expected binary_bios/);
    const cut = await diff(log, log.subarray(0, -5));
    expect([cut.code, cut.stderr]).toEqual([
      2,
      expect.stringMatching(/after cannot be read as an event log: event\.23/),
    ]);
    const other = await diff(log, forgeLog(linuxBoot(), ['sha1']).log);
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/cannot be compared: log: has no bank in common/),
    ]);
    expect((await assay('explain a b')).stderr).toMatch(/^error: one file at a time\nhint: assay explain --diff/);
    expect((await assay('explain --diff a')).stderr).toMatch(/^error: --diff takes two logs/);
  });
});

describe('verify', () => {
  test.each([
    ['--any-boot', /go with --tpm/],
    ['--tpm --mrsigner 00', /of a machine with a TPM \(--tpm\) or of an enclave, not of both/],
    ['--tpm --policy-claim boot', /--policy-claim takes NAME=VALUE/],
    ['--tpm --holder absent', /absent cannot be read/],
  ])('usage: %s', async (options, said) => {
    const { code, stderr } = await assay(`verify a.b.c --issuer https://localhost ${options}`);
    expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
  });
});
