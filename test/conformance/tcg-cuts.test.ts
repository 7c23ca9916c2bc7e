/**
 * Every log, list and statement cut short at every byte: refused by a layout that names the byte, or (at the end of a
 * record) read as the shorter one that it is. All lengths with ASSAY_EXHAUSTIVE=1 (as CI runs it), else a seeded sample.
 */
import { type AnyLayout, type Bytes, decode } from '@assay/core/bytes';
import { Malformed } from '@assay/core/errors';
import { Certify, eventType, Public, parseIma, parseLog, Quote, Signature } from '@assay/core/tpm';
import { expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import { type CertifyEntry, type ImaVector, imaBytes, type LogEntry, type QuoteEntry } from './tcg-judge.ts';
import { quotedBy, seen } from './tpm-boots.ts';

const exhaustive = process.env['ASSAY_EXHAUSTIVE'] === '1';

/** All lengths below a whole, or a sample by a small generator that is the same everywhere. */
function* lengths(whole: number, samples: number): Generator<number> {
  if (exhaustive || whole <= samples) for (let length = 0; length < whole; length++) yield length;
  else
    for (let i = 0, state = 12_345; i < samples; i++) {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      yield state % whole;
    }
}

/** What reads, or undefined where a layout refuses. Anything else that is thrown fails the test. */
function read<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed);
    expect((error as Malformed).offset).toBeTypeOf('number');
    return undefined;
  }
}

withVectors('T5: cut short', 'tpm', (folder) => {
  const { logs, quotes, certify, ima } = folder.json('manifest.json') as {
    logs: readonly LogEntry[];
    quotes: readonly QuoteEntry[];
    certify: readonly CertifyEntry[];
    ima: readonly ImaVector[];
  };

  test.each(logs)('log $id', { timeout: 600_000 }, ({ file, kind }) => {
    const whole = folder.bytes(file);
    const ends = new Set(parseLog(whole, kind).events.map(({ offset, length }) => offset + length));
    for (const length of lengths(whole.length, 60)) {
      const found = read(() => parseLog(whole.subarray(0, length), kind));
      if (!found) continue;
      // What is left over is padding, or the zeros that the next record begins with.
      const last = found.events.at(-1);
      expect(ends.has((last?.offset ?? 0) + (last?.length ?? 0)), `${length} bytes`).toBe(true);
      expect((last?.offset ?? 0) + (last?.length ?? 0) + found.padding).toBe(length);
    }
  });
  test.each(ima.filter(({ form }) => form === 'binary'))('IMA list $id', { timeout: 600_000 }, ({ file }) => {
    const whole = imaBytes(folder, file).subarray(0, 4000);
    const starts = new Set((read(() => parseIma(whole)) ?? []).map(({ offset }) => offset));
    for (const length of lengths(whole.length, 400)) {
      const found = read(() => parseIma(whole.subarray(0, length)));
      if (found && starts.size > 0) expect(starts.has(length), `${length} bytes`).toBe(true);
    }
  });

  const statements: readonly (readonly [what: string, layout: AnyLayout, files: readonly string[]])[] = [
    ['quotes', Quote, quotes.map(({ attest }) => attest)],
    ['signatures', Signature, quotes.map(({ signature }) => signature)],
    ['certify statements', Certify, certify.map(({ attest }) => attest)],
    ['public areas', Public, certify.map((entry) => entry.public)],
  ];
  test.each(statements)('%s', (_what, layout, files) => {
    for (const file of files) {
      const whole = folder.bytes(file);
      expect(read(() => decode(layout, whole))).toBeDefined();
      for (let length = 0; length < whole.length; length++)
        expect(
          read(() => decode(layout, whole.subarray(0, length))),
          `${file}: ${length} bytes`,
        ).toBeUndefined();
    }
  });

  test('the quote at the end of Windows’ log, cut anywhere, is a degree: nothing measures it, and nothing is refused', async () => {
    // As it was published, this log ends within that quote.
    const whole = folder.bytes('logs/goatt-option-rom.bin');
    const last = parseLog(whole).events.at(-1);
    if (!last) return expect.fail();
    expect([last.pcr, last.claimedType]).toEqual([0xffff_ffff, eventType.noAction]);
    const start = last.offset + last.length - last.claimedData.length;
    for (const length of new Set([...lengths(last.claimedData.length, 12), last.claimedData.length])) {
      const cut = whole.slice(0, start + length);
      new DataView(cut.buffer).setUint32(start - 4, length, true);
      const { facts, claims } = await seen(quotedBy(cut));
      // Without a record there is nothing that says it is one.
      expect(facts.current.isTrustPointReached).toBe(length === 0 ? undefined : false);
      expect(facts.current.secureBoot.on).toBe(true);
      expect(claims.find(({ name }) => name === 'x-assay-tpm-trust-point')?.value).toBe(
        length === 0 ? undefined : false,
      );
    }
  });

  test('T36: a log costs time linear in its size, whatever it is padded with', () => {
    const log = folder.bytes('logs/lenovo-t480s.bin');
    const padded = (fill: number, last: number): Bytes => {
      const out = new Uint8Array(log.length + 2_097_152).fill(fill);
      out.set(log);
      out[out.length - 1] = last;
      return out;
    };
    const start = performance.now();
    expect(read(() => parseLog(padded(0, 0)))?.padding).toBe(2_097_152);
    expect(read(() => parseLog(padded(0xff, 0xff)))?.padding).toBe(2_097_152);
    expect(read(() => parseLog(padded(0, 1)))).toBeUndefined();
    expect(read(() => parseLog(padded(0xff, 1)))).toBeUndefined();
    expect(read(() => parseLog(padded(0, 0xff)))).toBeUndefined();
    // Reading zero records one by one and looking for the end each time took two minutes elsewhere.
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
