import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '@assay/core/bytes';
import { toPem } from '@assay/core/pki';
import { forgeBoot, forgeLog, forgeTpm, linuxBoot } from '@assay/core/testing';
import { expect, test } from 'vitest';
import { assay, inFolder } from './captured.test.support.ts';

const logOf = (bootLoader?: string): Uint8Array =>
  forgeLog(linuxBoot(bootLoader === undefined ? {} : { bootLoader: utf8(bootLoader) }), ['sha1', 'sha256']).log;

test('a log is stored under its label, listed, explained and replaced', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'good.bin'), logOf());
    const set = (label: string, file = `${folder}/good.bin`) =>
      assay(['tpm', 'reference', 'set', label, file, '--to', `${folder}/to`]);
    expect(await set('model-7')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/✓ {2}model-7/) });
    expect((await set('other.2')).code).toBe(0);
    expect(readFileSync(join(folder, 'to/model-7.log'))).toEqual(readFileSync(join(folder, 'good.bin')));

    const shown = await assay(`tpm reference show ${folder}/to`);
    expect(shown.stdout).toMatch(/✓ {2}model-7 {2}\d+ {3}24 {6}sha1, sha256\n✓ {2}other\.2/);
    const { logs } = (await assay(`tpm reference show ${folder}/to --json`)).json();
    expect(logs[0]).toEqual({ label: 'model-7', bytes: logOf().length, events: 24, banks: ['sha1', 'sha256'] });
    expect((await assay(`tpm reference show ${folder}/to model-7`)).stdout).toContain(
      'EV_EFI_BOOT_SERVICES_APPLICATION',
    );
    expect((await assay(`tpm reference show ${folder}/to model-7 --json`)).json().format).toBe('tcg-log');

    writeFileSync(join(folder, 'better.bin'), logOf('a longer boot loader than before'));
    expect((await set('model-7', `${folder}/better.bin`)).code).toBe(0);
    expect(readFileSync(join(folder, 'to/model-7.log'))).toEqual(readFileSync(join(folder, 'better.bin')));
    expect(readdirSync(join(folder, 'to')).sort()).toEqual(['model-7.log', 'other.2.log']);
  }));

test('what cannot be stored or shown is refused with its reason', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'good.bin'), logOf());
    writeFileSync(join(folder, 'cut.bin'), logOf().subarray(0, -1));
    writeFileSync(join(folder, 'long.bin'), new Uint8Array(200_000));
    const set = (label: string, file: string, to = 'to') =>
      assay(['tpm', 'reference', 'set', label, `${folder}/${file}`, '--to', `${folder}/${to}`]);
    for (const label of ['../model', 'a/b', '.hidden', 'Model', '', 'a'.repeat(65)])
      expect(await set(label, 'good.bin'), label).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('is no label'),
      });
    expect(await set('model', 'cut.bin')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/cut\.bin was not taken/),
    });
    expect(await set('model', 'long.bin')).toMatchObject({ code: 2, stderr: expect.stringMatching(/at most 131072/) });
    expect(await set('model', 'good.bin', 'good.bin')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nothing can be stored/),
    });
    expect(readdirSync(folder)).not.toContain('to');

    expect(await assay(`tpm reference show ${folder}/to`)).toMatchObject({ code: 2 });
    expect((await set('model', 'good.bin')).code).toBe(0);
    writeFileSync(join(folder, 'to/bad.log'), logOf().subarray(0, -1));
    writeFileSync(join(folder, 'to/letter.log'), 'Dear Sir or Madam, this is no log at all');
    const shown = (await assay(`tpm reference show ${folder}/to`)).stdout;
    expect(shown).toMatch(/✗ {2}bad .*\n✗ {2}letter .*is no event log\n✓ {2}model/);
    expect(await assay(`tpm reference show ${folder}/to nobody`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('hint: it holds bad, letter, model'),
    });
    expect((await assay(`tpm reference show ${folder}/to letter`)).code).toBe(1);
  }));

test('appraise tpm names the first event that the reference log has otherwise', () =>
  inFolder(async (folder) => {
    const at = new Date('2026-05-01T12:00:00Z');
    const machine = forgeTpm({ at });
    const file = (name: string, content: string | Uint8Array): string => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const pem = (der: Uint8Array): string => toPem('CERTIFICATE', der);
    const { root, issuer } = machine.certificates;
    const cas = file('cas.pem', pem(issuer) + pem(root));
    await assay(['collateral', 'import', cas, '--to', `${folder}/collateral`]);
    const boot = { ...forgeBoot(linuxBoot()), log: logOf('another') };
    const request = file('request', machine.request({ boot, challenge: new Uint8Array(16), serviceContext: 'AA' }));
    const appraise = (...more: string[]) =>
      assay([
        ...[
          'appraise',
          'tpm',
          request,
          '--collateral',
          `${folder}/collateral`,
          '--anchor',
          file('root.pem', pem(root)),
        ],
        ...['--at', '2026-05-01T12:00:00Z', ...more],
      ]);
    const compared = await appraise('--reference-log', file('good.bin', logOf()));
    expect(compared.code).toBe(1);
    expect(compared.stderr).toMatch(/expected event 20, PCR 4, .*; found event 20, .*reference log «good\.bin»/);
    expect((await appraise()).stderr).not.toContain('good.bin');
    const cut = await appraise('--reference-log', file('cut.bin', logOf().subarray(0, -1)));
    expect(cut).toMatchObject({ code: 2, stderr: expect.stringMatching(/the reference log .*cut\.bin does not read/) });
    const long = await appraise('--reference-log', file('long.bin', new Uint8Array(200_000)));
    expect(long).toMatchObject({ code: 2, stderr: expect.stringContaining('at most 131072 are compared') });
  }));
