/**
 * Every single bit of three real machines' evidence, flipped: refused, or in a part of the log that nothing measures, and
 * then no fact is better than before. All bits with ASSAY_EXHAUSTIVE=1 (as CI runs it), of logs, which have half a million,
 * more of them; else a seeded sample.
 */
import type { Bytes } from '@assay/core/bytes';
import type { ClaimedPlatform, PlatformFacts, Windows } from '@assay/core/tpm';
import { describe, expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import { type Entry, judge, keyOf, platformOf } from './tpm-machines.ts';

const exhaustive = process.env['ASSAY_EXHAUSTIVE'] === '1';

/** All bits, or a sample by a small generator that is the same everywhere. */
function* sample(bits: number, size: number, isWhole = exhaustive): Generator<number> {
  if (isWhole) for (let bit = 0; bit < bits; bit++) yield bit;
  for (let i = 0, state = 12_345; !isWhole && i < size; i++) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    yield state % bits;
  }
}
const flipped = (bytes: Bytes, bit: number): Bytes => bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)));

const goodNews = ['iommuEnabled', 'bootDebuggingDisabled', 'notSafeMode', 'notWinPE', 'vbsEnabled'] as const;
const digests = ({ boot }: PlatformFacts): readonly string[] => boot.programs.map(({ digest }) => String(digest));

/** What is better in facts after a flip, or says something that was not said before. */
function betterIn(after: PlatformFacts, before: PlatformFacts): readonly string[] {
  const out: string[] = [];
  if (after.secureBoot.on && !before.secureBoot.on) out.push('Secure Boot is on');
  for (const index of after.explained) if (!before.explained.has(index)) out.push(`PCR ${index} is explained`);
  for (const way of ['windows', 'provenWindows'] as const)
    for (const name of goodNews) if (after[way][name] && !before[way][name]) out.push(name);
  const counted = (facts: Windows): readonly unknown[] => [facts.bootCounter, facts.counterId, String(facts.reportKey)];
  for (const [i, value] of counted(after.provenWindows).entries())
    if (value !== undefined && value !== 'undefined' && value !== counted(before.provenWindows)[i])
      out.push('a counter');
  // Programs may be told in fewer words, never be other ones, and none of them be left out of those that are told.
  if (after.boot.programs.length > 0 && String(digests(after)) !== String(digests(before))) out.push('programs');
  const line = after.boot.commandLine?.text;
  if (line !== undefined && line !== before.boot.commandLine?.text) out.push('the command line');
  // Nothing proves a type: what goes by another one is read as such, if its digest is that of all its data.
  const told = new Map(before.events.map((event) => [event['EventSeq'], event]));
  for (const event of after.events) {
    const was = told.get(event['EventSeq']);
    if (event['EventType'] !== was?.['EventType'] || !('ProcessedData' in event)) continue;
    if (JSON.stringify(event['ProcessedData'], plain) !== JSON.stringify(was?.['ProcessedData'], plain))
      out.push(`the meaning of event ${event['EventSeq']}`);
  }
  return out;
}
const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

withVectors('T5: P13: single-bit flips of TPM evidence', 'tpm', (folder) => {
  const { quotes } = folder.json('manifest.json') as { quotes: readonly Entry[] };
  describe.each(['dell-latitude-7520', 'gcp-windows-shielded', 'gce-cos85-nonce9009-sha384'])('%s', (id) => {
    const entry = quotes.find((one) => one.id === id);
    const whole = platformOf(folder, entry, entry.logs);
    const key = keyOf(folder, entry);
    const facts = (platform: ClaimedPlatform): PlatformFacts | string => judge(platform, key);
    const before = facts(whole);
    if (typeof before === 'string') throw new Error(before);

    test.each(['attest', 'signature'] as const)('no bit of the %s', { timeout: 600_000 }, (part) => {
      for (const bit of sample(whole[part].length * 8, 400))
        expect(facts({ ...whole, [part]: flipped(whole[part], bit) }), `bit ${bit}`).toMatch(/^Check tpm\.quote\./);
    });
    test('no bit of a value', { timeout: 600_000 }, () => {
      for (const [bank, values] of whole.pcrs)
        for (const [index, value] of values)
          for (const bit of sample(value.length * 8, 4)) {
            const pcrs = new Map([...whole.pcrs, [bank, new Map([...values, [index, flipped(value, bit)]])]]);
            expect(facts({ ...whole, pcrs })).toMatch(/^Check tpm\.quote\.pcrs/);
          }
    });
    test('of the log only bits that prove nothing more', { timeout: 3_600_000 }, () => {
      const [log] = whole.logs;
      if (!log) return expect.fail();
      let refused = 0;
      for (const bit of sample(log.log.length * 8, exhaustive ? 5000 : 150, false)) {
        const after = facts({ ...whole, logs: [{ ...log, log: flipped(log.log, bit) }] });
        if (typeof after === 'string') {
          expect(after).toMatch(/^Check tpm\.log\./);
          refused++;
        } else expect([bit, betterIn(after, before)]).toEqual([bit, []]);
      }
      expect(refused).toBeGreaterThan(0);
    });
  });
});
