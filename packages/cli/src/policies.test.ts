/** The commands of `assay policy`: what they print, and how they end. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKey, issueCertificate, publicSpki, toPem } from '@assay/core';
import { exportPkcs8 } from '@assay/core/crypto';
import { describe, expect, test } from 'vitest';
import { assay, inFolder, type Ran } from './captured.test.support.ts';

const good = `version=1.0;
authorizationrules
{
    [type=="x-ms-sgx-is-debuggable", value==false] && [type=="x-ms-sgx-svn", value>=3] => permit();
};
issuancerules
{
    c:[type=="x-ms-sgx-svn"] => issue(type="svn", value=c.value);
};
`;
const boot = `version=1.2;
authorizationrules
{
    [type=="secureBootEnabled", value==true, issuer=="AttestationService"] => permit();
};
issuancerules
{
};
`;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Runs with files in a folder of their own; `@name` in a word stands for the file. */
const withFiles = <T>(
  files: Record<string, string | Uint8Array>,
  body: (run: (line: string, stdin?: string | Uint8Array) => Promise<Ran>, folder: string) => Promise<T>,
): Promise<T> =>
  inFolder(async (folder) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return body(
      (line, stdin = '') =>
        assay(
          line.split(' ').map((word) => word.replace(/^@(.*)$/, (_, name) => join(folder, name))),
          { stdin: typeof stdin === 'string' ? utf8(stdin) : stdin },
        ),
      folder,
    );
  });

describe('check', () => {
  test('a good policy', () =>
    withFiles({ policy: good }, async (run) => {
      const { code, stdout } = await run('policy check @policy --type SgxEnclave');
      expect(code).toBe(0);
      expect(stdout).toMatch(/policy: nothing to say\n$/);
      expect((await run('policy check @policy --json')).json()).toEqual({ findings: [] });
    }));

  test('errors and warnings in text order, with a caret; errors refuse, warnings only when strict', () =>
    withFiles(
      {
        wrong: 'version=1.0;\nauthorizationrules{ [type="a"] => permit(); => permit(); };\n',
        odd: 'version=1.0;authorizationrules{=>permit();};',
      },
      async (run, folder) => {
        const { code, stdout } = await run('policy check @wrong');
        expect(code).toBe(1);
        expect(stdout.replaceAll(folder, '')).toContain(
          `/wrong:2:26: error [mismatched-input] mismatched input '=' expecting {'==', '!=', '<', '<=', '>', '>='}\n    authorizationrules{ [type="a"] => permit(); => permit(); };\n                             ^\n`,
        );
        expect(stdout).toMatch(/\[always-permits\][\s\S]*1 error, 1 warning\n$/);
        expect((await run('policy check @wrong --json')).json()).toEqual({
          findings: [
            {
              severity: 'error',
              code: 'mismatched-input',
              line: 2,
              column: 26,
              message: expect.stringContaining("'='"),
            },
            { severity: 'warning', code: 'always-permits', line: 2, column: 48, message: expect.any(String) },
          ],
        });
        expect((await run('policy check @odd')).code).toBe(0);
        expect((await run('policy check @odd --strict')).code).toBe(1);
      },
    ));

  test('names are known by type, in any case; other types are usage', () =>
    withFiles({ policy: 'version=1.0;authorizationrules{[type=="tdx_mrtb"]=>permit();};' }, async (run) => {
      expect((await run('policy check @policy --type tdxvm')).stdout).toContain("did you mean 'tdx_mrtd'?");
      expect((await run('policy check @policy --type sgxenclave --json')).json().findings).toMatchObject([
        { code: 'unknown-claim' },
      ]);
      expect((await run('policy check @policy')).stdout).toContain('nothing to say');
      expect((await run('policy check @policy --type VbsEnclave')).code).toBe(0);
      const { code, stderr } = await run('policy check @policy --type Sgx');
      expect(code).toBe(2);
      expect(stderr).toContain('there is no attestation type «Sgx»\nhint: there are SgxEnclave, OpenEnclave');
    }));

  test('standard input, and a JWS', async () => {
    const piped = await withFiles({}, (run) => run('policy check -', good));
    expect(piped.code).toBe(0);
    const jws = await withFiles({ policy: good }, (run) => run('policy sign --unsigned @policy'));
    expect((await withFiles({}, (run) => run('policy check -', jws.stdout))).code).toBe(0);
  });

  test('text that is not UTF-8 is a finding', () =>
    withFiles({ policy: new Uint8Array([...utf8('version=1.0;\n"ü'), 0xff, 0x41]) }, async (run) => {
      const { code, json } = await run('policy check @policy --json');
      expect(code).toBe(1);
      expect(json().findings).toEqual([
        { severity: 'error', code: 'not-utf8', line: 2, column: 3, message: 'the text is not UTF-8 from here on' },
      ]);
      expect((await run('policy hash @policy')).stderr).toMatch(/policy:2:3: the text is not UTF-8/);
    }));

  test('a file that is not there is usage', async () => {
    expect((await assay('policy check nowhere')).code).toBe(2);
  });
});

describe('format', () => {
  const loose = 'version = 1.0 ; authorizationrules{=>permit( );};// end';
  const tight = 'version=1.0;\n\nauthorizationrules\n{\n    => permit();\n}; // end\n';

  test('prints the layout', () =>
    withFiles({ policy: loose }, async (run) => {
      expect((await run('policy format @policy')).stdout).toBe(tight);
    }));

  test('--check fails for another layout, --write writes the layout', () =>
    withFiles({ policy: loose }, async (run, folder) => {
      expect((await run('policy format --check @policy')).code).toBe(1);
      expect(await run('policy format --write @policy')).toMatchObject({ code: 0, stdout: '' });
      expect(readFileSync(join(folder, 'policy'), 'utf8')).toBe(tight);
      expect(await run('policy format --check @policy')).toMatchObject({ code: 0, stdout: '', stderr: '' });
      expect((await run('policy format --check --write @policy')).code).toBe(2);
    }));

  test('what cannot be read is left alone', () =>
    withFiles({ policy: 'version=1.0;authorizationrules{=>permit()};' }, async (run, folder) => {
      const { code, stdout, stderr } = await run('policy format --write @policy');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('[mismatched-input]');
      expect(readFileSync(join(folder, 'policy'), 'utf8')).toContain('permit()};');
      expect((await run('policy format --write -', good)).code).toBe(2);
    }));
});

describe('eval', () => {
  test('permit, with what was issued', () =>
    withFiles(
      { policy: good, claims: '{"x-ms-sgx-is-debuggable":false,"x-ms-sgx-svn":9007199254740993}' },
      async (run) => {
        const { code, stdout } = await run('policy eval @policy --type SgxEnclave --claims @claims --json');
        expect(code).toBe(0);
        expect(stdout).toMatch(
          /^\{"ruling":"permit","code":null,"message":"A Permit claim was issued\.","issued":\{"svn":9007199254740993\},"properties":\{\},"trace":\[/,
        );
        const told = await run('policy eval @policy --claims @claims');
        expect(told.stdout).toContain('issued\n  svn  9007199254740993\n\n✓ permitted\n');
      },
    ));

  test('deny: the recorded sentence, the reason, the trace', () =>
    withFiles({ policy: good, claims: '{"x-ms-sgx-is-debuggable":true,"x-ms-sgx-svn":3}' }, async (run) => {
      const { code, json } = await run('policy eval @policy --claims @claims --json');
      expect(code).toBe(1);
      expect(json()).toMatchObject({
        ruling: 'deny',
        code: 'PolicyEvaluationError',
        message: 'No Permit claim was issued in the authorizationrules section, authorization failed.',
        issued: {},
        trace: [
          {
            line: 4,
            fired: false,
            why: '[type=="x-ms-sgx-is-debuggable", value==false] found x-ms-sgx-is-debuggable = true',
          },
        ],
      });
      expect((await run('policy eval @policy --claims @claims')).stdout).toContain(
        'No rule permitted: on line 4, [type=="x-ms-sgx-is-debuggable", value==false] found x-ms-sgx-is-debuggable = true.',
      );
    }));

  test('error: the function, and where', () =>
    withFiles(
      {
        policy: 'version=1.2;authorizationrules{c:[type=="a"]=>add(type="b",value=NegateBool(c.value));=>permit();};',
        claims: '{"a":1}',
      },
      async (run) => {
        const { code, json } = await run('policy eval @policy --claims @claims --json');
        expect(code).toBe(1);
        expect(json()).toMatchObject({
          ruling: 'error',
          code: 'PolicyEvaluationError',
          message: expect.stringContaining('NegateBool: b must be a single Boolean'),
        });
      },
    ));

  test('claims as a list, from files of cases, and with values in other files', () =>
    withFiles(
      {
        policy: 'version=1.0;authorizationrules{[type=="a", value=="long", issuer=="AttestationService"]=>permit();};',
        list: '[{"type":"a","valueFromFile":"value","issuer":"AttestationService"}]',
        value: 'long',
        client: '[{"type":"a","value":"long"}]',
        cases:
          '[{"name":"one","incoming":[{"type":"a","value":"long","issuer":"AttestationService"}]},{"name":"two","incoming":[]}]',
        one: '{"name":"one","incoming":[{"type":"a","value":"long","valueType":"String","issuer":"AttestationService"}]}',
      },
      async (run) => {
        const codeOf = async (line: string): Promise<number> =>
          (await run(`policy eval @policy --claims ${line}`)).code;
        expect(await codeOf('@list')).toBe(0);
        expect(await codeOf('@client')).toBe(1);
        expect(await codeOf('@cases --case one')).toBe(0);
        expect(await codeOf('@cases --case two')).toBe(1);
        expect(await codeOf('@one')).toBe(0);
        const { code, stderr } = await run('policy eval @policy --claims @cases');
        expect(code).toBe(2);
        expect(stderr).toContain('--case NAME chooses one of: one, two');
        expect(await codeOf('@cases --case three')).toBe(2);
        expect(await codeOf('@list --case one')).toBe(2);
      },
    ));

  test.each([
    ['7', 'holds no claims'],
    ['{', 'is not JSON'],
    ['[7]', 'claim 1 is no object'],
    ['[{"value":1}]', 'claim 1 has no type'],
    ['[{"type":"a"}]', 'claim 1 has no value'],
    ['[{"type":"a","value":1,"issuer":"me"}]', 'an issuer that is none of'],
    ['[{"type":"a","value":1,"valueType":"String"}]', 'a value of kind Integer, and says String'],
    ['[{"type":"a","value":1,"readOnly":1}]', 'readOnly'],
  ])('claims that are none: %s', (claims, message) =>
    withFiles({ policy: good, claims }, async (run) => {
      const { code, stderr } = await run('policy eval @policy --claims @claims');
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }),
  );

  test('read-only claims cannot be issued', () =>
    withFiles(
      {
        policy: 'version=1.0;authorizationrules{=>permit();};issuancerules{c:[type=="pcrs"]=>issue(claim=c);};',
        claims: '[{"type":"pcrs","value":"x","readOnly":true}]',
      },
      async (run) => {
        expect((await run('policy eval @policy --claims @claims --json')).json().message).toContain('read-only');
      },
    ));

  test('a policy that is none is usage, and says where to look', () =>
    withFiles({ policy: 'version=2.0;', claims: '{}' }, async (run) => {
      const { code, stderr } = await run('policy eval @policy --claims @claims');
      expect(code).toBe(2);
      expect(stderr).toMatch(/is wrong: .*\n {2}Line: '1', Column: '9'\n[\s\S]*\nhint: assay policy check/);
      for (const line of ['', ' --claims @claims --evidence @claims', ' --evidence @claims'])
        expect((await run(`policy eval @policy${line}`)).code).toBe(2);
    }));

  test('evidence, through the service’s own pipeline', () =>
    withFiles({ policy: good, other: good.replace('value>=3', 'value>=300') }, async (run) => {
      expect((await run('forge sgx --to @forged --at 2025-03-01')).code).toBe(0);
      const line = '--type SgxEnclave --evidence @forged/quote.bin --collateral @forged/collateral --at 2025-03-02';
      const { code, json } = await run(`policy eval @other ${line} --anchor @forged/development-root.pem --json`);
      expect(json()).toMatchObject({
        ruling: 'deny',
        trace: [{ conditions: [{ holds: true }, { holds: false, misses: [{ type: 'x-ms-sgx-svn' }] }] }],
      });
      expect(code).toBe(1);
      const stranger = await run(`policy eval @policy ${line} --json`);
      expect(stranger.code).toBe(1);
      expect(stranger.json()).toMatchObject({
        ruling: 'error',
        code: 'InvalidParameter',
        message: expect.stringContaining('root'),
      });
      expect((await run(`policy explain @policy ${line}`)).stderr).toContain('refused before the policy was asked');
      expect((await run(`policy eval @policy ${line.replace('--type SgxEnclave ', '')}`)).stderr).toContain(
        '--evidence needs --type',
      );
      expect((await run(`policy eval @policy --type SgxEnclave --evidence @forged/quote.bin`)).stderr).toContain(
        'needs --collateral',
      );
      const unknown = await run(`policy eval @policy ${line.replace('SgxEnclave', 'SevSnpVm')}`);
      expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('there are SgxEnclave, OpenEnclave')]);
    }));

  test('evidence of a TPM, the claims of its appraisal, and tests over both', () =>
    withFiles({ 'a.policy': boot }, async (run, folder) => {
      await run('forge tpm --to @forged');
      await run('forge tpm --to @other --no-secure-boot');
      const of = (name: string): string =>
        `@${name}/request.jws --collateral @${name}/collateral --anchor @${name}/development-root.pem`;
      expect((await run(`policy eval @a.policy --type Tpm --evidence ${of('forged')}`)).code).toBe(0);
      const denied = await run(`policy explain @a.policy --type Tpm --evidence ${of('other')}`);
      expect([denied.code, denied.stdout]).toEqual([1, expect.stringContaining('found secureBootEnabled = false')]);

      const appraised = await run(`appraise tpm ${of('forged')} --json`);
      writeFileSync(join(folder, 'appraisal.json'), appraised.stdout);
      expect((await run('policy eval @a.policy --type Tpm --claims @appraisal.json')).code).toBe(0);
      const evidence = {
        file: 'other/request.jws',
        collateral: 'other/collateral',
        anchor: ['other/development-root.pem'],
      };
      const cases = [
        { name: 'an appraisal', appraisal: 'appraisal.json', expect: { ruling: 'permit' } },
        { name: 'evidence', evidence, expect: { ruling: 'deny' } },
      ];
      writeFileSync(join(folder, 'a.policytest.json'), JSON.stringify({ type: 'Tpm', cases }));
      expect((await run('policy test @')).stdout).toContain('2 cases, 0 failed');
    }));
});

test('explain: the policy with carets and what each rule found and made', () =>
  withFiles(
    {
      policy:
        'version=1.2;\nauthorizationrules\n{\n    => add(type="a", value=1);\n    [type=="b"] &&\n    [type=="debug",\n     value==false] => permit();\n    x:[type=="debug", value==true] => deny();\n};\nissuancerules\n{\n    => issue(type="n", value=1);\n};\n',
      claims: '{"b":1,"debug":true}',
    },
    async (run) => {
      const { code, stdout } = await run('policy explain @policy --claims @claims');
      expect(code).toBe(1);
      expect(stdout).toBe(
        [
          '   1  version=1.2;',
          '   2  authorizationrules',
          '   3  {',
          '✓  4      => add(type="a", value=1);',
          '             ^^^^^^^^^^^^^^^^^^^^^^ added a = 1',
          '–  5      [type=="b"] &&',
          '   6      [type=="debug",',
          '          ^^^^^^^^^^^^^^^ found debug = true',
          '   7       value==false] => permit();',
          '✗  8      x:[type=="debug", value==true] => deny();',
          '          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ holds: debug = true',
          '                                            ^^^^^^ decides',
          '   9  };',
          '  10  issuancerules',
          '  11  {',
          '· 12      => issue(type="n", value=1);',
          '  13  };',
          '',
          '✗ denied',
          'A Deny claim was issued, authorization failed.',
          'The rule on line 8 denied: x:[type=="debug", value==true] found debug = true.',
          '',
        ].join('\n'),
      );
    },
  ));

test('explain: functions that fail, empty values, and JSON', () =>
  withFiles(
    {
      policy:
        'version=1.2;\nauthorizationrules{\n=> add(type="e", value=JsonToClaimValue("null"));\nc:[] => add(type="x", value=JsonToClaimValue(c.value));\n};',
      claims: '[{"type":"a","value":"{}"}]',
    },
    async (run) => {
      const { stdout } = await run('policy explain @policy --claims @claims');
      expect(stdout).toContain('nothing: the value is empty');
      expect(stdout).toContain('JsonToClaimValue: a JSON object is not a claim value');
      expect(stdout).toMatch(/✗ failed/);
      expect((await run('policy explain @policy --claims @claims --json')).json().ruling).toBe('error');
    },
  ));

describe('hash, sign, show', () => {
  const minimal = 'version=1.0; authorizationrules{=> permit();}; issuancerules{};';
  const key = generateKey('P-256');
  const certificate = issueCertificate({
    subject: [['CN', 'policy signer']],
    issuer: [['CN', 'policy signer']],
    serial: 1,
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2027, 0, 1),
    spki: publicSpki(key),
    extensions: [],
    signer: { scheme: 'ecdsa-sha256', key },
  });
  const files = {
    policy: minimal,
    key: toPem('PRIVATE KEY', exportPkcs8(key)),
    certificate: toPem('CERTIFICATE', certificate),
  };

  test('hash: of a text, and of its JWS', () =>
    withFiles(files, async (run) => {
      const hashes = {
        'x-ms-policy-hash': 'z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU',
        'x-ms-policy-token-hash': 'c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ',
      };
      expect((await run('policy hash @policy --json')).json()).toEqual(hashes);
      const { stdout } = await run('policy sign --unsigned @policy');
      expect((await run('policy hash - --json', stdout)).json()).toEqual(hashes);
      expect((await run('policy hash - --json', `"${stdout.trim()}"`)).json()).toEqual(hashes);
      expect((await run('policy hash @policy')).stdout).toMatch(
        /^x-ms-policy-hash +z0FR\S+\nx-ms-policy-token-hash +c6sE\S+\n$/,
      );
    }));

  test('sign and show: a certificate, a bare key, none, a reset', () =>
    withFiles(files, async (run, folder) => {
      const signed = await run('policy sign @policy --key @key --certificate @certificate -o @signed');
      expect(signed).toMatchObject({ code: 0, stdout: `${join(folder, 'signed')}\n` });
      const shown = await run('policy show @signed --json');
      expect(shown.code).toBe(0);
      expect(shown.json()).toMatchObject({
        header: { alg: 'ES256', x5c: [Buffer.from(certificate).toString('base64')] },
        signature: 'valid',
        'x-ms-policy-signer': { alg: 'ES256', kty: 'EC', use: 'sig' },
        'x-ms-policy-hash': 'z0FRjKS0ssQTNur1V6BV8WIrh9M3fzgTo0EfHRvapWU',
        policy: minimal,
      });
      expect((await run('policy show @signed')).stdout).toMatch(
        /signer +policy signer, valid 2026-01-01T00:00:00Z to 2027-01-01T00:00:00Z\n[\s\S]*=> permit\(\)/,
      );

      const bare = await run('policy sign @policy --key @key --bare-key');
      expect((await run('policy show - --json', bare.stdout)).json()).toMatchObject({
        signature: 'valid',
        'x-ms-policy-signer': { crv: 'P-256' },
      });
      expect((await run('policy sign --reset --unsigned')).stdout).toBe('eyJhbGciOiJub25lIn0..\n');
      expect((await run('policy show -', 'eyJhbGciOiJub25lIn0..')).stdout).toContain('this resets a policy');
      const reset = await run('policy sign --reset --key @key --certificate @certificate');
      expect((await run('policy show - --json', reset.stdout)).json()).toMatchObject({
        signature: 'valid',
        policy: null,
      });

      const jws = readFileSync(join(folder, 'signed'), 'utf8');
      const forged = `${jws.slice(0, -8)}AAAAAAAA`;
      const { code, stdout, stderr } = await run('policy show -', forged);
      expect(code).toBe(1);
      expect(stdout).toMatch(/signature +invalid/);
      expect(stderr).toContain('not by the key in its header');
    }));

  test('mistakes of the command line', () =>
    withFiles(
      { ...files, wrong: 'version=1.0;', rsa: toPem('PRIVATE KEY', exportPkcs8(generateKey('RSA-2048'))) },
      async (run) => {
        for (const [line, message] of [
          ['@policy', 'signing needs --key'],
          ['@policy --key @key', 'say who signs'],
          ['@policy --key @key --certificate @certificate --bare-key', 'say who signs'],
          ['@policy --key @certificate --bare-key', 'holds no PRIVATE KEY'],
          ['@policy --key @key --certificate @key', 'holds no PEM with a certificate'],
          ['@policy --key @rsa --certificate @certificate', 'not by the key in its header'],
          ['@policy --key @key --bare-key --algorithm RS256', 'RS256 needs a key of kind RSA'],
          ['@policy --key @key --bare-key --algorithm HS256', 'not «HS256»'],
          ['@policy --unsigned --key @key', '--unsigned takes no key'],
          ['', 'give the policy to sign'],
          ['@policy --reset --unsigned', 'give the policy to sign'],
        ] as const) {
          const { code, stdout, stderr } = await run(`policy sign ${line}`.trim());
          expect({ code, stdout }, line).toEqual({ code: 2, stdout: '' });
          expect(stderr, line).toContain(message);
        }
        expect((await run('policy sign @wrong --unsigned')).code).toBe(1);
        expect((await run('policy sign @policy --unsigned --json')).code).toBe(2);
        expect((await run('policy show @policy')).stderr).toContain('is no JWS');
      },
    ));

  test('OpenSSL verifies what was signed', () =>
    withFiles({ policy: minimal }, async (run, folder) => {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-subj',
          '/CN=signer',
          '-days',
          '2',
          '-keyout',
          join(folder, 'key'),
          '-out',
          join(folder, 'certificate'),
        ],
        { stdio: 'ignore' },
      );
      const { code, stdout } = await run('policy sign @policy --key @key --certificate @certificate --algorithm PS256');
      expect(code).toBe(0);
      const [header = '', payload = '', signature = ''] = stdout.trim().split('.');
      writeFileSync(join(folder, 'input'), `${header}.${payload}`);
      writeFileSync(join(folder, 'signature'), Buffer.from(signature, 'base64url'));
      execFileSync('openssl', [
        'x509',
        '-in',
        join(folder, 'certificate'),
        '-pubkey',
        '-noout',
        '-out',
        join(folder, 'public'),
      ]);
      const verified = execFileSync('openssl', [
        'dgst',
        '-sha256',
        '-sigopt',
        'rsa_padding_mode:pss',
        '-sigopt',
        'rsa_pss_saltlen:32',
        '-verify',
        join(folder, 'public'),
        '-signature',
        join(folder, 'signature'),
        join(folder, 'input'),
      ]);
      expect(String(verified)).toContain('Verified OK');
    }));
});

describe('test', () => {
  const suite = (more: Record<string, unknown> = {}, cases: readonly unknown[] = []): string =>
    JSON.stringify({
      type: 'SgxEnclave',
      claims: { 'x-ms-sgx-is-debuggable': false, 'x-ms-sgx-svn': 3 },
      cases: [
        { name: 'good', expect: { ruling: 'permit', issued: { svn: 3 } } },
        {
          name: 'debug',
          claims: { 'x-ms-sgx-is-debuggable': true, another: false },
          expect: { ruling: 'deny', message: 'No Permit claim' },
        },
        ...cases,
      ],
      ...more,
    });
  const whole = suite({}, [
    { name: 'old', claims: { 'x-ms-sgx-svn': 2, 'x-ms-sgx-product-id': 9 }, expect: { ruling: 'deny' } },
    {
      name: 'newer',
      claims: { 'x-ms-sgx-svn': 4, 'x-ms-sgx-product-id': 9 },
      expect: { ruling: 'permit', issued: { svn: 4 } },
    },
  ]);

  test('cases, coverage, mutants', () =>
    withFiles({ 'a.policy': good, 'a.policytest.json': whole }, async (run) => {
      const { code, stdout } = await run('policy test @ --mutate');
      expect(stdout).toMatch(/✓ .*a\.policytest\.json {2}4 cases · rules 2\/2 · conditions 2\/3 · mutants 14\/14\n/);
      expect(stdout).toMatch(/not covered .*a\.policy:8:5 c:\[type=="x-ms-sgx-svn"\] never fails/);
      expect(code).toBe(0);
      expect((await run('policy test @ --strict')).code).toBe(1);
    }));

  test('mutants that no case notices fail the run, unless they are listed with a reason', () =>
    withFiles(
      {
        'a.policy': good,
        'a.policytest.json': suite(),
        'b.policy': 'version=1.0;authorizationrules{[type=="a"]=>permit();};',
      },
      async (run, folder) => {
        const { code, stdout } = await run('policy test @a.policytest.json --mutate --junit @junit.xml');
        expect(code).toBe(1);
        expect(stdout).toMatch(/no case notices .*a\.policy:4:55 drop \[type=="x-ms-sgx-svn", value>=3\]/);
        expect(readFileSync(join(folder, 'junit.xml'), 'utf8')).toContain(
          'name="mutant 4:55 drop [type==&#34;x-ms-sgx-svn&#34;, value&#62;=3]"',
        );
        const { mutants } = (await run('policy test @a.policytest.json --mutate --json')).json().files[0];
        const equivalent = mutants.survived.map((mutant: string) => ({ mutant, reason: 'for this test' }));
        writeFileSync(join(folder, 'a.policytest.json'), suite({ equivalent }));
        const listed = await run('policy test @a.policytest.json --mutate');
        expect(listed.code).toBe(0);
        expect(listed.stdout).toContain('equivalent 4:55 drop [type=="x-ms-sgx-svn", value>=3]: for this test');
        writeFileSync(
          join(folder, 'a.policytest.json'),
          suite({ equivalent: [...equivalent, { mutant: '1:1 drop x', reason: 'r' }] }),
        );
        const stale = await run('policy test @a.policytest.json --mutate');
        expect(stale.code).toBe(1);
        expect(stale.stdout).toContain('not equivalent 1:1 drop x');
      },
    ));

  test('failing cases: what was expected and what came, in text, JSON and JUnit’s XML', () =>
    withFiles(
      {
        'a.policy': good,
        'a.policytest.json': suite({}, [
          { name: 'wrong & <odd>', expect: { ruling: 'deny' } },
          { name: 'other claims', expect: { ruling: 'permit', issued: { svn: 4, more: true } } },
          { name: 'other properties', expect: { ruling: 'permit', properties: { p: 1 } } },
          { name: 'other message', expect: { ruling: 'permit', message: 'nowhere' } },
        ]),
      },
      async (run, folder) => {
        const { code, stdout } = await run('policy test @ --mutate --junit @junit.xml');
        expect(code).toBe(1);
        expect(stdout).toContain('✗ wrong & <odd>\n        expected deny, got permit: The rule on line 4 permitted');
        expect(stdout).toContain('issued svn: expected 4, got 3\n        issued more: expected true, got nothing');
        expect(stdout).toContain('property p: expected 1, got nothing');
        expect(stdout).toContain('expected a message with «nowhere»');
        // Mutants are not asked where the policy itself fails.
        expect(stdout).not.toContain('mutants');
        const xml = readFileSync(join(folder, 'junit.xml'), 'utf8');
        expect(xml).toMatch(/<testsuite name="[^"]+" tests="6" failures="4"/);
        expect(xml).toContain('name="wrong &#38; &#60;odd&#62;"');
        const { cases, coverage } = (await run('policy test @ --json')).json().files[0];
        expect(cases.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
          'passed',
          'passed',
          'failed',
          'failed',
          'failed',
          'failed',
        ]);
        expect(coverage.rules).toEqual({ covered: 2, total: 2 });
      },
    ));

  test('claims out of an appraisal, and out of evidence', () =>
    withFiles({ 'a.policy': good.replace('value>=3', 'value>=0') }, async (run, folder) => {
      await run('forge sgx --to @forged --at 2025-03-01');
      const appraised = await run(
        'appraise sgx @forged/quote.bin --collateral @forged/collateral --anchor @forged/development-root.pem --at 2025-03-02 --json',
      );
      writeFileSync(join(folder, 'appraisal.json'), appraised.stdout);
      const evidence = {
        file: 'forged/quote.bin',
        collateral: 'forged/collateral',
        anchor: ['forged/development-root.pem'],
        at: '2025-03-02',
      };
      const cases = [
        { name: 'an appraisal', appraisal: 'appraisal.json', expect: { ruling: 'permit' } },
        { name: 'evidence', evidence, expect: { ruling: 'permit' } },
      ];
      writeFileSync(join(folder, 'a.policytest.json'), JSON.stringify({ type: 'SgxEnclave', cases }));
      expect((await run('policy test @')).stdout).toContain('2 cases, 0 failed');
      writeFileSync(
        join(folder, 'a.policytest.json'),
        JSON.stringify({ type: 'SgxEnclave', cases: [{ ...cases[1], evidence: { ...evidence, anchor: [] } }] }),
      );
      const refused = await run('policy test @');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('«evidence»: the evidence was refused');
    }));

  test('YAML, integers exact, and claims taken away', () =>
    withFiles(
      {
        'a.policy': 'version=1.0;authorizationrules{[type=="a", value==9223372036854775807]=>permit();};',
        'a.policytest.yaml':
          'claims: { a: 9223372036854775807 }\ncases:\n  - name: exact\n    expect: { ruling: permit }\n  - name: away\n    claims: { a: null }\n    expect: { ruling: deny }\n  - name: near\n    claims: { a: 9223372036854775806 }\n    expect: { ruling: deny }\n',
      },
      async (run) => expect((await run('policy test @')).stdout).toContain('3 cases, 0 failed'),
    ));

  test.each([
    ['{}', 'cases: is missing'],
    ['{"cases":[]}', 'has no cases'],
    ['{"cases":[{}],"claim":{}}', 'has a member «claim», known are'],
    ['{"cases":[{"expect":{"ruling":"permit"}}]}', 'case 1: name: is missing'],
    ['{"cases":[{"name":"a"}]}', 'expect: is missing'],
    ['{"cases":[{"name":"a","expect":{"ruling":"yes"}}]}', 'expect.ruling is permit, deny or error'],
    ['{"cases":[{"name":"a","expect":{"ruling":"permit","isued":{}}}]}', 'has a member «isued»'],
    ['{"cases":[{"name":"a","claims":{},"appraisal":"x","expect":{"ruling":"permit"}}]}', 'more than one of claims'],
    [
      '{"cases":[{"name":"a","evidence":{"file":"x"},"expect":{"ruling":"permit"}}]}',
      'evidence needs file and collateral',
    ],
    [
      '{"cases":[{"name":"a","expect":{"ruling":"permit"}},{"name":"a","expect":{"ruling":"permit"}}]}',
      'two cases «a»',
    ],
    ['{"type":"Sgx","cases":[{"name":"a","expect":{"ruling":"permit"}}]}', 'no attestation type «Sgx»'],
    ['{"policy":"none","cases":[{"name":"a","expect":{"ruling":"permit"}}]}', 'there is no such file'],
    ['[]', 'is no object'],
    ['{', 'is not JSON'],
  ])('a file of tests that is none: %s', (text, message) =>
    withFiles({ 'a.policy': good, 'a.policytest.json': text }, async (run) => {
      const { code, stderr } = await run('policy test @');
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }),
  );

  test('YAML that is none, a policy that is wrong, no tests at all', () =>
    withFiles(
      {
        'a.policytest.yaml': 'cases: [}',
        'b.policy': 'version=1.0;',
        'b.policytest.json': '{"cases":[{"name":"a","expect":{"ruling":"permit"}}]}',
      },
      async (run) => {
        expect((await run('policy test @a.policytest.yaml')).stderr).toContain('is not YAML');
        expect((await run('policy test @b.policytest.json')).stderr).toContain('is wrong');
        expect((await run('policy test @nowhere')).code).toBe(2);
        const none = await inFolder((empty) => assay(['policy', 'test', empty]));
        expect(none.code).toBe(2);
        expect(none.stderr).toContain('there are no tests at');
      },
    ));
});
