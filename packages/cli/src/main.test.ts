import { AttestError, type ErrorCode, errorTable } from '@assay/core/errors';
import { expect, test } from 'vitest';
import { assay } from './captured.test.support.ts';
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
});

test('a setting that is wrong is usage, with what was expected', async () => {
  const { code, stderr } = await assay('serve --print-config --listen-port many');
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: the configuration is wrong/);
  expect(stderr).toContain('listen.port');
});
