/** Counts of the TPM vectors for `docs/explain/conformance.md`. What differs fails in the tests beside this one. */
import { test } from 'vitest';
import { expectDocument } from '../setup/document.ts';
import { withVectors } from '../setup/vectors.ts';
import {
  type CertifyEntry,
  certifyProblems,
  type ImaVector,
  imaProblems,
  type LabMachine,
  type LogEntry,
  labProblems,
  logProblems,
  type QuoteEntry,
  quoteProblems,
  secureBootProblems,
  trustPointProblems,
} from './tcg-judge.ts';

withVectors('TPM conformance, counted', 'tpm', (folder) => {
  const manifest = folder.json('manifest.json') as {
    logs: readonly LogEntry[];
    quotes: readonly QuoteEntry[];
    certify: readonly CertifyEntry[];
    ima: readonly ImaVector[];
  };
  const machines = folder.json('lab/manifest.json') as readonly LabMachine[];
  const inLab = {
    ...folder,
    json: (name: string) => folder.json(`lab/${name}`),
    bytes: (name: string) => folder.bytes(`lab/${name}`),
  };

  test('the document says what was found', () => {
    const row = <T>(what: string, entries: readonly T[], problems: (entry: T) => readonly string[]): string => {
      const differ = entries.filter((entry) => problems(entry).length > 0).length;
      return `| ${what} | ${entries.length} | ${entries.length - differ} | ${differ} |`;
    };
    const { logs, quotes, certify, ima } = manifest;
    const text = `### TPM evidence of real machines

Event logs of PCs, servers and virtual machines (Linux and Windows, legacy and crypto-agile, CCEL), quotes, certify statements and IMA lists. Values that TPMs gave are the witness where there are any.

| vectors | cases | agree | differ |
| --- | --- | --- | --- |
${[
  row(
    'logs: every bank replays, and values of the machine that the log does not reach are not explained',
    logs,
    (one) => logProblems(folder, one),
  ),
  row(
    'Secure Boot out of a log',
    logs.filter((one) => one.secureBoot),
    (one) => secureBootProblems(folder, one),
  ),
  row(
    'quotes that Windows put into its log',
    logs.filter((one) => one.trustPointQuotes),
    (one) => trustPointProblems(folder, one),
  ),
  row('quotes: fields, signature where the key is known, PCR digest where the values are', quotes, (one) =>
    quoteProblems(folder, one),
  ),
  row('certify statements: signature, name, attributes', certify, (one) => certifyProblems(folder, one)),
  row(
    'IMA lists',
    ima.filter((one) => one.form === 'binary' && !one.protocol),
    (one) => imaProblems(folder, one),
  ),
  row('whole machines: endorsement key, quote, log, Secure Boot, IMA list and its aggregate', machines, (one) =>
    labProblems(inLab, one),
  ),
].join('\n')}

Out of scope: IMA lists as text (names with blanks cannot be told apart there), and SM3 and SHA-3 banks, which are read by their size and not replayed.`;
    expectDocument('docs/explain/conformance.md', 'tcg', text);
  });
});
