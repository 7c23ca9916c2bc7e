/** Real machines: quotes with the logs of their boots, and attestation keys that Microsoft certified. */
import { Appraisal, close, forgetful } from '@assay/core';
import { type Bytes, base64, decode, fromBase64, fromHex } from '@assay/core/bytes';
import { parseCertificate, pemBlocks } from '@assay/core/pki';
import {
  aikFamily,
  aikIssuers,
  aikIssuersPem,
  type ClaimedPlatform,
  microsoftTpmRoot,
  Public,
  publicKeyOf,
  tpmSettings,
} from '@assay/core/tpm';
import { describe, expect, test } from 'vitest';
import { judgeAik } from '../../packages/core/src/evidence/tcg/aik.ts';
import { withVectors } from '../setup/vectors.ts';
import { type Entry, judge, keyOf, nothing, platformOf } from './tpm-machines.ts';

withVectors('real machines', 'tpm', (folder) => {
  const manifest = folder.json('manifest.json');
  const quoted = (id: string) => manifest.quotes.find((one: Entry) => one.id === id);

  const good = [
    ...['dell-latitude-7520', 'dell-latitude-7520-eset', 'gcp-windows-shielded', 'lenovo-x1-ancient', 'lenovo-x1-good'],
    ...['gce-cos85-no-nonce-sha1', 'gce-cos85-no-nonce-sha256', 'gce-cos85-nonce9009-sha384'],
  ];
  test.each(good)('%s is explained by its log', (id) => {
    const entry = quoted(id);
    const [log] = entry.logs;
    const facts = judge(platformOf(folder, entry, entry.logs), keyOf(folder, entry));
    if (typeof facts === 'string') expect.fail(facts);
    const record = manifest.logs.find((one: Entry) => one.id === log);
    for (const index of record.matched[facts.bank] ?? [])
      if (facts.explanations.has(Number(index)))
        expect([index, facts.explained.has(Number(index))]).toEqual([index, true]);
    if (facts.explanations.has(7) && record.secureBoot?.bank === facts.bank)
      expect([facts.secureBoot.determined, facts.secureBoot.on]).toEqual([
        record.secureBoot.determined,
        record.secureBoot.on,
      ]);
  });

  test('P20: the log of an earlier boot of the same machine is refused, with the PCRs that differ', () => {
    const entry = quoted('dell-latitude-7520-five-logs');
    const refused = judge(platformOf(folder, entry, ['dell-latitude-7520-five-logs-0']), keyOf(folder, entry));
    expect(refused).toMatch(/^Check tpm\.log\.replay failed.*PCR 12 has another value.*PCR 13 .*PCR 14 /);
  });

  test('T16: a log without Windows’ events is refused', () => {
    const entry = quoted('dell-latitude-7520');
    const platform = platformOf(folder, entry, []);
    expect(judge(platform, keyOf(folder, entry))).toMatch(
      /PCR 12 holds measurements, and the logs have no event of it/,
    );
  });

  test('another PCR 0 than the log gives is refused', () => {
    const entry = quoted('lenovo-x1-failed-1');
    expect(judge(platformOf(folder, entry, entry.logs), keyOf(folder, entry))).toMatch(
      /tpm\.log\.replay.*PCR 0 has another value/,
    );
  });

  test('P2: a log of another bank than the quote’s explains nothing', () => {
    const entry = quoted('gce-cos85-no-nonce-sha1');
    const platform = platformOf(folder, entry, ['dell-latitude-7520']);
    expect(judge(platform, keyOf(folder, entry))).toMatch(/tpm\.log\.replay/);
  });

  test('P13: no flip of a bit of a quote, its signature or its values is accepted', () => {
    const entry = quoted('dell-latitude-7520');
    const whole = platformOf(folder, entry, entry.logs);
    const flipped = (bytes: Bytes, bit: number): Bytes =>
      bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    for (const part of ['attest', 'signature'] as const)
      for (let bit = 0; bit < whole[part].length * 8; bit++)
        expect(judge({ ...whole, [part]: flipped(whole[part], bit) }, keyOf(folder, entry))).toMatch(
          /^Check tpm\.quote\./,
        );
    for (const [bank, values] of whole.pcrs)
      for (const [index, value] of values) {
        const pcrs = new Map([...whole.pcrs, [bank, new Map([...values, [index, flipped(value, 9)]])]]);
        expect(judge({ ...whole, pcrs }, keyOf(folder, entry))).toMatch(/^Check tpm\.quote\.pcrs/);
      }
  });

  test('P23: every first part of a quote and of a signature is refused, naming the byte', () => {
    const entry = quoted('gcp-windows-shielded');
    const whole = platformOf(folder, entry, entry.logs);
    for (const part of ['attest', 'signature'] as const)
      for (let length = 0; length < whole[part].length; length++)
        expect(judge({ ...whole, [part]: whole[part].subarray(0, length) }, keyOf(folder, entry))).toMatch(
          /^Check tpm\.quote\.layout failed.*at byte \d+/,
        );
  });

  describe('attestation keys certified by Microsoft', () => {
    const certified = (manifest.certify as Entry[]).map((one): [string, Entry] => [one.id, one]);
    const outcome = (entry: Entry, at: Date, roots: readonly Bytes[] = [microsoftTpmRoot]) => {
      const [leaf, issuer] = entry.aikChain.map((name: string) => parseCertificate(folder.bytes(name)));
      const root = pemBlocks(folder.bytes('certs/vendor-roots.pem'), 'CERTIFICATE', 64)
        .map((der) => parseCertificate(der))
        .find(({ spki }) => base64(spki) === base64(microsoftTpmRoot));
      if (!root) return expect.fail('the root is not among the vectors');
      const appraisal = new Appraisal();
      const context = {
        at,
        settings: { ...tpmSettings.defaults, requireValidAik: false },
        anchors: { id: 'microsoft', of: (family: string) => (family === aikFamily ? roots : []) },
        appraisal,
        memo: forgetful,
      };
      const have = new Map(issuer ? [[aikIssuers(leaf).name, aikIssuersPem(issuer, [issuer, root], [])] as const] : []);
      const validated = judgeAik(leaf, have, context);
      return { validated, record: JSON.stringify(close(appraisal.root)) };
    };

    test.each(certified)('%s', (_id, entry) => {
      const { validated, record } = outcome(entry, new Date('2023-06-01T00:00:00Z'));
      // P19: those of a fake root, which is not configured, are not; nor one that is of later.
      const isLater = parseCertificate(folder.bytes(entry.aikChain[0])).notBefore > Date.parse('2023-06-01');
      expect(validated).toBe(entry.realMicrosoftAik && !isLater);
      if (!validated) expect(record).toContain('"outcome":"failed"');
    });

    test('no longer, when they have ended', () => {
      const entry = manifest.certify.find((one: Entry) => one.realMicrosoftAik);
      expect(outcome(entry, new Date('2035-01-01T00:00:00Z')).validated).toBe(false);
      expect(outcome(entry, new Date('2023-06-01T00:00:00Z'), []).validated).toBe(false);
    });
  });
});

withVectors('machines of the laboratory', 'tpm/lab', (folder) => {
  const read = (text: string): Bytes => fromBase64(text, 'base64');
  const machines = (folder.json('manifest.json') as Entry[]).map((one): [string, Entry] => [one.name, one]);
  test.each(machines)('%s', (_name, machine) => {
    const evidence = folder.json(machine.evidence);
    const { quote } = evidence;
    const values = new Map(
      (quote.pcrs as readonly [number, string][]).map(([index, value]) => [index, fromHex(value)] as const),
    );
    const pcrs = new Map([['sha256', values]]);
    const platform: ClaimedPlatform = {
      attest: read(quote.attest),
      signature: read(quote.sig),
      pcrs,
      logs: [
        { kind: 'TCG', log: folder.bytes(machine.log), path: 'bios' },
        { kind: 'IMA', log: folder.bytes(machine.ima), path: 'ima' },
      ],
      aik: nothing,
      path: 'lab',
    };
    const facts = judge(platform, publicKeyOf(decode(Public, read(evidence.akPub))));
    if (typeof facts === 'string') expect.fail(facts);
    for (const index of machine.replayEqualsQuote) expect([index, facts.explained.has(index)]).toEqual([index, true]);
    expect([facts.secureBoot.determined, facts.secureBoot.on]).toEqual([
      machine.secureBoot.determined,
      machine.secureBoot.on ?? false,
    ]);
    expect(facts.ima?.covered.length).toBe(machine.imaCoveredByQuote);
    expect(facts.ima?.covered.filter(({ isViolation }) => isViolation).length).toBe(machine.imaViolations);
  });
});
