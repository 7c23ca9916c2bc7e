import { logPaths, TpmError } from '@assay/client';
import { describe, expect, test } from 'vitest';
import { addressOf, addressText, inWords, withAdvice } from './machine.ts';

describe('where the TPM is', () => {
  test.each([
    [undefined, { path: '/dev/tpmrm0' }],
    ['/tmp/tpm/sock', { path: '/tmp/tpm/sock' }],
    ['sock', { path: 'sock' }],
    ['127.0.0.1:2321', { host: '127.0.0.1', port: 2321 }],
    ['[::1]:2321', { host: '::1', port: 2321 }],
    ['./a:1', { path: './a:1' }],
  ])('%s', (text, address) => {
    expect(addressOf(text)).toEqual(address);
    expect(addressText(addressOf(text))).toBe(text ?? '/dev/tpmrm0');
  });

  test.each(['host:0', 'host:70000'])('%s is usage', (text) => {
    expect(() => addressOf(text)).toThrow(/^--tpm: \d+ is no port$/);
  });
});

describe('what is wrong, and what to do about it', () => {
  test.each([
    [
      'Denied',
      'no permission to use /dev/tpmrm0: add the user to the group tss, and log in again',
      'no permission to use /dev/tpmrm0',
      ['add the user to the group tss, and log in again'],
    ],
    [
      'Denied',
      `no permission to read ${logPaths.TCG}: the kernel shows the log of the boot to root alone (the group tss does not help). Run as root, or read a copy that a service of root makes after each boot`,
      `no permission to read ${logPaths.TCG}: the kernel shows the log of the boot to root alone (the group tss does not help)`,
      ['Run as root, or read a copy that a service of root makes after each boot'],
    ],
    [
      'Absent',
      'there is no /dev/tpmrm0. Does this machine have a TPM 2.0?',
      'there is no /dev/tpmrm0',
      [
        'Does this machine have a TPM 2.0?',
        '--tpm names another device, or the socket of a software TPM (PATH or host:port)',
      ],
    ],
    [
      'Busy',
      'another program has /dev/tpm0 open, which takes one at a time: use /dev/tpmrm0',
      'another program has /dev/tpm0 open, which takes one at a time',
      ['use /dev/tpmrm0'],
    ],
    ['Lost', 'sock: the connection broke', 'sock: the connection broke', []],
  ] as const)('%s: %s', (reason, text, message, hints) => {
    expect(withAdvice(new TpmError(reason, text))).toEqual({ message, hints });
  });

  test('a TPM that lacks what was asked for is a matter of the command line, every other failure is not', async () => {
    await expect(inWords(Promise.reject(new TpmError('Unfit', 'x')))).rejects.toMatchObject({ ending: 'usage' });
    await expect(inWords(Promise.reject(new TpmError('Lost', 'x')))).rejects.toMatchObject({ ending: 'unavailable' });
    await expect(inWords(Promise.reject(new RangeError('x')))).rejects.toBeInstanceOf(RangeError);
  });
});
