/** A service in a process of its own, whose collateral takes a while: for the test of stopping. It prints its URL. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, serveUntilStopped } from '@assay/server';

const folder = mkdtempSync(join(tmpdir(), 'assay-slow-'));
const policy = join(folder, 'policy.txt');
writeFileSync(policy, 'version= 1.0;authorizationrules{=> permit();};');
const config = loadConfig({
  flags: {
    'data-folder': folder,
    'listen-port': '0',
    'signing-algorithm': 'ES256',
    'insecure-plain-http': 'true',
    'limits-notice-seconds': '0.3',
    'log-level': 'silent',
    'provider-policies': JSON.stringify({ Slow: policy }),
  },
});
const slow = {
  name: 'Slow',
  request: { type: 'object' },
  token: { lifetimeSeconds: 60, earlySeconds: 0, header: 'jku', order: 'sorted', policyClaims: 'both' },
  properties: {},
  serviceClaims: [],
  receive: () => ({ submission: { evidence: new Uint8Array() } }),
  answer: (token) => ({ token }),
  verifier: {
    checks: {},
    settings: { schema: { type: 'object' }, defaults: {} },
    decode: () => ({}),
    anchor: () => ({ needs: [] }),
    verify: () => ({}),
    baseline: () => [],
    claims: () => [],
  },
};
const collateral = {
  async collateral() {
    await new Promise((resolve) => setTimeout(resolve, 800));
    return new Map();
  },
  certificates: async () => [],
};
await serveUntilStopped(config, ({ url }) => process.stdout.write(`${url}\n`), { types: [slow], collateral });
process.stdout.write('stopped\n');
