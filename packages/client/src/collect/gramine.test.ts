import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AttestOptions } from '../framing.ts';
import { collectAndAttest, reportDataFor } from './collector.ts';
import { gramineCollector, reasonFor } from './gramine.ts';

let folder: string;
const file = (name: string): string => join(folder, name);
/** A quote of zeros that carries this report data. */
const quoteWith = (reportData: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.alloc(368), reportData, Buffer.from('signatures')]);
const data = new TextEncoder().encode('{"key":1}');

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'gramine-')), 'attestation');
  mkdirSync(folder);
  writeFileSync(file('user_report_data'), new Uint8Array(64));
  writeFileSync(file('quote'), quoteWith(reportDataFor(data)));
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

test('report data is the SHA-256 of the runtime data, then zeros', () => {
  const bound = Buffer.from(reportDataFor(data));
  expect(bound.length).toBe(64);
  expect(bound.subarray(0, 32)).toEqual(createHash('sha256').update(data).digest());
  expect(bound.subarray(32)).toEqual(Buffer.alloc(32));
});

test('the report data is written, the quote is read', async () => {
  const reportData = reportDataFor(data);
  const quote = await gramineCollector(folder).collect(reportData);
  expect(Buffer.from(quote)).toEqual(readFileSync(file('quote')));
  expect(new Uint8Array(readFileSync(file('user_report_data')))).toEqual(reportData);
});

test('collecting and attesting in one call', async () => {
  const sent: unknown[] = [];
  const client = {
    attestSgxEnclave: async (quote: Uint8Array, options?: AttestOptions) => {
      sent.push(quote, options);
      return { token: 'a.b.c', appraisalId: undefined };
    },
  };
  const options = { runtimeData: { data, kind: 'JSON' as const }, nonce: 'n' };
  await expect(collectAndAttest(client, gramineCollector(folder), options)).resolves.toMatchObject({ token: 'a.b.c' });
  expect(sent).toEqual([new Uint8Array(readFileSync(file('quote'))), options]);
});

describe('no evidence', () => {
  const failure = (reportData = reportDataFor(data)) => gramineCollector(folder).collect(reportData);

  test('outside an enclave', async () => {
    rmSync(folder, { recursive: true });
    await expect(failure()).rejects.toMatchObject({ code: 'EvidenceUnavailable' });
    await expect(failure()).rejects.toThrow(/cannot write .*user_report_data.*inside an enclave/);
    mkdirSync(folder);
  });

  test('without remote attestation in the manifest', async () => {
    rmSync(file('quote'));
    await expect(failure()).rejects.toThrow(/cannot read .*quote.*remote_attestation/);
  });

  test.each([
    ['ENOENT', /inside an enclave/],
    ['EACCES', /permission denied/],
    ['EPERM', /permission denied/],
    ['EIO', /EIO.*AESM/],
    [undefined, /AESM/],
  ])('for the reason %s', (code, expected) => {
    expect(reasonFor(code, folder)).toMatch(expected);
  });

  test('where the file is something else', async () => {
    rmSync(file('quote'));
    mkdirSync(file('quote'));
    await expect(failure()).rejects.toMatchObject({ code: 'EvidenceUnavailable' });
    await expect(failure()).rejects.toThrow(/EISDIR.*AESM/);
  });

  test('when another wrote its report data in between', async () => {
    writeFileSync(file('quote'), quoteWith(new Uint8Array(64)));
    await expect(failure()).rejects.toThrow(/other report data/);
  });

  test.each([0, 431])('of %d bytes', async (length) => {
    writeFileSync(file('quote'), new Uint8Array(length));
    await expect(failure()).rejects.toThrow(/no SGX quote/);
  });

  test('without end', async () => {
    writeFileSync(file('quote'), new Uint8Array(64 * 1024 + 1));
    await expect(failure()).rejects.toThrow(/longer than/);
  });

  test('for report data of another length', async () => {
    await expect(failure(new Uint8Array(32))).rejects.toBeInstanceOf(TypeError);
  });
});

test('collections do not mix, and a failed one does not stop the next', async () => {
  const collector = gramineCollector(folder);
  const other = reportDataFor(new Uint8Array(0));
  const [wrong, right] = await Promise.allSettled([collector.collect(other), collector.collect(reportDataFor(data))]);
  expect([wrong.status, right.status]).toEqual(['rejected', 'fulfilled']);
});
