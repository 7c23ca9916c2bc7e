/** Every command with its arguments and options. What a command does is loaded only when it is called. */
import { readFileSync } from 'node:fs';
import { Argument, Command, Option } from 'commander';
import type { Ending } from './exit.ts';
import { addPolicyCommands } from './policy-program.ts';
import { addTpmCommands } from './tpm-program.ts';
import { helpWidth, type Terminal } from './ui.ts';

const kinds = ['sgx', 'openenclave', 'tdx'] as const;
const dataTypes = ['Binary', 'JSON'] as const;
const evidence = 'the evidence: raw bytes, hexadecimal or base64; - reads standard input';
const json = (): Option => new Option('--json', 'print JSON');
const many = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
const dataType = (flag: string, of: string): Option =>
  new Option(`${flag} <type>`, `how ${of} is meant to be read`).choices(dataTypes).default('Binary');

/** @param end learns how the command that was called ended */
export function assay(terminal: Terminal, end: (ending: Ending) => void): Command {
  const { out, err } = terminal;
  const program = new Command('assay')
    .description('Remote attestation that explains itself: serve it, use it, look into it')
    .version(versionOf(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'say what there is')
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ styleTitle: (title) => out.paint.bold(title) })
    .configureOutput({
      writeOut: (text) => out.line(text.replace(/\n$/, '')),
      writeErr: (text) => err.line(text.replace(/\n$/, '')),
      // Errors are thrown, and printed where all errors are.
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(out),
      getErrHelpWidth: () => helpWidth(err),
    });
  const command = (name: string, description: string, of: Command = program): Command =>
    of.command(name).description(description).helpCommand(false);
  const does =
    <Args extends readonly unknown[]>(action: (...args: Args) => Promise<Ending>) =>
    async (...args: Args) =>
      end(await action(...args));

  command('serve', 'run the attestation service')
    .helpOption(false)
    .allowUnknownOption()
    .allowExcessArguments()
    .usage('[options]')
    .action(
      does(async (_options: unknown, { args }: Command) =>
        (await import('./commands/serve.ts')).serveCommand(args, terminal),
      ),
    );

  command('attest', 'send evidence to a service and get a token')
    .addArgument(new Argument('<kind>', 'what the evidence is').choices([...kinds.slice(0, 2), 'tpm']))
    .argument('<file>', `${evidence}. tpm: a request of the second round, or a file of assay tpm challenge`)
    .requiredOption('--server <url>', 'the provider’s address')
    .option('--runtime-data <file>', 'data that the evidence binds')
    .addOption(dataType('--runtime-data-type', 'the runtime data'))
    .option('--nonce <text>', 'to be echoed in the token; tpm: the relying party’s, in base64url')
    .option('--draft-policy <file>', 'a policy to try; the token is then unsigned')
    .option('--ca <file>', 'roots to trust for TLS, PEM, instead of the public ones')
    .option('--allow-http', 'allow an address without TLS')
    .option('--bearer-file <file>', 'file with a bearer token (default: ASSAY_BEARER_TOKEN of the environment)')
    .option('--attest <file>', 'tpm: the statement that answers the challenge (TPMS_ATTEST)')
    .option('--signature <file>', 'tpm: its signature (TPMT_SIGNATURE)')
    .option('--pcrs <file>', 'tpm: values of PCRs: JSON, by bank and index, in hexadecimal')
    .option('--platform-claim <file>', 'tpm: or all three in Windows’ wrapper (TPLA, of NCryptCreateClaim)')
    .option('--tcg-log <file>', 'tpm: the log of the boot')
    .option('--ima-log <file>', 'tpm: IMA’s list')
    .option('--aik-certificate <file>', 'tpm: certificate of the attestation key, PEM or DER')
    .option(
      '--key <file>',
      'tpm: the attestation key, PEM, a file of assay tpm key, TPMT_PUBLIC or TPM2B_PUBLIC (default: the certificate’s)',
    )
    .option('--request-key <file>', 'tpm: the private key that the quote binds; it signs the request')
    .option('--relying-party <id>', 'tpm: name of the relying party')
    .option('--claim <name=value>', 'tpm: a claim of the client’s for the policy (repeatable)', many)
    .option('--appraisal', 'fetch the appraisal and show every check')
    .option('-o, --output <file>', 'write the token there')
    .addOption(json())
    .action(
      does(async (kind, file, options) =>
        kind === 'tpm'
          ? (await import('./commands/attest-tpm.ts')).attestTpmCommand(file, options, terminal)
          : (await import('./commands/attest.ts')).attestCommand(kind, file, options, terminal),
      ),
    );

  command('verify', 'check a token against its issuer’s published certificates')
    .argument('<token>', 'a token, a file with one, or - for standard input')
    .requiredOption('--issuer <url>', 'whose token it must be')
    .option('--ca <file>', 'roots to trust for TLS, PEM, instead of the public ones')
    .option('--mrenclave <hex>', 'expected measurement of the enclave (repeatable: one of them)', many)
    .option('--mrsigner <hex>', 'expected signer of the enclave (repeatable: one of them)', many)
    .option('--product-id <number>', 'expected product id')
    .option('--minimum-svn <number>', 'lowest security version of the enclave')
    .option('--tcb-status <status>', 'expected status of the platform (repeatable: one of them)', many)
    .option('--allow-debuggable', 'accept an enclave that can be debugged')
    .option('--runtime-data <file>', 'data that the enclave must have bound')
    .option(
      '--tpm',
      'the token must be of a machine with a TPM: Secure Boot proven on, the attestation key vouched for',
    )
    .option('--any-boot', 'tpm: accept a boot that is not proven to be secure')
    .option('--any-aik', 'tpm: accept an attestation key that nothing vouches for')
    .option('--resident-key', 'tpm: the token’s key must be certified to be in the TPM')
    .option('--holder <file>', 'tpm: public key that the token must be for')
    .option('--policy-claim <name=value>', 'tpm: what the policy must have issued (repeatable)', many)
    .option('--nonce <text>', 'the nonce that the token must carry')
    .option('--max-age <seconds>', 'oldest token accepted')
    .option('--allow-insecure', 'accept tokens of a service with insecure settings')
    .option('--allow-http', 'allow an issuer without TLS')
    .addOption(json())
    .action(
      does(async (token, options) => (await import('./commands/verify.ts')).verifyCommand(token, options, terminal)),
    );

  command('appraise', 'judge evidence here, offline, without a token')
    .addArgument(new Argument('<kind>', 'what the evidence is').choices([...kinds, 'tpm']))
    .argument('<file>', `${evidence}. tpm: a request of the second round, alone or in its frame`)
    .requiredOption('--collateral <folder>', 'folder with the vendor’s collateral')
    .option('--at <time>', 'judge as of this time (UTC, or seconds since 1970) instead of now')
    .option('--runtime-data <file>', 'data that the evidence must have bound')
    .addOption(dataType('--runtime-data-type', 'the runtime data'))
    .option('--init-data <file>', 'data that the enclave must have been made with')
    .addOption(dataType('--init-data-type', 'the init data'))
    .option('--policy <file>', 'a policy to evaluate after the baseline')
    .option('--accept <status...>', 'TCB statuses that the baseline accepts (default: UpToDate SWHardeningNeeded)')
    .option('--azure-baseline', 'let TCB info and QE identity be past their nextUpdate, as Azure does')
    .option('--minimum-evaluation <number>', 'lowest TCB evaluation number of collateral')
    .option('--anchor <pem...>', 'development roots to believe beside the vendor’s')
    .option('--pck-chain <file>', 'the platform’s certificates, PEM, for quotes that do not carry them')
    .option(
      '--reference-log <file>',
      'tpm: the log of a good boot, to compare one with that does not explain its quote',
    )
    .addOption(json())
    .action(
      does(async (kind, file, options) =>
        kind === 'tpm'
          ? (await import('./commands/appraise-tpm.ts')).appraiseTpmCommand(file, options, terminal)
          : (await import('./commands/appraise.ts')).appraiseCommand(kind, file, options, terminal),
      ),
    );

  command('explain', 'show what is in a quote, report, event log, certificate, CRL or piece of collateral')
    .argument('<file>', evidence)
    .argument('[other]', 'with --diff: the log of the later boot')
    .option('--diff', 'what changed between two boots: exit code 0 when nothing did, 1 when something did')
    .addOption(json())
    .action(
      does(async (file, other, options) =>
        (await import('./commands/explain.ts')).explainCommand(file, other, options, terminal),
      ),
    );

  addPolicyCommands({ command, does, terminal });
  addTpmCommands({ command, does, terminal });

  const collateral = command('collateral', 'keep a folder of vendors’ collateral').exitOverride();
  command('import', 'recognise files by content and store them unchanged', collateral)
    .argument('<file...>', 'TCB info, QE identity, CRLs, certificates')
    .requiredOption('--to <folder>', 'the collateral folder')
    .addOption(json())
    .action(
      does(async (files, options) =>
        (await import('./commands/collateral.ts')).importCommand(files, options, terminal),
      ),
    );
  command('show', 'list what a folder holds, and until when it is valid', collateral)
    .argument('<folder>', 'the collateral folder')
    .option('--at <time>', 'judge dates as of this time instead of now')
    .addOption(json())
    .action(
      does(async (folder, options) =>
        (await import('./commands/collateral.ts')).showCommand(folder, options, terminal),
      ),
    );

  command('fetch', 'fetch all that it takes to judge a platform’s quotes from Intel, or from a cache', collateral)
    .option('--for <file>', 'a quote of the platform')
    .option('--fmspc <hex>', 'or its family, 12 hexadecimal digits')
    .requiredOption('--to <folder>', 'the collateral folder')
    .option('--from <url>', 'where the source is (default: Intel’s or Azure’s own address; a pccs has none)')
    .addOption(new Option('--kind <kind>', 'what the source is').choices(['pcs', 'pccs', 'thim']).default('pcs'))
    .addOption(new Option('--tee <tee>', 'with --fmspc: what runs there').choices(['sgx', 'tdx']).default('sgx'))
    .option('--update <channel>', 'TCB evaluation: standard, early, or one by its number', 'standard')
    .addOption(new Option('--api <version>', 'version of the source’s interface').choices(['3', '4']).default('4'))
    .option('--root-crl <url>', 'where the root CRL is, for a mirror of Intel’s service')
    .option('--ca <file>', 'roots to trust for TLS, PEM, instead of the public ones')
    .option('--proxy <url>', 'HTTP proxy to go through')
    .option('--anchor <pem...>', 'development roots to believe beside the vendor’s')
    .addOption(json())
    .action(does(async (options) => (await import('./commands/fetch.ts')).fetchCommand(options, terminal)));
  command('watch', 'say what ends when; exit code 1 when something ends within the horizon', collateral)
    .argument('[folder]', 'the collateral folder')
    .option('--config <file>', 'or the settings of a service: all its folders')
    .option('--within <time>', 'the horizon: 12h, 7d, 2w', '7d')
    .option('--at <time>', 'count from this time instead of now')
    .addOption(json())
    .action(
      does(async (folder, options) => (await import('./commands/watch.ts')).watchCommand(folder, options, terminal)),
    );

  command(
    'forge',
    'make simulated evidence and its collateral under a development root; pcs: serve that collateral; boot: measure one into a software TPM',
  )
    .addArgument(new Argument('<kind>', 'what to make').choices(['sgx', 'openenclave', 'tdx', 'tpm', 'boot', 'pcs']))
    .requiredOption('--to <folder>', 'where to write; made where it is absent')
    .option('--seed <text>', 'another platform with keys of its own', 'development')
    .option('--at <time>', 'issue collateral around this time instead of now')
    .option('--runtime-data <file>', 'data that the evidence binds')
    .option('--status <status>', 'TCB status of the platform', 'UpToDate')
    .option('--debug', 'make the enclave debuggable')
    .option('--fmspc <hex>', 'platform family, 12 hexadecimal digits')
    .addOption(
      new Option('--platform <system>', 'tpm, boot: whose boot the log tells')
        .choices(['linux', 'windows'])
        .default('linux'),
    )
    .option('--no-secure-boot', 'tpm, boot: boot without Secure Boot')
    .option('--tpm <address>', 'boot: the software TPM, PATH or host:port of its socket')
    .option('--resident-key', 'tpm: a request key in the TPM, certified, instead of one in software')
    .option('--port <number>', 'pcs: port to listen on; 0: any free one', '8081')
    .option('--host <address>', 'pcs: address to listen on', '127.0.0.1')
    .addOption(
      new Option('--speaks <protocol>', 'pcs: whose service it stands in for')
        .choices(['pcs', 'pccs-3.0', 'pccs-3.1', 'thim'])
        .default('pcs'),
    )
    .option('--fault <name>', 'pcs: give only answers with this fault; «list» names them')
    .addOption(json())
    .action(
      does(async (kind, options) =>
        kind === 'pcs'
          ? (await import('./commands/stand-in.ts')).standInCommand(options, terminal)
          : kind === 'tpm'
            ? (await import('./commands/forge-tpm.ts')).forgeTpmCommand(options, terminal)
            : kind === 'boot'
              ? (await import('./commands/forge-boot.ts')).forgeBootCommand(options, terminal)
              : (await import('./commands/forge.ts')).forgeCommand(kind, options, terminal),
      ),
    );

  program
    .command('demo', { hidden: true })
    .description('play both workflows, each side a process of its own: service, client, machine, relying party')
    .option('--quote <file>', 'a recorded SGX quote')
    .option('--collateral <folder>', 'its collateral')
    .option('--at <time>', 'the time that the quote is judged as of')
    .addOption(json())
    .action(does(async (options) => (await import('./demo/play.ts')).play(options, terminal)));

  return program;
}

function versionOf(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  return version;
}
