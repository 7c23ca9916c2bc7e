/** The commands of `assay tpm`, with their arguments and options. */
import { type Command, Option } from 'commander';
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
  addReferenceCommands({ command, does, terminal }, tpm);
}

function addReferenceCommands({ command, does, terminal }: Makers, tpm: Command): void {
  const reference = command('reference', 'keep logs of good boots, to compare others with', tpm).exitOverride();
  command('set', 'store the log of a boot that was as it should be, under a label', reference)
    .argument('<label>', 'such as the model of the machine; a log stored under it before is replaced')
    .argument('<log>', 'the log; - reads standard input')
    .requiredOption('--to <folder>', 'the folder of reference logs')
    .addOption(new Option('--json', 'print JSON'))
    .action(
      does(async (label, log, options) =>
        (await import('./commands/tpm-reference.ts')).setReferenceCommand(label, log, options, terminal),
      ),
    );
  command('show', 'list what a folder of reference logs holds, or explain one of them', reference)
    .argument('<folder>', 'the folder of reference logs')
    .argument('[label]', 'the one to explain')
    .addOption(new Option('--json', 'print JSON'))
    .action(
      does(async (folder, label, options) =>
        (await import('./commands/tpm-reference.ts')).showReferenceCommand(folder, label, options, terminal),
      ),
    );
}
