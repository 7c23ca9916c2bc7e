/** The commands of `assay tpm`, with their arguments and options. */
import { Option } from 'commander';
import type { Makers } from './policy-program.ts';

export function addTpmCommands({ command, does, terminal }: Makers): void {
  const tpm = command('tpm', 'look at what TPMs say').exitOverride();

  command('check-quote', 'check a quote: its signature, the values that it covers, what it carries', tpm)
    .requiredOption('--attest <file>', 'the statement (TPMS_ATTEST)')
    .requiredOption('--signature <file>', 'its signature (TPMT_SIGNATURE)')
    .requiredOption('--key <file>', 'the attestation key: PEM, a certificate, TPMT_PUBLIC or TPM2B_PUBLIC')
    .option('--pcrs <file>', 'values of PCRs: JSON, by bank and index, in hexadecimal')
    .option('--extra-data <hex>', 'what the quote must carry')
    .addOption(new Option('--json', 'print JSON'))
    .action(
      does(async (options) => (await import('./commands/tpm-check-quote.ts')).checkQuoteCommand(options, terminal)),
    );
}
