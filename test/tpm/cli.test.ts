/** `assay tpm` before a live TPM and a service: from a bare machine to a verified token, and every way it can fail. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAttestationKey, endorsementKey, loadKey, logPaths, tpmCollector, withTpm } from '@assay/client';
import { bootToOrder, type SoftwareTpm } from '@assay/client/testing';
import { encode } from '@assay/core/bytes';
import { forgeLog, linuxBoot } from '@assay/core/testing';
import { PlatformClaim } from '@assay/core/tpm';
import { loadConfig, type Served, serve } from '@assay/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ran, assay as run } from '../../packages/cli/src/captured.test.support.ts';
import { requireTogether } from '../../packages/cli/src/tpm/activation.ts';
import { withSwtpm } from '../setup/swtpm.ts';

/** What a slow machine is waited for is no part of what a command says. */
async function assay(...args: Parameters<typeof run>): Promise<Ran> {
  const ran = await run(...args);
  return { ...ran, stderr: ran.stderr.replace(/^waiting for .*\n/gm, '') };
}

const bearer = 'a-token-for-tests-0123';
const policy =
  'version= 1.2;authorizationrules{[type=="secureBootEnabled", value==true] => permit();};issuancerules{c:[type=="build"] => issue(type="build", value=c.value); c:[type=="x-assay-tpm-secure-boot"] => issue(type="boot", value=c.value);};';

withSwtpm('the command line before a live TPM', ({ start, made }) => {
  let folder: string;
  let tpm: SoftwareTpm;
  const at = (name: string): string => join(folder, name);
  const onTpm = (line: string): ReturnType<typeof assay> => assay(`tpm ${line} --tpm ${tpm.address.path}`);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'assay-tpm-cli-'));
    tpm = await start();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describe('status', () => {
    test('says who made the TPM, what it holds, and why logs cannot be read', async () => {
      writeFileSync(at('boot.bin'), forgeLog(linuxBoot(), ['sha256']).log);
      const line = `status --tcg-log ${at('boot.bin')} --ima-log ${at('none')}`;
      const { code, json } = await onTpm(`${line} --json`);
      expect(code).toBe(0);
      expect(json()).toMatchObject({
        tpm: tpm.address.path,
        usable: true,
        manufacturer: 'IBM',
        family: '2.0',
        firmwareVersion: expect.stringMatching(/^[0-9a-f]{16}$/),
        banks: ['sha1', 'sha256', 'sha384'],
        endorsementCertificates: [
          { template: 'L-1', index: '0x01c00002', subject: 'CN=machine', validUntil: expect.any(String) },
          { template: 'H-3', index: '0x01c00016' },
        ],
        storedKeys: [
          { handle: '0x81010001', key: 'RSA 2048', use: 'endorsement key' },
          { handle: '0x81010016', key: 'P-384', use: 'endorsement key' },
        ],
        logs: [
          { kind: 'TCG', readable: true, entries: 24, banks: ['sha256'] },
          {
            kind: 'IMA',
            readable: false,
            problem: `there is no ${at('none')}`,
            advice: [expect.stringMatching(/^Is securityfs mounted/)],
          },
        ],
      });
      const { stdout, stderr } = await onTpm(line);
      expect(stdout).toMatch(/manufacturer +IBM/);
      expect(stdout).toMatch(/L-1 {2}0x01c00002\n +subject +CN=machine\n +issuer +CN=/);
      expect(stdout).toMatch(/✓ TCG .*boot\.bin\n +24 events, \d+ bytes, sha256/);
      expect(stdout).toMatch(/– IMA .*none\n +there is no .*none\n +Is securityfs mounted/);
      expect(stderr).toBe('');
    });

    test('a log that is none is told', async () => {
      writeFileSync(at('boot.bin'), 'no log');
      const { stdout } = await onTpm(`status --tcg-log ${at('boot.bin')}`);
      expect(stdout).toMatch(/– TCG .*boot\.bin\n +the log does not read: event\.0/);
    });

    test('without a TPM the logs are told all the same, and what to do', async () => {
      writeFileSync(at('boot.bin'), forgeLog(linuxBoot(), ['sha256']).log);
      const line = `tpm status --tpm /dev/no-such-tpm --tcg-log ${at('boot.bin')}`;
      const { code, stdout, stderr } = await assay(line);
      expect(code).toBe(3);
      expect(stdout).toMatch(/^logs\n {2}✓ TCG/);
      expect(stderr).toMatch(/^error: there is no \/dev\/no-such-tpm\nhint: does this machine have a TPM 2\.0/);
      const { json } = await assay(`${line} --json`);
      expect(json()).toMatchObject({ usable: false, problem: 'there is no /dev/no-such-tpm', logs: [{}, {}] });
    });
  });

  describe('quote', () => {
    test.each(['rsa', 'rsa-pss', 'p256', 'p384'])(
      'by a key of kind %s: check-quote takes all that it writes',
      async (kind) => {
        const line = `quote --to ${at('q')} --kind ${kind} --extra-data 00ff --pcrs 0-2,7 --bank sha384,sha256`;
        const quoted = await onTpm(line);
        expect([quoted.code, quoted.stderr]).toEqual([0, '']);
        // The line that it ends with is the check.
        const check =
          quoted.stdout
            .trim()
            .split('\n')
            .at(-1)
            ?.replace(/^assay /, '') ?? '';
        const { code, json } = await assay(`${check} --json`);
        expect(code).toBe(0);
        expect(json()).toMatchObject({
          signature: true,
          pcrDigest: true,
          extraData: true,
          selection: [
            ['sha384', [0, 1, 2, 7]],
            ['sha256', [0, 1, 2, 7]],
          ],
        });
        const other = await assay(`${check.replace('00ff', '00fe')} --json`);
        expect([other.code, other.json().extraData]).toEqual([1, false]);
      },
    );

    test('by a key in a file, which check-quote takes as it is', async () => {
      expect((await onTpm(`key -o ${at('quoting.key')}`)).code).toBe(0);
      const quoted = await onTpm(`quote --to ${at('q')} --aik ${at('quoting.key')}`);
      const check = (quoted.stdout.trim().split('\n').at(-1) ?? '').replace(/^assay /, '');
      expect((await assay(check.replace(/--key \S+/, `--key ${at('quoting.key')}`))).code).toBe(0);
    });

    test('carries chance where nothing is asked for', async () => {
      const [first, second] = [
        await onTpm(`quote --to ${at('a')} --json`),
        await onTpm(`quote --to ${at('b')} --json`),
      ];
      expect(first.json().extraData).toMatch(/^[0-9a-f]{64}$/);
      expect(second.json().extraData).not.toBe(first.json().extraData);
    });

    test.each([
      ['--extra-data 0g', /^error: --extra-data must be hexadecimal/],
      [`--nonce ${'00'.repeat(65)}`, /^error: --nonce has 65 bytes, at most 64/],
      ['--nonce 00 --extra-data 00', /^error: --nonce and --extra-data are two names of one option/],
      ['--pcrs 7-3', /^error: --pcrs takes numbers from 0 to 23 such as 0-7,14, not «7-3»/],
      ['--pcrs 24', /^error: --pcrs takes numbers/],
      ['--bank md5', /^error: --bank takes sha1, sha256, sha384, sha512, not «md5»/],
      ['--bank sha512', /^error: the PCR bank sha512 is not switched on in this TPM, which has sha1, sha256, sha384/],
      ['--bank sha256,sha256', /^error: a PCR bank was chosen twice/],
      ['--aik 0x80000001', /^error: --aik: 0x80000001 is no handle of a stored key/],
    ])('usage: %s', async (options, said) => {
      const { code, stderr } = await onTpm(`quote --to ${at('q')} ${options}`);
      expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
    });

    test('a handle with nothing behind it', async () => {
      const { code, stderr } = await onTpm(`quote --to ${at('q')} --aik 0x81000099`);
      expect([code, stderr]).toEqual([
        3,
        expect.stringMatching(/^error: TPM2_ReadPublic: there is no object 0x81000099/),
      ]);
    });
  });

  describe('forge boot', () => {
    test('a boot measured into a TPM is what its log tells', async () => {
      const forged = await assay(`forge boot --tpm ${tpm.address.path} --to ${at('boot')} --platform windows`);
      expect([forged.code, forged.stdout]).toEqual([0, `${at('boot/binary_bios_measurements')}\n`]);
      await onTpm(`quote --to ${at('q')} --kind p256`);
      const quoted = JSON.parse(readFileSync(at('q/pcrs.json'), 'utf8'));
      const told = (await assay(`explain ${at('boot/binary_bios_measurements')} --json`)).json();
      expect(quoted.sha256).toMatchObject(told.pcrs.sha256);
      const again = await assay(`forge boot --tpm ${tpm.address.path} --to ${at('boot')}`);
      expect([again.code, again.stderr]).toEqual([
        2,
        expect.stringMatching(/measured something already, into PCR 0\nhint: restart it/),
      ]);
    });

    test('never into a device', async () => {
      expect((await assay(`forge boot --tpm /dev/null --to ${at('boot')}`)).stderr).toMatch(
        /^error: \/dev\/null is a device: boots are made up for software TPMs alone/,
      );
      expect((await assay(`forge boot --to ${at('boot')}`)).stderr).toMatch(/^error: --tpm names the software TPM/);
    });
  });

  describe('log', () => {
    test('copies a log, or explains it', async () => {
      const { log } = forgeLog(linuxBoot(), ['sha256']);
      writeFileSync(at('boot.bin'), log);
      const copied = await assay(`tpm log --tcg --from ${at('boot.bin')} -o ${at('copy.bin')}`);
      expect([copied.code, copied.stdout]).toEqual([0, `${at('copy.bin')}\n`]);
      expect(new Uint8Array(readFileSync(at('copy.bin')))).toEqual(log);
      const explained = await assay(`tpm log --from ${at('boot.bin')} --json`);
      expect(explained.json()).toMatchObject({ format: 'tcg-log', secureBoot: { determined: true, on: true } });
    });

    test('a log that cannot be read says why, and what to do', async () => {
      const none = await assay(`tpm log --tcg --from ${at('none')} -o ${at('copy.bin')}`);
      expect([none.code, none.stderr]).toEqual([
        3,
        expect.stringMatching(/^error: there is no .*none\nhint: is securityfs mounted .* started by UEFI firmware/),
      ]);
      expect((await assay('tpm log --tcg --ima')).code).toBe(2);
    });
  });

  describe('key and certify', () => {
    const roots = (): readonly string[] => {
      writeFileSync(at('maker.pem'), made().root);
      writeFileSync(at('maker-intermediate.pem'), made().intermediate);
      return [at('maker.pem'), at('maker-intermediate.pem')];
    };
    const certify = (aik: string, more: string): ReturnType<typeof assay> =>
      onTpm(`certify --aik ${aik} --authority ${at('ca')} -o ${at('aik.pem')}${more}`);

    test('a key in a file is for its TPM alone; its certificate is one of an attestation key', async () => {
      expect((await onTpm(`key -o ${at('aik.key')} --public-key ${at('aik.pub.pem')}`)).code).toBe(0);
      expect(statSync(at('aik.key')).mode & 0o777).toBe(0o600);
      const { code, stdout, stderr } = await certify(at('aik.key'), ` --ek-root ${roots().join(' ')}`);
      expect([code, stderr]).toEqual([0, expect.stringMatching(/^warning: .*ca is a new CA: who reads its key/)]);
      expect(stdout).toMatch(/root +.*aik-ca\.pem/);
      expect(statSync(at('ca/aik-ca.key.pem')).mode & 0o777).toBe(0o600);
      const verified = execFileSync('openssl', ['verify', '-CAfile', at('ca/aik-ca.pem'), at('aik.pem')], {
        encoding: 'utf8',
      });
      expect(verified).toMatch(/OK/);
      const explained = (await assay(`explain ${at('aik.pem')}`)).stdout;
      expect(explained).toMatch(/^a certificate of an attestation key/);
      expect(explained).toMatch(/TPM manufacturer +id:00001014/);
      const file = (await assay(`explain ${at('aik.key')}`)).stdout;
      expect(file).toMatch(/^file of an attestation key \(TSS2 PRIVATE KEY\)/);
    });

    test('P9: certify refuses what no maker vouches for, and what is no attestation key', async () => {
      await onTpm(`key -o ${at('aik.key')} --kind p256`);
      await onTpm(`key -o ${at('request.key')} --for requests --kind p256`);
      expect((await certify(at('aik.key'), '')).stderr).toMatch(
        /^error: whose TPMs are believed: --ek-root FILE…, or --any-tpm/,
      );
      const noRoot = await certify(at('aik.key'), ` --ek-root ${roots()[1]}`);
      expect([noRoot.code, noRoot.stderr]).toEqual([
        1,
        expect.stringMatching(/^error: nothing vouches for this TPM’s endorsement key: /),
      ]);
      const signs = await certify(at('request.key'), ' --any-tpm');
      expect([signs.code, signs.stderr]).toEqual([
        1,
        expect.stringMatching(
          /^error: the key is no attestation key: it lacks the attribute restricted\nhint: assay tpm key makes one/,
        ),
      ]);
      const any = await certify(at('aik.key'), ' --any-tpm --json');
      expect([any.code, any.json().endorsed]).toEqual([0, false]);
      expect(any.stderr).toMatch(/^warning: any TPM will do/);
    });

    test('P9: a TPM that shows another key than the one it uses is found out', async () => {
      await withTpm(tpm.address, async (conversation) => {
        const ek = await endorsementKey(conversation);
        const key = await loadKey(conversation, await createAttestationKey(conversation, { type: 'P-256' }));
        const shown = (await createAttestationKey(conversation, { type: 'P-256' })).public;
        await requireTogether(conversation, key, ek);
        await expect(requireTogether(conversation, { ...key, public: shown }, ek)).rejects.toMatchObject({
          reason: 'INTEGRITY',
        });
      });
    });

    test('usage', async () => {
      expect((await onTpm('key')).stderr).toMatch(/^error: the key must go somewhere/);
      expect((await onTpm('key --handle 81000003')).stderr).toMatch(/^error: --handle takes a handle such as/);
      expect((await onTpm(`key -o ${at('k')} --for requests --kind p384`)).stderr).toMatch(
        /of kind rsa \(PS256\) or p256/,
      );
      writeFileSync(at('kept'), 'a key');
      expect((await onTpm(`key -o ${at('kept')}`)).stderr).toMatch(/kept is there already, and is not written over/);
      expect(readFileSync(at('kept'), 'utf8')).toBe('a key');
      await onTpm('key --handle 0x81000003 --kind p256');
      expect((await onTpm('key --handle 0x81000003 --kind p256')).stderr).toMatch(/the handle is taken/);
      writeFileSync(at('text'), 'text');
      expect((await certify(at('text'), ' --any-tpm')).stderr).toMatch(
        /holds no key of a TPM\nhint: expected a handle/,
      );
      expect((await certify('0x81000003', ' --any-tpm --days 0')).stderr).toMatch(/--days takes 1 to/);
    });
  });
});

withSwtpm('the command line, a live TPM and the service', ({ start }) => {
  let folder: string;
  let tpm: SoftwareTpm;
  let served: Served;
  const at = (name: string): string => join(folder, name);
  const onTpm = (line: string): ReturnType<typeof assay> => assay(`tpm ${line} --tpm ${tpm.address.path}`);
  const there = (): string => `--server ${served.issuer} --ca ${served.authority} --bearer-file ${at('bearer')}`;
  const issuer = (): string => `--issuer ${served.issuer} --ca ${served.authority}`;

  // One machine, one service: bare, booted, its key certified.
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'assay-tpm-cli-'));
  });
  beforeEach(async () => {
    tpm = await start();
    const boot = forgeLog(linuxBoot(), ['sha1', 'sha256', 'sha384']);
    await bootToOrder(tpm, boot);
    writeFileSync(at('boot.bin'), boot.log);
    writeFileSync(at('bearer'), `${bearer}\n`);
    writeFileSync(at('policy.txt'), policy);
    await onTpm('key --handle 0x81000003');
    await onTpm(`certify --aik 0x81000003 --authority ${at('ca')} --any-tpm -o ${at('aik.pem')}`);
    if (served) return;
    mkdirSync(at('collateral'));
    await assay(`collateral import ${at('ca/aik-ca.pem')} --to ${at('collateral')}`);
    served = await serve(
      loadConfig({
        flags: {
          'data-folder': at('data'),
          'listen-port': '0',
          'log-level': 'silent',
          'collateral-folder': at('collateral'),
          'provider-policies': JSON.stringify({ Tpm: at('policy.txt') }),
          'tpm-bearer-token': bearer,
          'tpm-roots': JSON.stringify([at('ca/aik-ca.pem')]),
        },
      }),
    );
  });
  afterAll(async () => {
    await served?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const attest = (more = ''): ReturnType<typeof assay> =>
    onTpm(
      `attest ${there()} --tcg-log ${at('boot.bin')} --aik-certificate ${at('aik.pem')} -o ${at('token.jwt')}${more === '' ? '' : ` ${more}`}`,
    );

  test('from a bare machine to a verified token: the certificate finds its key', async () => {
    const attested = await attest('--nonce bm9uY2U --claim build=7');
    expect([attested.code, attested.stdout]).toEqual([0, `${at('token.jwt')}\n`]);
    expect(attested.stderr).toMatch(
      /^warning: the token is for a key that nobody keeps[^\n]*\nappraisal [0-9a-f]{32}\n$/,
    );
    const verified = await assay(`verify ${at('token.jwt')} ${issuer()} --tpm --nonce bm9uY2U --json`);
    expect(verified.code).toBe(0);
    expect(verified.json().claims).toMatchObject({ rp_data: 'bm9uY2U', 'x-assay-tpm-aik': 'validated' });
    const expected = await assay(`verify ${at('token.jwt')} ${issuer()} --tpm --policy-claim boot=on`);
    expect(expected.code).toBe(0);
    const missed = await assay(
      `verify ${at('token.jwt')} ${issuer()} --tpm --resident-key --policy-claim boot=off --nonce other`,
    );
    expect(missed.code).toBe(1);
    expect(missed.stderr.match(/^error: /gm)).toHaveLength(3);
  });

  test('the request that was sent is kept, and judged again offline: its challenge is nobody’s here', async () => {
    expect((await attest(`--keep-request ${at('kept.jws')}`)).code).toBe(0);
    const line = `appraise tpm ${at('kept.jws')} --collateral ${at('collateral')} --anchor ${at('ca/aik-ca.pem')}`;
    const { code, stdout } = await assay(line);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Secure Boot +on\ncommand line +root=\S+ ro quiet\nattestation key +validated\n/m);
    expect(stdout).toMatch(/\n\S+ accepted\n$/);
    const judged = (await assay(`${line} --json`)).json() as { checks: { id: string; outcome: string }[] };
    expect(judged.checks.find(({ id }) => id === 'tpm.context')?.outcome).toBe('skipped');
    // A root that is named as a certificate need not be in the folder as well.
    mkdirSync(at('none'));
    expect((await assay(line.replace(at('collateral'), at('none')))).code).toBe(0);
  });

  test.each(['-o', '--keep-request'])(
    '%s into a folder that is not there is found before anything is sent',
    async (flag) => {
      const { code, stderr } = await attest(`${flag} ${at('absent/file')}`);
      expect(code).toBe(2);
      expect(stderr).toContain(`error: ${at('absent/file')} cannot be written: there is no folder ${at('absent')}`);
    },
  );

  test('a request key in software, one in the TPM, and who holds it', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(at('request.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(at('holder.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    const software = await attest(`--request-key ${at('request.pem')}`);
    expect([software.code, software.stderr]).toEqual([0, expect.not.stringContaining('nobody keeps')]);
    const line = `verify ${at('token.jwt')} ${issuer()} --tpm`;
    expect((await assay(`${line} --holder ${at('holder.pem')}`)).code).toBe(0);

    await onTpm(`key --for requests --kind p256 -o ${at('resident.key')} --public-key ${at('resident.pem')}`);
    expect((await attest(`--request-key ${at('resident.key')}`)).code).toBe(0);
    expect((await assay(`${line} --resident-key --holder ${at('resident.pem')}`)).code).toBe(0);
    expect((await assay(`${line} --holder ${at('holder.pem')}`)).stderr).toMatch(/the token is for another key/);
  });

  test('evidence that other tools made: the challenge, a quote in files, and the request over them', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(at('request.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const key = `--request-key ${at('request.pem')}`;
    const challenged = await assay(`tpm challenge ${there()} ${key} -o ${at('challenge.json')} --json`);
    expect(challenged.code).toBe(0);
    const { extraData } = challenged.json();
    const quoted = await onTpm(`quote --to ${at('q')} --aik 0x81000003 --extra-data ${extraData}`);
    expect(quoted.code).toBe(0);
    const pieces = ['attest', 'signature'].map((name) => `--${name} ${at(`q/${name}.bin`)}`).join(' ');
    const whole = `attest tpm ${at('challenge.json')} ${there()} ${key} ${pieces} --key ${at('q/key.pub')} --pcrs ${at('q/pcrs.json')} --tcg-log ${at('boot.bin')} --aik-certificate ${at('aik.pem')} -o ${at('token.jwt')}`;
    const attested = await assay(whole);
    expect([attested.code, attested.stderr]).toEqual([0, expect.stringMatching(/^appraisal/)]);
    expect((await assay(`verify ${at('token.jwt')} ${issuer()} --tpm`)).code).toBe(0);
    // P12: a challenge is good once.
    const again = await assay(whole);
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/^error: check attest\.once failed/)]);
    const without = await assay(whole.replace(/ --signature \S+/, ''));
    expect([without.code, without.stderr]).toEqual([
      2,
      expect.stringMatching(/--signature is missing\nhint: assay tpm quote/),
    ]);
    // Windows' wrapper around the same, and the key out of the certificate.
    const second = await assay(`tpm challenge ${there()} ${key} -o ${at('challenge.json')} --json`);
    await onTpm(`quote --to ${at('q')} --aik 0x81000003 --extra-data ${second.json().extraData}`);
    const values = Object.values(JSON.parse(readFileSync(at('q/pcrs.json'), 'utf8')).sha256 as Record<string, string>);
    const parts = ['signature', 'attest'].map((name) => new Uint8Array(readFileSync(at(`q/${name}.bin`))));
    const [signature = new Uint8Array(), quote = new Uint8Array()] = parts;
    const pcrs = new Uint8Array(Buffer.from(values.join(''), 'hex'));
    const sizes = { signatureBytes: signature.length, quoteBytes: quote.length, pcrBytes: pcrs.length };
    const claim = { magic: 0x54504c41, version: 0, bank: 11, ...sizes, signature, quote, pcrs } as const;
    writeFileSync(at('claim.bin'), encode(PlatformClaim, claim));
    const wrapped = `attest tpm ${at('challenge.json')} ${there()} ${key} --platform-claim ${at('claim.bin')} --tcg-log ${at('boot.bin')} --aik-certificate ${at('aik.pem')}`;
    expect((await assay(`${wrapped} --pcrs ${at('q/pcrs.json')}`)).stderr).toMatch(/--platform-claim holds what/);
    expect((await assay(wrapped)).code).toBe(0);
    writeFileSync(at('claim.bin'), encode(PlatformClaim, claim).subarray(0, -1));
    expect((await assay(wrapped)).stderr).toMatch(/claim\.bin is no platform claim \(TPLA\): pcrs/);
    expect((await assay(`${wrapped} --draft-policy x`)).stderr).toMatch(/--draft-policy is for quotes of SGX/);

    const unasked = await assay(`attest tpm ${at('q/pcrs.json')} ${there()} --attest ${at('q/attest.bin')}`);
    expect([unasked.code, unasked.stderr]).toEqual([1, expect.stringMatching(/holds no request .*, and no challenge/)]);
  });

  test('a whole request of the second round, as another client exported it', async () => {
    const { challenge, service_context } = await (async () => {
      await assay(`tpm challenge ${there()} -o ${at('challenge.json')}`);
      return JSON.parse(readFileSync(at('challenge.json'), 'utf8'));
    })();
    const request = await tpmCollector({
      tpm: tpm.address,
      attestationKey: { handle: 0x8100_0003 },
      certificate: new Uint8Array(
        Buffer.from(readFileSync(at('aik.pem'), 'utf8').replace(/-----.*-----|\s/g, ''), 'base64'),
      ),
      logs: [{ kind: 'TCG', content: new Uint8Array(readFileSync(at('boot.bin'))) }],
      requestKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    }).collect({ challenge: new Uint8Array(Buffer.from(challenge, 'base64url')), serviceContext: service_context });
    const frame = Buffer.from(JSON.stringify({ payload: { request } })).toString('base64url');
    writeFileSync(at('body.json'), JSON.stringify({ data: frame }));
    expect((await assay(`attest tpm ${at('body.json')} ${there()}`)).code).toBe(0);
    const signed = await assay(`attest tpm ${at('body.json')} ${there()} --claim build=7`);
    expect([signed.code, signed.stderr]).toEqual([
      2,
      expect.stringMatching(/--claim goes with a challenge: .* signed already/),
    ]);
    expect((await assay(`attest sgx ${at('body.json')} ${there()} --pcrs x`)).stderr).toMatch(
      /--pcrs is for evidence of a TPM/,
    );
    writeFileSync(at('body.json'), 'nonsense');
    const nonsense = await assay(`attest tpm ${at('body.json')} ${there()}`);
    expect([nonsense.code, nonsense.stderr]).toEqual([
      1,
      expect.stringMatching(/holds no request of the TPM protocol/),
    ]);
  });

  describe('refusals say what to do', () => {
    test('without a certificate', async () => {
      const { code, stderr } = await onTpm(`attest ${there()} --tcg-log ${at('boot.bin')}`);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /error: check tpm\.aik\.chain failed: [^\n]*\n(hint: [^\n]*\n)*hint: --aik-certificate names/,
      );
    });

    test('T16: with the log of another boot', async () => {
      writeFileSync(at('other.bin'), forgeLog(linuxBoot({ commandLine: 'init=/bin/sh' }), ['sha256']).log);
      const { code, stderr } = await onTpm(
        `attest ${there()} --tcg-log ${at('other.bin')} --aik-certificate ${at('aik.pem')}`,
      );
      expect([code, stderr]).toEqual([1, expect.stringMatching(/check tpm\.log\.replay failed: .*PCR 8/)]);
    });

    test('without the bearer token', async () => {
      const line = `attest --server ${served.issuer} --ca ${served.authority} --tcg-log ${at('boot.bin')} --aik-certificate ${at('aik.pem')}`;
      const { code, stderr } = await onTpm(line);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/hint: --bearer-file names a file/)]);
      const env = { ASSAY_BEARER_TOKEN: bearer };
      expect((await assay(`tpm ${line} --tpm ${tpm.address.path}`, { env })).code).toBe(0);
      writeFileSync(at('two'), 'two words');
      const wrong = await onTpm(`${line} --bearer-file ${at('two')}`);
      expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/two holds no bearer token/)]);
    });

    test('without a TPM, and without a log', async () => {
      const line = `attest ${there()} --aik-certificate ${at('aik.pem')}`;
      const nobody = await assay(`tpm ${line} --tcg-log ${at('boot.bin')} --tpm ${at('no-socket')}`);
      expect([nobody.code, nobody.stderr]).toEqual([
        3,
        expect.stringMatching(/error: there is no .*no-socket\nhint: is the software TPM running\?/),
      ]);
      const json = await assay(`tpm ${line} --tcg-log ${at('boot.bin')} --tpm ${at('no-socket')} --json`);
      expect(json.json()).toMatchObject({ outcome: 'unavailable', error: { code: 'EvidenceUnavailable' } });
      const gone = await onTpm(`attest ${there()} --tcg-log ${at('no-log')}`);
      expect([gone.code, gone.stderr]).toEqual([
        2,
        expect.stringMatching(/no-log cannot be read: there is no such file/),
      ]);
    });

    test.skipIf(existsSync(logPaths.TCG))('where the kernel shows no log of the boot', async () => {
      const { code, stderr } = await onTpm(`attest ${there()} --aik-certificate ${at('aik.pem')}`);
      expect([code, stderr]).toEqual([
        3,
        expect.stringMatching(/error: there is no \/sys\/.*\nhint: .*\nhint: --tcg-log names a copy/),
      ]);
    });

    test('a certificate of a key that this TPM has not stored', async () => {
      await onTpm(`key -o ${at('loose.key')} --kind p256`);
      await onTpm(`certify --aik ${at('loose.key')} --authority ${at('ca')} --any-tpm -o ${at('loose.pem')}`);
      const line = `attest ${there()} --tcg-log ${at('boot.bin')} --aik-certificate ${at('loose.pem')}`;
      const { code, stderr } = await onTpm(line);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/this TPM has not stored the key [^:]*\nhint: name the key too\nhint: --aik names it/),
      ]);
      expect((await onTpm(`${line} --aik ${at('loose.key')}`)).code).toBe(0);
    });

    test.each([
      ['--nonce a+b', /--nonce takes base64url/],
      ['--claim build', /--claim takes NAME=VALUE/],
      ['--claim build=a"b', /text must have no quotes/],
      ['--request-key /dev/null', /holds no private key/],
      ['--pcrs x', /--pcrs takes numbers/],
    ])('usage: %s', async (options, said) => {
      const { code, stderr } = await attest(options);
      expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
    });
  });
});
