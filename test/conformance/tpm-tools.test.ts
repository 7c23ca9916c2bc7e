/** What the command line tells of quotes and logs, over all recorded ones. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
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

withVectors('assay explain, over what real TPMs and machines left', 'tpm', (folder) => {
  const manifest = folder.json('manifest.json');
  // Of one the filler was made up by a test of others: no TPM fills with it.
  const certificates = (manifest.certificates as Entry[]).filter(
    ({ id, file }) => file.endsWith('.der') && id !== 'ek-hirs-padded',
  );
  test.each(certificates.map((one): [string, Entry] => [one.id, one]))('the certificate %s', async (_id, entry) => {
    const { code, json } = await assay('explain', folder.path(entry.file));
    expect([code, json.what]).toEqual([0, expect.stringMatching(/^a certificate/)]);
    expect(json.parts[0].rows.map(({ path }: Entry) => path)).toContain('issuer');
  });

  test.each(['vm1', 'vm2', 'vm3', 'vm4'])('the list of %s', async (machine) => {
    const { code, json } = await assay('explain', folder.path(`lab/${machine}.ima.bin`));
    expect([code, json.format, json.events[0].fileName]).toEqual([0, 'ima', 'boot_aggregate']);
    expect(json.events.every(({ isHashRight }: Entry) => isHashRight)).toBe(true);
  });

  // One is cut within its only entry, which its manifest counts all the same.
  const isCut = (id: string): boolean => id === 'tss-sml-ima-ng-sha1-invalidated';
  const lists = (manifest.ima as Entry[]).filter(({ id, form, replay }) => form === 'binary' && replay && !isCut(id));
  test.each(lists.map((one): [string, Entry] => [one.id, one]))('the list %s', async (_id, entry) => {
    const stored = folder.bytes(entry.file);
    const place = mkdtempSync(join(tmpdir(), 'assay-ima-'));
    const path = join(place, 'list');
    writeFileSync(path, entry.file.endsWith('.gz') ? gunzipSync(stored) : stored);
    const { json } = await assay('explain', path);
    rmSync(place, { recursive: true });
    expect([json.format, json.events.length]).toEqual(['ima', entry.entries]);
    for (const [pcr, values] of Object.entries(entry.replay as Record<string, Record<string, string>>))
      for (const [bank, value] of Object.entries(values))
        expect([json.pcrs[bank]?.[pcr], json.pcrs[`${bank}-padded`]?.[pcr]]).toContain(value);
  });

  test('what changed on a laptop when a key was enrolled', async () => {
    const [before, after] = ['baseline', 'add'].map((name) => folder.path(`logs/hp-elitebook-mokx-${name}.bin`));
    const { code, json } = await assay('explain', '--diff', before ?? '', after ?? '');
    expect([code, json.bank]).toEqual([1, 'sha256']);
    const changed = json.registers.filter(({ changes }: Entry) => changes.length > 0);
    expect(changed.map(({ index }: Entry) => index)).toEqual([1, 14]);
    expect(changed[1].changes).toMatchObject([
      { is: 'changed', before: { says: 'MokListX' }, after: { says: 'MokListX' } },
    ]);
    expect((await assay('explain', '--diff', before ?? '', before ?? '')).code).toBe(0);
  });

  test('what changed between two boots of Windows, record by record', async () => {
    const [before, after] = [0, 3].map((number) => folder.path(`logs/dell-latitude-7520-five-logs-${number}.bin`));
    const { json } = await assay('explain', '--diff', before ?? '', after ?? '');
    const twelve = json.registers.find(({ index }: Entry) => index === 12);
    const records = twelve.changes.flatMap((change: Entry) => change.records?.added ?? []);
    expect(records).toContainEqual(expect.stringMatching(/^BOOTCOUNTER = \d+$/));
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
