/** `attest` and `verify` against a service in this process, over TLS under its development CA. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, type Served, serve } from '@assay/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assay, inFolder } from './captured.test.support.ts';

let served: Served;
let folder: string;
let end: () => void = () => {};
let done: Promise<void>;

beforeAll(async () => {
  await new Promise<void>((ready, fail) => {
    done = inFolder(async (own) => {
      folder = own;
      writeFileSync(join(folder, 'data.json'), '{"a":1}');
      await assay(`forge sgx --to ${folder} --runtime-data ${folder}/data.json`);
      const flags = {
        'data-folder': join(folder, 'data'),
        'listen-port': '0',
        'log-level': 'silent',
        'collateral-folder': join(folder, 'collateral'),
        'insecure-anchors': join(folder, 'development-root.pem'),
      };
      served = await serve(loadConfig({ flags }));
      ready();
      await new Promise<void>((resolve) => (end = resolve));
      await served.close();
    });
    done.catch(fail);
  });
});
afterAll(async () => {
  end();
  await done;
});

const there = (): string => `--server ${served.issuer} --ca ${served.authority}`;
const issuer = (): string => `--issuer ${served.issuer} --ca ${served.authority}`;
const signer = '8b5fcea4303470fa979aa67f56cfb2aa081705a5d759ec1ccd4da7d9d47ab69b';

test('from evidence to claims', async () => {
  const attested = await assay(
    `attest sgx ${folder}/quote.bin ${there()} --runtime-data ${folder}/data.json --runtime-data-type JSON --nonce n1 -o ${folder}/token.jwt`,
  );
  expect(attested).toMatchObject({ code: 0, stdout: `${folder}/token.jwt\n` });
  expect(attested.stderr).toMatch(/^appraisal [0-9a-f]{32}\n$/);

  const verify = `verify ${folder}/token.jwt ${issuer()} --mrsigner ${signer} --runtime-data ${folder}/data.json --nonce n1`;
  const insecure = await assay(verify);
  expect(insecure.code).toBe(1);
  expect(insecure.stderr).toMatch(/error: the service ran with insecure settings.*\nhint: --allow-insecure/);
  const verified = await assay(`${verify} --allow-insecure`);
  expect(verified.code).toBe(0);
  expect(verified.stdout).toMatch(/x-ms-sgx-is-debuggable +false/);
  expect(verified.stdout).toMatch(/✓ verified\n$/);
  expect(verified.stderr).toContain('warning: the service ran with the insecure setting development-anchors');

  const stdin = readFileSync(`${folder}/token.jwt`);
  const json = (await assay(`verify - ${issuer()} --mrsigner ${signer} --allow-insecure --json`, { stdin })).json();
  expect(json).toMatchObject({ outcome: 'accepted', error: null, claims: { 'x-ms-runtime': { a: 1 }, nonce: 'n1' } });
});

test('a token on the command line; every expectation that is not met is told', async () => {
  const { stdout } = await assay(`attest sgx ${folder}/quote.bin ${there()}`);
  const token = stdout.trim();
  const anybody = await assay(`verify ${token} ${issuer()} --allow-insecure`);
  expect(anybody.code).toBe(0);
  expect(anybody.stderr).toContain('warning: nothing is expected of the enclave');
  const { code, stderr } = await assay(
    `verify ${token} ${issuer()} --allow-insecure --mrenclave ${'00'.repeat(32)} --minimum-svn 9 --nonce other`,
  );
  expect(code).toBe(1);
  expect(stderr.match(/^error: /gm)).toHaveLength(3);
  const json = (await assay(`verify ${token} ${issuer()} --allow-insecure --nonce other --json`)).json();
  expect(json).toMatchObject({
    outcome: 'refused',
    error: { code: 'claims.nonce' },
    problems: [{ code: 'claims.nonce', expected: 'other' }],
  });
});

test('a refusal names the check, and shows the appraisal where asked', async () => {
  const quote = new Uint8Array(readFileSync(`${folder}/quote.bin`));
  quote[112] = (quote[112] ?? 0) ^ 1;
  writeFileSync(`${folder}/flipped.bin`, quote);
  const plain = await assay(`attest sgx ${folder}/flipped.bin ${there()}`);
  expect(plain).toMatchObject({ code: 1, stdout: '' });
  expect(plain.stderr).toMatch(/^error: check intel.quote.signed failed: .*\nhint: --appraisal shows every check/);
  expect(plain.stderr).not.toMatch(/Native operation|\\u000d/);
  const shown = await assay(`attest sgx ${folder}/flipped.bin ${there()} --appraisal`);
  expect(shown.stderr).toContain('✗ The quote is signed by the attestation key');
  const json = (await assay(`attest sgx ${folder}/flipped.bin ${there()} --json`)).json();
  expect(json).toMatchObject({
    outcome: 'refused',
    error: {
      code: 'InvalidParameter',
      status: 400,
      check: 'intel.quote.signed',
      message: expect.stringMatching(/^Native operation failed/),
    },
  });
});

test('a refusal ends with what to do about it', async () => {
  await assay(`forge sgx --to ${folder}/other --seed another`);
  const stranger = await assay(`attest sgx ${folder}/other/quote.bin ${there()}`);
  expect(stranger.stderr).toMatch(
    /^error: check intel.pck.path failed: [^\n]*\nhint: .*assay serve --insecure-anchors/,
  );
});

test('nobody there, and nobody to be believed: unavailable', async () => {
  const closed = await assay(`attest sgx ${folder}/quote.bin --server https://127.0.0.1:9 --ca ${served.authority}`);
  expect(closed.code).toBe(3);
  const strange = await assay(`attest sgx ${folder}/quote.bin --server ${served.issuer}`);
  expect(strange.code).toBe(3);
  expect(strange.stderr).toContain('hint: --ca names the roots to trust');
  const { stdout } = await assay(`attest sgx ${folder}/quote.bin ${there()}`);
  expect((await assay(`verify ${stdout.trim()} --issuer ${served.issuer}`)).code).toBe(3);
}, 20_000);

test('with --json whatever ends without a verdict says so on standard output', async () => {
  const { stdout } = await assay(`attest sgx ${folder}/quote.bin ${there()}`);
  writeFileSync(`${folder}/odd.jwt`, Uint8Array.of(0xff, 0xfe, 0xe9));
  const unreachable = await assay(`attest sgx ${folder}/quote.bin --server https://127.0.0.1:9 --json`);
  expect(unreachable.code).toBe(3);
  expect(unreachable.json()).toMatchObject({ outcome: 'unavailable', error: { code: 'Unreachable' } });
  const strange = await assay(`verify ${stdout.trim()} --issuer ${served.issuer} --json`);
  expect(strange.code).toBe(3);
  expect(strange.json()).toEqual({
    outcome: 'unavailable',
    error: { code: 'KeysUnavailable', message: expect.any(String) },
  });
  const odd = await assay(`verify ${folder}/odd.jwt ${issuer()} --json`);
  expect(odd.code).toBe(1);
  expect(odd.json()).toMatchObject({ outcome: 'refused', error: { code: 'malformed' }, problems: [{}] });
  writeFileSync(`${folder}/text.txt`, 'a-b!c');
  const text = await assay(`attest sgx ${folder}/text.txt ${there()} --json`);
  expect(text.code).toBe(1);
  expect(text.json()).toMatchObject({ outcome: 'refused', error: { code: 'EvidenceMalformed' } });
  // Nothing was judged where the command line is wrong.
  expect(await assay(`verify absent.jwt --issuer http://localhost --json`)).toMatchObject({ code: 2, stdout: '' });
}, 20_000);

test('integers beyond 2^53 in bound data come out of every command as they are', async () => {
  writeFileSync(join(folder, 'large.json'), '{"a":[12345678901234567890]}');
  await assay(`forge sgx --to ${folder}/large --runtime-data ${folder}/large.json`);
  const data = `--runtime-data ${folder}/large.json --runtime-data-type JSON`;
  const root = `--anchor ${folder}/development-root.pem`;
  for (const json of ['', ' --json']) {
    const judged = await assay(
      `appraise sgx ${folder}/large/quote.bin --collateral ${folder}/large/collateral ${root} ${data}${json}`,
    );
    expect(judged.code).toBe(0);
    if (json) expect(judged.stdout).toContain('12345678901234567890');
    const attested = await assay(`attest sgx ${folder}/large/quote.bin ${there()} ${data} --appraisal${json}`);
    expect(attested.code).toBe(0);
    const token = json ? attested.json().token : attested.stdout.trim();
    const verified = await assay(`verify ${token} ${issuer()} --allow-insecure${json}`);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain('12345678901234567890');
  }
});

test('usage', async () => {
  expect((await assay(`attest sgx ${folder}/quote.bin --server http://localhost`)).code).toBe(2);
  expect((await assay(`verify a.b.c --issuer http://localhost`)).code).toBe(2);
  expect((await assay(`verify a.b.c ${issuer()} --product-id 1`)).stderr).toContain(
    'hint: give --mrenclave or --mrsigner',
  );
  expect((await assay(`verify a.b.c ${issuer()}`)).code).toBe(1);
});
