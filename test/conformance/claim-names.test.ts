/**
 * The relying party's kit has its own table of claim names, as it depends on nothing of the service: here the two tables
 * are held side by side, and against a token in which every name must stand.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPem } from '@assay/core';
import { sgxClaimNames as fromCore } from '@assay/core/intel';
import { forgeIntel } from '@assay/core/testing';
import { tpmClaimNames as tpmFromCore } from '@assay/core/tpm';
import { claimNames, sgxClaimNames, tpmClaimNames } from '@assay/relying-party';
import { buildApp, loadConfig, makeDeps } from '@assay/server';
import { expect, test } from 'vitest';

/** What JWTs carry, and what the service says of itself: written by the form of a token, not by a table of claims. */
const framing: readonly string[] = ['iss', 'iat', 'exp', 'nbf', 'nonce', 'x-assay-insecure'];

/** Names of the service that the kit has no expectation for. A new one must be put here, or into the kit. */
const leftAlone: readonly string[] = [
  'aas-ehd',
  'maa-attestationcollateral',
  'maa-ehd',
  'x-assay-advisory-ids',
  'x-assay-collateral-expires',
  'x-assay-fmspc',
  'x-assay-tcb-date',
  'x-assay-tcb-evaluation',
  'x-ms-inittime',
  'x-ms-runtime',
  'x-ms-sgx-collateral',
  'x-ms-sgx-config-id',
  'x-ms-sgx-config-svn',
  'x-ms-sgx-ehd',
  'x-ms-sgx-isv-extended-product-id',
  'x-ms-sgx-isv-family-id',
  'x-ms-sgx-tcbidentifier',
];

test('the kit’s names and those it leaves alone are the names of the service, each once', () => {
  const looked = [...Object.values(claimNames), ...Object.values(sgxClaimNames)];
  const ofTheTable = looked.filter((name) => !framing.includes(name));
  expect([...ofTheTable, ...leftAlone].sort()).toEqual([...fromCore].sort());
  expect(looked.filter((name) => framing.includes(name)).sort()).toEqual([...framing].sort());
});

test('the kit’s names for TPMs are names of the service', () => {
  expect(tpmFromCore).toEqual(expect.arrayContaining(Object.values(tpmClaimNames)));
});

test('every name that the kit looks for stands in a token', async () => {
  const world = forgeIntel({ at: new Date() });
  const data = mkdtempSync(join(tmpdir(), 'assay-names-'));
  const [anchor, collateral] = [join(data, 'root.pem'), mkdtempSync(join(data, 'collateral-'))];
  writeFileSync(anchor, toPem('PUBLIC KEY', world.anchor));
  for (const [name, bytes] of world.collateral) writeFileSync(join(collateral, name.replace('/', '-')), bytes);
  const config = loadConfig({
    flags: {
      'data-folder': data,
      'collateral-folder': collateral,
      'signing-algorithm': 'ES256',
      'log-level': 'silent',
      'insecure-anchors': anchor,
    },
  });
  const app = await buildApp(makeDeps(config), undefined);
  const answer = await app.inject({
    method: 'POST',
    url: '/attest/SgxEnclave?api-version=2022-08-01',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify({ quote: Buffer.from(world.quote()).toString('base64url'), nonce: 'n' }),
  });
  await app.close();
  rmSync(data, { recursive: true, force: true });
  const claims = JSON.parse(Buffer.from(answer.json().token.split('.')[1], 'base64url').toString());
  const looked = [...Object.values(claimNames), ...Object.values(sgxClaimNames)];
  expect(looked.filter((name) => !Object.hasOwn(claims, name))).toEqual([]);
});
