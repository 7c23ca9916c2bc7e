/** Event logs and IMA lists of real machines: parsed to their end, replayed, compared with quotes and values of TPMs. */
import { fromHex } from '@assay/core/bytes';
import { eventType, explain, parseLog, parseRecords, recordsJson, replay } from '@assay/core/tpm';
import { expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';
import {
  type ImaVector,
  imaProblems,
  type LabMachine,
  type LogEntry,
  labProblems,
  logProblems,
  type QuoteEntry,
  secureBootProblems,
  trustPointProblems,
  unexplained,
} from './tcg-judge.ts';

withVectors('TCG logs', 'tpm', (folder) => {
  const { logs, quotes, ima } = folder.json('manifest.json') as {
    logs: readonly LogEntry[];
    quotes: readonly QuoteEntry[];
    ima: readonly ImaVector[];
  };
  test.each(logs)('$id replays as its machine did', (entry) => {
    expect(logProblems(folder, entry)).toEqual([]);
  });
  test.each(logs.filter((entry) => entry.secureBoot))('$id: Secure Boot', (entry) => {
    expect(secureBootProblems(folder, entry)).toEqual([]);
  });
  test.each(logs.filter((entry) => entry.trustPointQuotes))(
    '$id reaches the quote that Windows put into it',
    (entry) => {
      expect(trustPointProblems(folder, entry)).toEqual([]);
    },
  );

  test('every record of Windows in them reads: one that did not would take all that stands beside it along', () => {
    let read = 0;
    for (const { id, file, kind } of logs.filter((entry) => entry.kind === 'tcg'))
      for (const { claimedType, pcr, claimedData, seq } of parseLog(folder.bytes(file), kind).events)
        if (claimedType === eventType.eventTag && pcr >= 11 && pcr <= 14) {
          expect(() => recordsJson(parseRecords(claimedData)), `${id}, event ${seq}`).not.toThrow();
          read++;
        }
    expect(read).toBeGreaterThan(60);
  });

  /** Quotes and logs of one capture: what the log does not explain, and why it need not. */
  const beyond: Record<string, readonly string[]> = {
    // The log of the cold boot; the session that was quoted came after four hibernations.
    'dell-latitude-7520-five-logs dell-latitude-7520-five-logs-0': [
      'sha256 12 unexplained',
      'sha256 13 unexplained',
      'sha256 14 unexplained',
    ],
    'dell-latitude-7520-five-logs dell-latitude-7520-five-logs-3': ['sha256 12 unexplained'],
    // The quote is of a boot after a firmware update, the log of one before.
    'lenovo-x1-failed-1 lenovo-x1-failed-1': ['sha256 0 unexplained'],
  };
  const pairs = quotes.flatMap((quote) =>
    quote.pcrDigestValid
      ? (quote.logs ?? []).map((id) => [quote.id, id, quote, logs.find((log) => log.id === id) as LogEntry] as const)
      : [],
  );
  test.each(pairs)('%s is explained by %s', (id, logId, quote, log) => {
    // IMA's PCR is not in any firmware log.
    const found = unexplained(folder, quote, log).filter((one) => !/ 10 /.test(one));
    expect(found).toEqual(beyond[`${id} ${logId}`] ?? []);
  });

  test('a bank that Windows capped is told from one that was tampered with (quirk F3)', () => {
    const entry = logs.find(({ id }) => id === 'lenovo-t480s') as LogEntry;
    const told = replay('sha1', parseLog(folder.bytes(entry.file)));
    const actual = Object.entries(entry.actualDiffers?.['sha1'] ?? {});
    expect(actual.map(([index]) => index)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    for (const [index, value] of actual) {
      expect(explain(told, Number(index), fromHex(value)), index).toEqual({ is: 'capped' });
      const changed = fromHex(value);
      changed[0] = (changed[0] as number) ^ 1;
      expect(explain(told, Number(index), changed), index).toEqual({ is: 'unexplained' });
    }
  });

  test.each(ima.filter(({ form, protocol }) => form === 'binary' && !protocol))('IMA: $id', (entry) => {
    expect(imaProblems(folder, entry)).toEqual([]);
  });
  test.each(ima.filter(({ protocol }) => protocol))('IMA: $id is refused: $protocol', (entry) => {
    expect(() => imaProblems(folder, entry)).toThrow(/need \d+ bytes, \d+ left/);
  });
});

withVectors('Whole machines', 'tpm/lab', (folder) => {
  test.each(folder.json('manifest.json') as readonly LabMachine[])('$name: $what', (machine) => {
    expect(labProblems(folder, machine)).toEqual([]);
  });
});
