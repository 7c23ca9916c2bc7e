import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { intelRoot } from '@assay/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../load-config.ts';
import { configuredCollateral } from './configured.ts';
import { dialectOf } from './dialect.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-configured-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const configure = (sources: unknown, update = 'standard') => {
  const { collateral } = loadConfig({
    flags: { 'collateral-sources': JSON.stringify(sources), 'collateral-update': update },
  });
  const source = configuredCollateral(collateral, {
    folder,
    fetched: join(folder, 'fetched'),
    anchors: [intelRoot],
    now: () => new Date(),
    clock: () => 0,
    random: () => 0,
  });
  source.close?.();
  return collateral;
};

test.each([
  ['no source is the folder alone', []],
  ['Intel’s own service', [{ kind: 'pcs' }]],
  ['several, in order', [{ kind: 'folder' }, { kind: 'pccs', url: 'https://pccs.internal:8081' }, { kind: 'thim' }]],
  ['on this machine without TLS', [{ kind: 'pccs', url: 'http://localhost:8081/' }]],
])('%s', (_title, sources) => expect(configure(sources).sources).toEqual(sources));

test.each([
  [[{ kind: 'ftp' }], /kind must be one of folder, pcs, pccs, thim/],
  [[{ kind: 'pcs', adress: 'x' }], /adress is not a setting/],
  [[{ kind: 'pccs' }], /The collateral source pccs is a caching service \(pccs\) without its url/],
  [[{ kind: 'pccs', url: 'http://pccs.internal' }], /must be https/],
  [[{ kind: 'pccs', url: 'ftp://pccs.internal' }], /url must be an http or https address without user/],
  [[{ kind: 'pccs', url: 'https://user:secret@pccs.internal' }], /url must be an http or https address without user/],
  [[{ kind: 'pcs', rootCrl: 'http://example.org/x.der' }], /must be https/],
  [
    [
      { kind: 'pcs', name: 'a' },
      { kind: 'pccs', name: 'a', url: 'https://pccs.internal' },
    ],
    /Two sources of collateral are called a/,
  ],
  [[{ kind: 'pcs', ca: 'nowhere.pem' }], /nowhere.pem cannot be read/],
])('T41: refused: %j', (sources, said) => expect(() => configure(sources)).toThrow(said));

test('channels that a source cannot be asked for are refused', () => {
  expect(() => configure([{ kind: 'pcs', apiVersion: 3 }], '17')).toThrow(/version 3 knows no evaluation numbers/);
  expect(() => configure([{ kind: 'thim' }], 'early')).toThrow(/thim has no early channel/);
  expect(() => configure([], 'latest')).toThrow(/collateral.update must be standard, early, or a number/);
});

test('paths in sources are absolute, as all others', () => {
  const { collateral } = loadConfig({ flags: { 'collateral-sources': '[{kind: folder, folder: here}]' } });
  expect(collateral.sources).toEqual([{ kind: 'folder', folder: join(process.cwd(), 'here') }]);
});

test.each([
  [
    'pcs',
    {},
    [
      'https://api.trustedservices.intel.com/tdx/certification/v4/tcb?fmspc=00806f050000&update=early',
      'https://api.trustedservices.intel.com/sgx/certification/v4/qe/identity?update=early',
      'https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=processor&encoding=der',
      'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der',
    ],
  ],
  [
    'pcs',
    { url: 'https://mirror.internal/intel/', update: 19 },
    [
      'https://mirror.internal/intel/tdx/certification/v4/tcb?fmspc=00806f050000&tcbEvaluationDataNumber=19',
      'https://mirror.internal/intel/sgx/certification/v4/qe/identity?tcbEvaluationDataNumber=19',
      'https://mirror.internal/intel/sgx/certification/v4/pckcrl?ca=processor&encoding=der',
      'https://mirror.internal/intel/IntelSGXRootCA.der',
    ],
  ],
  [
    'pccs',
    { url: 'https://pccs.internal:8081', apiVersion: 3, update: 'standard' },
    [
      undefined,
      'https://pccs.internal:8081/sgx/certification/v3/qe/identity?update=standard',
      'https://pccs.internal:8081/sgx/certification/v3/pckcrl?ca=processor&encoding=der',
      'https://pccs.internal:8081/sgx/certification/v3/rootcacrl',
    ],
  ],
  [
    'thim',
    { update: 'standard' },
    [
      'https://global.acccache.azure.net/tdx/certification/v4/tcb?fmspc=00806f050000&clientid=production_client&api-version=2018-10-01-preview',
      'https://global.acccache.azure.net/sgx/certification/v4/qe/identity?clientid=production_client&api-version=2018-10-01-preview',
      'https://global.acccache.azure.net/sgx/certification/v4/pckcrl?uri=https%3A%2F%2Fapi.trustedservices.intel.com%2Fsgx%2Fcertification%2Fv4%2Fpckcrl%3Fca%3Dprocessor%26encoding%3Dder&clientid=production_client&api-version=2018-10-01-preview',
      'https://global.acccache.azure.net/sgx/certification/v4/pckcrl?uri=https%3A%2F%2Fcertificates.trustedservices.intel.com%2FIntelSGXRootCA.der&clientid=production_client&api-version=2018-10-01-preview',
    ],
  ],
  [
    'thim',
    { url: 'https://westeurope.thim.azure.net', update: 'standard' },
    [
      'https://westeurope.thim.azure.net/tdx/certification/v4/tcb?fmspc=00806f050000',
      'https://westeurope.thim.azure.net/sgx/certification/v4/qe/identity',
      'https://westeurope.thim.azure.net/sgx/certification/v4/pckcrl?ca=processor&encoding=der',
      'https://westeurope.thim.azure.net/sgx/certification/v4/rootcacrl',
    ],
  ],
] as const)('addresses of %s %j', (protocol, options, addresses) => {
  const dialect = dialectOf({ protocol, apiVersion: 4, update: 'early', ...options });
  const asked = [
    dialect({ kind: 'tcb-info', tee: 'tdx', fmspc: '00806f050000' }),
    dialect({ kind: 'qe-identity', tee: 'sgx' }),
    dialect({ kind: 'crl', of: 'processor' }),
    dialect({ kind: 'crl', of: 'root' }),
  ];
  expect(asked.map((url) => url?.href)).toEqual(addresses);
});
