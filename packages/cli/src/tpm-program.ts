/** The commands of `assay tpm`, with their arguments and options. */
import { type Command, Option } from 'commander';
import type { Makers } from './policy-program.ts';
import type { KeyKindName } from './tpm/options.ts';

const json = (): Option => new Option('--json', 'print JSON');
const many = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const kinds = ['rsa', 'rsa-pss', 'p256', 'p384'] as const satisfies readonly KeyKindName[];

const atTpm = (command: Command): Command =>
  command.option(
    '--tpm <address>',
    'the TPM: a device, or the socket of a software TPM, PATH or host:port (default: /dev/tpmrm0)',
  );
/** Where requests go, and who sends them. */
const toServer = (command: Command): Command =>
  command
    .requiredOption('--server <url>', 'the provider’s address')
    .option('--ca <file>', 'roots to trust for TLS, PEM, instead of the public ones')
    .option('--allow-http', 'allow an address without TLS')
    .option('--bearer-file <file>', 'file with a bearer token (default: ASSAY_BEARER_TOKEN of the environment)');

export function addTpmCommands({ command, does, terminal }: Makers): void {
  const tpm = command('tpm', 'use this machine’s TPM, and look at what TPMs say').exitOverride();

  atTpm(command('status', 'say whose TPM this is, what it holds, and which logs can be read', tpm))
    .option('--tcg-log <file>', 'where the log of the boot is (default: the kernel’s)')
    .option('--ima-log <file>', 'where IMA’s list is (default: the kernel’s)')
    .addOption(json())
    .action(does(async (options) => (await import('./commands/tpm-status.ts')).statusCommand(options, terminal)));

  toServer(atTpm(command('attest', 'attest this machine’s boot: both rounds of the protocol, and a token', tpm)))
    .option('--tcg-log <file>', 'the log of the boot (default: the kernel’s, which root alone can read)')
    .option('--ima-log [file]', 'IMA’s list as well; without a file the kernel’s')
    .option('--aik <key>', 'the attestation key: a handle, or a file of assay tpm key (default: the certificate’s key)')
    .option('--aik-certificate <file>', 'its certificate, PEM or DER')
    .option('--request-key <file>', 'whose the token shall be: a private key (RSA, P-256), or a key of this TPM')
    .option('--pcrs <list>', 'PCRs to quote, such as 0-7,14 (default: all)')
    .option('--bank <list>', 'PCR banks to quote', 'sha256')
    .option('--nonce <base64url>', 'the relying party’s nonce, as the token will show it')
    .option('--relying-party <id>', 'name of the relying party')
    .option('--claim <name=value>', 'a claim of this client’s for the policy (repeatable)', many)
    .option('--keep-request <file>', 'write the request there as it was sent, for assay appraise tpm')
    .option('--appraisal', 'fetch the appraisal and show every check')
    .option('-o, --output <file>', 'write the token there')
    .addOption(json())
    .action(
      does(async (options) => (await import('./commands/tpm-attest.ts')).attestMachineCommand(options, terminal)),
    );

  atTpm(command('quote', 'have the TPM sign its PCRs, and write all that it takes to check that', tpm))
    .requiredOption('--to <folder>', 'where to write; made where it is absent')
    .option('--extra-data <hex>', 'what the quote is to carry, at most 64 bytes (default: 32 by chance)')
    .option('--nonce <hex>', 'another name of --extra-data')
    .option('--pcrs <list>', 'PCRs to quote, such as 0-7,14 (default: all)')
    .option('--bank <list>', 'PCR banks to quote', 'sha256')
    .option('--aik <key>', 'the attestation key: a handle, or a file of assay tpm key (default: one for this time)')
    .addOption(new Option('--kind <kind>', 'without --aik: kind of the key').choices(kinds).default('rsa'))
    .addOption(json())
    .action(does(async (options) => (await import('./commands/tpm-quote.ts')).quoteCommand(options, terminal)));

  command('log', 'explain a log of this machine, or copy it to a file', tpm)
    .option('--tcg', 'what firmware and boot loader measured (default)')
    .option('--ima', 'what the running kernel measured')
    .option('--from <file>', 'another place than the kernel’s')
    .option('-o, --output <file>', 'copy it there')
    .addOption(json())
    .action(does(async (options) => (await import('./commands/tpm-log.ts')).logCommand(options, terminal)));

  atTpm(command('key', 'make a key that never leaves this TPM', tpm))
    .addOption(
      new Option('--for <purpose>', 'attestation: it signs quotes; requests: it signs requests, and tokens are for it')
        .choices(['attestation', 'requests'])
        .default('attestation'),
    )
    .addOption(new Option('--kind <kind>', 'kind of the key').choices(kinds).default('rsa'))
    .option('-o, --output <file>', 'keep it in a file, which this TPM alone can load')
    .option('--handle <handle>', 'store it in the TPM, such as 0x81000003')
    .option('--public-key <file>', 'write its public half, PEM')
    .addOption(json())
    .action(does(async (options) => (await import('./commands/tpm-key.ts')).keyCommand(options, terminal)));

  atTpm(command('certify', 'have an attestation key of this TPM certified by a CA in a folder', tpm))
    .requiredOption('--aik <key>', 'the key: a handle, or a file of assay tpm key')
    .requiredOption('--authority <folder>', 'the CA; made at first use')
    .requiredOption('-o, --output <file>', 'where the certificate goes')
    .option('--ek-root <pem...>', 'roots of TPM makers, and certificates below them, that vouch for the TPM')
    .option('--any-tpm', 'certify keys of any TPM, one in software too')
    .option('--days <number>', 'how long the certificate lasts', '365')
    .addOption(json())
    .action(does(async (options) => (await import('./commands/tpm-certify.ts')).certifyCommand(options, terminal)));

  toServer(command('challenge', 'fetch a challenge for a quote that other tools make: see assay attest tpm', tpm))
    .requiredOption('-o, --output <file>', 'where the challenge goes')
    .option('--request-key <file>', 'the private key that the quote shall bind: says what it must carry')
    .addOption(json())
    .action(does(async (options) => (await import('./commands/tpm-challenge.ts')).challengeCommand(options, terminal)));

  command('check-quote', 'check a quote: its signature, the values that it covers, what it carries', tpm)
    .requiredOption('--attest <file>', 'the statement (TPMS_ATTEST)')
    .requiredOption('--signature <file>', 'its signature (TPMT_SIGNATURE)')
    .requiredOption(
      '--key <file>',
      'the attestation key: PEM, a certificate, a file of assay tpm key, TPMT_PUBLIC or TPM2B_PUBLIC',
    )
    .option('--pcrs <file>', 'values of PCRs: JSON, by bank and index, in hexadecimal')
    .option('--extra-data <hex>', 'what the quote must carry')
    .addOption(json())
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
