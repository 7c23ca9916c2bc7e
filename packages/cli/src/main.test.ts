import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AttestError, type ErrorCode, errorTable } from '@assay/core/errors';
import { expect, test } from 'vitest';
import { assay, inFolder } from './captured.test.support.ts';
import { CommandError, endingOf, exitCodes } from './exit.ts';

test('the version, and nothing else', async () => {
  expect(await assay('--version')).toMatchObject({ code: 0, stdout: '0.0.0\n', stderr: '' });
});

test('help goes to stdout and is no error', async () => {
  const { code, stdout, stderr } = await assay('appraise --help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('--collateral <folder>');
});

test('without a command: the help, on stderr', async () => {
  const { code, stdout, stderr } = await assay([]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/appraise .*judge evidence here/);
  expect(stderr).not.toContain('demo');
});

test.each([
  ['frobnicate', "error: unknown command 'frobnicate'\nhint: assay --help says what there is\n"],
  ['explan x', "error: unknown command 'explan'\nhint: Did you mean explain?\nhint: assay --help says what there is\n"],
  [
    'appraise sgx q.bin',
    "error: required option '--collateral <folder>' not specified\nhint: assay appraise --help says what there is\n",
  ],
  [
    'collateral import x',
    "error: required option '--to <folder>' not specified\nhint: assay collateral import --help says what there is\n",
  ],
  [
    'collateral imprt x',
    "error: unknown command 'imprt'\nhint: Did you mean import?\nhint: assay collateral --help says what there is\n",
  ],
  ['explain', "error: missing required argument 'file'\nhint: assay explain --help says what there is\n"],
  [
    'serve --listen-prt 1',
    "error: unknown option '--listen-prt'\nhint: Did you mean --listen-port?\nhint: assay serve --help says what there is\n",
  ],
])('usage: %s', async (line, said) => {
  const { code, stdout, stderr } = await assay(line);
  expect({ code, stdout, stderr: stderr.replace('did you', 'Did you') }).toEqual({ code: 2, stdout: '', stderr: said });
});

test('every code of an error has its exit code, by who must act', () => {
  const endings = Object.fromEntries(
    (Object.keys(errorTable) as ErrorCode[]).map((code) => [code, exitCodes[endingOf(new AttestError(code, ''))]]),
  );
  expect(endings).toMatchObject({
    BaselineUnmet: 1,
    EvidenceRefused: 1,
    EvidenceMalformed: 1,
    PolicyDenied: 1,
    RuntimeDataMismatch: 1,
  });
  expect(endings).toMatchObject({ CollateralMissing: 3, CollateralExpired: 1, CollateralInvalid: 1, Overloaded: 3 });
  expect(endings).toMatchObject({ ConfigurationInvalid: 2, PolicyMalformed: 2, Defect: 70 });
  expect(endingOf(new CommandError('usage', ''))).toBe('usage');
  expect(endingOf(new TypeError(''))).toBe('defect');
});

test('every setting of the service is a flag, and the settings in force can be printed', async () => {
  const printed = await assay('serve --print-config --listen-port 1234 --insecure-plain-http');
  expect(printed.code).toBe(0);
  expect(printed.json()).toMatchObject({ listen: { port: 1234 }, insecure: { plainHttp: true } });
  const help = await assay('serve --help');
  expect(help.stdout).toMatch(/--data-folder <value>\s+Where keys and certificates/);
  expect(help.stdout.match(/^\S.*:$/gm)).toEqual([
    'Options:',
    'Settings:',
    'TLS:',
    'Limits:',
    'Memory:',
    'Insecure, never in production:',
  ]);
});

test('a setting that is wrong is usage, with what was expected', async () => {
  const { code, stderr } = await assay('serve --print-config --listen-port many');
  expect(code).toBe(2);
  expect(stderr).toBe('error: the configuration is wrong:\n  listen.port must be a whole number\n');
});

test('every mistake of a configuration has a line of its own, and YAML is shown where it is wrong', async () => {
  await inFolder(async (folder) => {
    const file = join(folder, 'assay.yaml');
    writeFileSync(file, 'listen: { prot: 1 }\npublicUrl: x\n');
    const wrong = await assay(`serve --print-config --config ${file}`);
    expect(wrong.stderr.split('\n').slice(0, -1).sort()).toEqual([
      '  listen.prot is not a setting; did you mean listen.port?',
      '  publicUrl is not a setting; did you mean provider.publicUrl?',
      'error: the configuration is wrong:',
    ]);
    writeFileSync(file, 'listen: { port: 1 }\nlisten: {}\n');
    const twice = await assay(`serve --print-config --config ${file}`);
    expect(twice.stderr).toMatch(
      /^error: .* is not YAML: .*line 2, column 1:\n\n {2}listen: \{ port: 1 \}\n {2}listen: \{\}\n {2}\^\n$/,
    );
  });
});
