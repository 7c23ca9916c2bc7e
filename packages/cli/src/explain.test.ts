import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forgeIntel } from '@assay/core/testing';
import { expect, test } from 'vitest';
import { assay, inFolder } from './captured.test.support.ts';

const world = forgeIntel({ at: new Date('2026-01-01T00:00:00Z') });
const explain = (file: Uint8Array | string, json = false) =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'file'), file);
    return assay(['explain', join(folder, 'file'), ...(json ? ['--json'] : [])]);
  });

test('a quote: fields with their places, certificates, and what will be checked', async () => {
  const { code, stdout, stderr } = await explain(world.quote());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^SGX quote, version 3 {2}\d+ bytes\n/);
  expect(stdout).toMatch(/\n {6}96 {5}16 {8}attributes +05000000000000000000000000000000 {2}INIT, MODE64BIT/);
  expect(stdout).toMatch(/certificate 1 of 3: Intel SGX PCK Certificate\n[\s\S]+FMSPC +00906ed50000/);
  expect(stdout).toMatch(/what a verifier will check\n[\s\S]+intel.quote.signed +The quote is signed/);
  expect(stdout).not.toContain('intel.tdx.');
});

test('evidence as text is found out, collateral is text as it is', async () => {
  expect((await explain(Buffer.from(world.quote()).toString('base64'))).stdout).toMatch(/^SGX quote, version 3/);
  const collateral = [...world.collateral].map(
    async ([name, file]) => [name, (await explain(file)).stdout.split('\n')[0]] as const,
  );
  const told = Object.fromEntries(await Promise.all(collateral));
  expect(told['intel/tcb-info-sgx-00906ed50000']).toMatch(/^TCB info, intel\/tcb-info-sgx-00906ed50000/);
  expect(told['intel/qe-identity-tdx']).toMatch(/^identity of a quoting enclave/);
  expect(told['intel/crl-root']).toMatch(/^a certificate revocation list/);
  expect(told['intel/qe-identity-sgx-issuers']).toMatch(/^2 certificates/);
});

test('a quote that ends too early is shown as far as it goes', async () => {
  const { code, stdout, stderr } = await explain(world.quote().subarray(0, 600));
  expect(code).toBe(1);
  expect(stdout).toMatch(/mrEnclave/);
  expect(stderr).toMatch(/^error: the file cannot be read whole: auth at byte 436: need \d+ bytes, 164 left\n$/);
});

test('JSON says the same', async () => {
  const { json } = await explain(world.quote({ tee: 'tdx', version: 5 }), true);
  expect(json()).toMatchObject({ what: 'TDX quote, version 5' });
  const fields = json().parts[0].rows;
  expect(fields).toContainEqual({
    path: 'signed.body.type',
    offset: 48,
    length: 2,
    value: '3',
    meaning: 'TD, TDX 1.5',
  });
  expect(json().checks.map(({ id }: { id: string }) => id)).toContain('intel.tdx.module');
});

test('JSON says what nobody knows, too', async () => {
  const { code, json } = await explain('hello', true);
  expect(code).toBe(1);
  expect(json()).toEqual({
    outcome: 'refused',
    error: { code: 'Malformed', message: expect.stringContaining('is nothing that assay knows') },
  });
});

test('a token, which is for another command', async () => {
  expect((await explain('eyJh.eyJi.c-_\n')).stderr).toMatch(/\nhint: it is a JWS: a token is for assay verify/);
});

test('what nobody knows', async () => {
  const { code, stderr } = await explain('hello');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: .*file is nothing that assay knows\nhint: expected an SGX or TDX quote/);
});

test('what has no end is read no further than anything else', async () => {
  const { code, stderr } = await assay('explain /dev/zero');
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/^error: \/dev\/zero has \d+ bytes, at most 16777216 are read/),
  ]);
});
