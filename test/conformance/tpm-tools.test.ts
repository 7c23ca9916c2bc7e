/** What the command line tells of quotes and logs, over all recorded ones. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPem } from '@assay/core/pki';
import { expect, test } from 'vitest';
import { assay as run } from '../../packages/cli/src/captured.test.support.ts';
import { withVectors } from '../setup/vectors.ts';

/** Runs the command; what it prints, and its exit code. */
async function assay(...args: readonly string[]): Promise<{ readonly code: number; readonly json: Entry }> {
  const { code, stdout, stderr, json } = await run([...args, '--json']);
  return { code, json: stdout === '' ? { stderr } : json() };
}

// biome-ignore lint/suspicious/noExplicitAny: entries of outside manifests, and printed JSON
type Entry = any;

withVectors('assay tpm check-quote and assay explain', 'tpm', (folder) => {
  const manifest = folder.json('manifest.json');
  const quotes: readonly [string, Entry][] = (manifest.quotes as Entry[])
    .filter(({ akPem, pcrs }) => akPem && pcrs)
    .map((one) => [one.id, one]);

  test.each(quotes)('the quote %s', { timeout: 30_000 }, async (_id, entry) => {
    const files = ['--attest', folder.path(entry.attest), '--signature', folder.path(entry.signature)];
    const key = ['--key', folder.path(entry.akPublic ?? entry.akPem)];
    const all = [...files, ...key, '--pcrs', folder.path(entry.pcrs), '--extra-data', entry.extraData];
    const { code, json } = await assay('tpm', 'check-quote', ...all);
    expect([code, json.signature, json.pcrDigest, json.extraData]).toEqual([0, true, true, true]);
    expect([json.selection, json.scheme]).toEqual([entry.selection, entry.scheme]);
  });

  test('what does not hold ends with exit code 1', { timeout: 30_000 }, async () => {
    const entry = quotes.find(([id]) => id === 'dell-latitude-7520')?.[1];
    const files = ['--attest', folder.path(entry.attest), '--signature', folder.path(entry.signature)];
    const { code, json } = await assay(
      'tpm',
      'check-quote',
      ...files,
      '--key',
      folder.path(entry.akPem),
      '--extra-data',
      '00',
    );
    expect([code, json.signature, json.pcrDigest, json.extraData]).toEqual([1, true, null, false]);
  });

  const logs: readonly [string, Entry][] = (manifest.logs as Entry[])
    .filter((_one, i) => i % 2 === 0)
    .map((one) => [one.id, one]);
  test.each(logs)('the log %s', { timeout: 30_000 }, async (_id, entry) => {
    const { code, json } = await assay('explain', folder.path(entry.file));
    expect([code, json.stderr, json.format, json.events?.length]).toEqual([
      0,
      undefined,
      entry.kind === 'ccel' ? 'ccel' : 'tcg-log',
      entry.events,
    ]);
    if (entry.kind === 'ccel') expect(json.registers).toMatchObject(entry.registers);
    else expect(json.pcrs).toMatchObject(entry.pcrs);
    if (entry.secureBoot)
      expect([json.secureBoot.bank, json.secureBoot.determined, json.secureBoot.on]).toEqual([
        entry.secureBoot.bank,
        entry.secureBoot.determined,
        entry.secureBoot.on ?? false,
      ]);
  });
});

withVectors('assay appraise tpm', 'tpm/example', (folder) => {
  test.each(['a-quote-bound-key', 'b-certified-key', 'c-vbs-enclave'])('%s', async (name) => {
    const example = folder.json(`${name}.json`);
    const collateral = mkdtempSync(join(tmpdir(), 'assay-appraise-tpm-'));
    copyFileSync(folder.path('aik-intermediate.der'), join(collateral, 'intermediate.der'));
    const root = join(collateral, 'root.der');
    copyFileSync(folder.path('aik-root.der'), root);
    const pem = join(collateral, 'root.pem');
    writeFileSync(pem, toPem('CERTIFICATE', folder.bytes('aik-root.der')));
    const body = join(collateral, '.body.json');
    writeFileSync(body, JSON.stringify(example.exchange.at(-1).http));
    const judge = (...more: readonly string[]) =>
      assay('appraise', 'tpm', body, '--collateral', collateral, '--at', '2026-06-01T00:00:00Z', ...more);
    const { code, json } = await judge('--anchor', pem);
    expect([code, json.outcome, json.claims['x-assay-tpm-aik']]).toEqual([0, 'accepted', 'validated']);
    const without = await judge();
    expect([without.code, without.json.error.message]).toEqual([1, expect.stringContaining('tpm.aik.chain')]);
    rmSync(collateral, { recursive: true });
  });
});
