import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Configuration } from './config.ts';
import { foreignVariables, loadConfig, printConfig, settings } from './load-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'assay-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (text: string): string => {
  const path = join(folder, 'assay.yaml');
  writeFileSync(path, text);
  return path;
};

test('nothing configured is a whole configuration, and a safe one', () => {
  const config = loadConfig();
  expect(config).toMatchObject({
    listen: { host: '127.0.0.1', port: 8443 },
    provider: { name: 'assay', policies: {}, baselines: {}, ownClaims: true },
    limits: { bodyBytes: 1_048_576, requestSeconds: 30, headers: 64, headerBytes: 32_768 },
    insecure: { anchors: [], plainHttp: false },
    cors: { origins: [] },
  });
});

test('flags win over variables, and variables over the file', () => {
  const path = file('listen: { port: 1, host: "::1" }\nlog: { level: warn }\n');
  const config = loadConfig({
    file: path,
    env: { ASSAY_LISTEN_PORT: '2', ASSAY_LOG_LEVEL: 'error', OTHER: 'x' },
    flags: { 'listen-port': '3' },
  });
  expect([config.listen, config.log.level]).toMatchObject([{ port: 3, host: '::1' }, 'error']);
});

test('JSON is read as well', () => {
  expect(loadConfig({ file: file('{"listen": {"port": 9}}') }).listen.port).toBe(9);
});

test('paths in a file are from its folder, others from the working directory', () => {
  const path = file(
    'data: { folder: kept }\nprovider: { policies: { SgxEnclave: sgx.txt } }\ninsecure: { anchors: [a.pem] }\n',
  );
  const config = loadConfig({ file: path, flags: { 'collateral-folder': 'here' } });
  expect(config.data.folder).toBe(join(folder, 'kept'));
  expect(config.provider.policies).toEqual({ SgxEnclave: join(folder, 'sgx.txt') });
  expect(config.insecure.anchors).toEqual([join(folder, 'a.pem')]);
  expect(config.collateral.folder).toBe(join(process.cwd(), 'here'));
});

test('lists and maps can be given in one variable', () => {
  const config = loadConfig({
    env: {
      ASSAY_CORS_ORIGINS: 'https://a.example, https://b.example',
      ASSAY_PROVIDER_BASELINES: '{"SgxEnclave": {"collateral": "intel"}}',
    },
    flags: { 'insecure-anchors': '["/a.pem"]' },
  });
  expect(config.cors.origins).toEqual(['https://a.example', 'https://b.example']);
  expect(config.provider.baselines).toEqual({ SgxEnclave: { collateral: 'intel' } });
  expect(config.insecure.anchors).toEqual(['/a.pem']);
});

test.each([
  ['listen: { prot: 1 }', /listen\.prot is not a setting; did you mean listen\.port\?/],
  ['publicUrl: x', /publicUrl is not a setting; did you mean provider\.publicUrl\?/],
  [
    'collateral: { sources: [{ kind: pcs, nam: x }] }',
    /sources\.0\.nam is .*did you mean collateral\.sources\.0\.name\?/,
  ],
  ['x: 1', /x is not a setting$/],
  ['lisen: { port: 1 }', /lisen is not a setting/],
  ['__proto__: { port: 1 }', /__proto__ is not a setting/],
  ['listen: { port: "8443" }', /listen\.port must be a whole number/],
  ['listen: { port: 99999 }', /listen\.port/],
  ['listen: 5', /listen must be a group of settings/],
  ['provider: { publicUrl: "https://a.example/" }', /provider\.publicUrl/],
  ['provider: { publicUrl: "assay.example" }', /provider\.publicUrl must be an http or https address without a slash/],
  ['insecure: { appraisalTime: yesterday }', /insecure\.appraisalTime must be a time such as 2025-03-28T12:00:00Z/],
  ['preview: { bearerToken: short }', /preview\.bearerToken/],
  ['signing: { algorithm: none }', /signing\.algorithm must be one of RS256, PS256/],
  ['tls: { certificate: a.pem }', /tls\.certificate and tls\.key go together/],
  ['tls: { terminated: true }', /provider\.publicUrl must say its https address/],
  ['listen: { trustedProxies: [proxy.example] }', /listen\.trustedProxies names proxy\.example, expected an address/],
  ['listen: { trustedProxies: [10.0.0.0/33] }', /listen\.trustedProxies names 10\.0\.0\.0\/33/],
  ['- a list', /holds no settings/],
  ['a: b: c', /is not YAML/],
  ['listen: { port: 1 }\nlisten: { port: 2 }', /is not YAML: .*unique/i],
])('the file %j is refused', (text, why) => {
  expect(() => loadConfig({ file: file(text) })).toThrow(why);
});

test('all mistakes are told at once', () => {
  expect(() => loadConfig({ file: file('listen: { port: x, prot: 1 }\nlog: { level: loud }') })).toThrow(
    /port[\s\S]*prot|prot[\s\S]*port/,
  );
});

test('unknown flags and unknown variables of our sections are refused; those of others are not ours', () => {
  expect(() => loadConfig({ flags: { 'listen-prot': '1' } })).toThrow(
    'The flag --listen-prot is not a setting; did you mean --listen-port?',
  );
  expect(() => loadConfig({ env: { ASSAY_LISTEN_PROT: '1' } })).toThrow(
    'The variable ASSAY_LISTEN_PROT is not a setting; did you mean ASSAY_LISTEN_PORT?',
  );
  const injected = { ASSAY_SERVICE_HOST: '10.0.0.1', ASSAY_PORT: 'tcp://10.0.0.1:443' };
  expect(loadConfig({ env: injected })).toEqual(loadConfig());
  expect(foreignVariables(injected)).toEqual(Object.keys(injected));
});

test('a file that is not there is named', () => {
  expect(() => loadConfig({ file: join(folder, 'absent.yaml') })).toThrow(
    /absent\.yaml cannot be read: there is no such file/,
  );
});

test('printing masks secrets and nothing else', () => {
  const printed = printConfig(loadConfig({ env: { ASSAY_PREVIEW_BEARER_TOKEN: 'a-long-enough-secret' } }));
  expect(printed).not.toContain('a-long-enough-secret');
  expect(JSON.parse(printed)).toMatchObject({ preview: { bearerToken: '********' }, listen: { port: 8443 } });
});

test('no pattern is without words', () => {
  const patterns = (schema: unknown): readonly { readonly pattern: unknown; readonly form: unknown }[] =>
    typeof schema !== 'object' || schema === null
      ? []
      : [
          ...('pattern' in schema ? [{ pattern: schema.pattern, form: 'form' in schema && schema.form }] : []),
          ...Object.values(schema).flatMap(patterns),
        ];
  const all = patterns(Configuration);
  expect(all.length).toBeGreaterThan(5);
  expect(all.filter(({ form }) => typeof form !== 'string')).toEqual([]);
});

test('printing shows what follows from other settings', () => {
  const { provider, collateral } = JSON.parse(printConfig(loadConfig({ flags: { 'data-folder': '/data' } })));
  expect([provider.publicUrl, collateral.folder]).toEqual(['https://localhost:8443', '/data/collateral']);
  expect(JSON.parse(printConfig(loadConfig({ flags: { 'listen-port': '0' } }))).provider).not.toHaveProperty(
    'publicUrl',
  );
});

test('every setting has a name of its own, a variable, a flag and a sentence', () => {
  const all = settings();
  for (const by of ['path', 'env', 'flag'] as const) expect(new Set(all.map((one) => one[by])).size).toBe(all.length);
  for (const one of all) expect(one.description).toMatch(/^[A-Z].{5,}/);
  expect(all.map(({ env }) => env)).toContain('ASSAY_PROVIDER_PUBLIC_URL');
});
