import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bytes, fromBase64, type Need } from '@assay/core';
import { issueCrl, parseCertificate, pemBlocks, toPem } from '@assay/core/pki';
import { forgedKey, forgeTpm } from '@assay/core/testing';
import { expect, test } from 'vitest';
import { readList, withAikIssuers } from './aik-issuers.ts';
import type { CollateralSource } from './source.ts';

const at = new Date('2026-05-01T00:00:00Z');
const tpm = forgeTpm({ at });
const [name] = tpm.collateral.keys();
const need: Need = { name: name ?? 'tcg/none', proven: false };
const asked: (readonly Need[])[] = [];
const source = (...certificates: Bytes[]): CollateralSource => ({
  certificates: async () => certificates,
  async collateral(needs) {
    asked.push(needs);
    return new Map(needs.map((one) => [one.name, fromBase64('AAAA')]));
  },
});

test('the certificates above an attestation key come out of what is held, whatever else is needed', async () => {
  const { issuer, root, ek } = tpm.certificates;
  const other: Need = { name: 'intel/crl-root', proven: true };
  const have = await withAikIssuers(source(ek, root, issuer), []).collateral([need, other], at);
  expect(pemBlocks(have.get(need.name) ?? new Uint8Array(), 'CERTIFICATE', 8)).toEqual([issuer, root]);
  expect(have.get(other.name)).toEqual(fromBase64('AAAA'));
  expect(asked.at(-1)).toEqual([other]);
});

test('a root that the operator named need not be held a second time', async () => {
  const { issuer, root } = tpm.certificates;
  const have = await withAikIssuers(source(issuer), [], [root]).collateral([need], at);
  expect(pemBlocks(have.get(need.name) ?? new Uint8Array(), 'CERTIFICATE', 8)).toEqual([issuer, root]);
});

test('T41: nothing held is nothing found: no source is asked for what evidence names', async () => {
  const have = await withAikIssuers(source(tpm.certificates.root), []).collateral([need], at);
  expect([have.size, asked.at(-1)]).toEqual([0, []]);
});

test('lists of the CAs come along, those of others do not', async () => {
  const { issuer, root } = tpm.certificates;
  const list = (label: string): Bytes =>
    issueCrl({
      issuer: parseCertificate(root).subject,
      thisUpdate: at.getTime(),
      nextUpdate: undefined,
      revoked: [],
      extensions: [],
      signer: { scheme: 'ecdsa-sha256', key: forgedKey('development', label) },
    });
  const folder = mkdtempSync(join(tmpdir(), 'assay-lists-'));
  const lists = ['root', 'issuer'].map((label) => {
    const path = join(folder, `${label}.crl`);
    writeFileSync(path, toPem('X509 CRL', list(label)));
    return readList(path);
  });
  const have = await withAikIssuers(source(issuer, root), lists).collateral([need], at);
  expect(pemBlocks(have.get(need.name) ?? new Uint8Array(), 'X509 CRL', 8)).toEqual(
    [list('root')].map(() => lists[0]?.raw),
  );
  writeFileSync(join(folder, 'none.crl'), 'none');
  expect(() => readList(join(folder, 'none.crl'))).toThrow(/none\.crl cannot be read/);
  rmSync(folder, { recursive: true });
});
