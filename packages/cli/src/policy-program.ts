/** The commands of `assay policy`, with their arguments and options. */
import { type Command, Option } from 'commander';
import type { Ending } from './exit.ts';
import type { Terminal } from './ui.ts';

/** How `program.ts` makes a command, and how it learns how one ended. */
export interface Makers {
  readonly command: (name: string, description: string, of?: Command) => Command;
  readonly does: <Args extends readonly unknown[]>(
    action: (...args: Args) => Promise<Ending>,
  ) => (...args: Args) => Promise<void>;
  readonly terminal: Terminal;
}

const file = 'the policy: its text, or a JWS with it; - reads standard input';
const json = (): Option => new Option('--json', 'print JSON');
const type = (): Option =>
  new Option('--type <type>', 'attestation type: SgxEnclave, OpenEnclave, TdxVm, SevSnpVm, AzureGuest or Tpm');

/** What `eval` and `explain` are given. */
const sources = (command: Command): Command =>
  command
    .argument('<policy>', file)
    .addOption(type())
    .option(
      '--claims <file>',
      'claims: an object of names and values, a list of {type, value, issuer}, or an appraisal (assay appraise --json)',
    )
    .option('--case <name>', 'which case of a file with several')
    .option('--evidence <file>', 'evidence to appraise for its claims, instead of --claims')
    .option('--collateral <folder>', 'the vendor’s collateral for it')
    .option('--at <time>', 'appraise as of this time instead of now')
    .option('--anchor <pem...>', 'development roots to believe beside the vendor’s')
    .option('--runtime-data <file>', 'data that the evidence must have bound')
    .addOption(
      new Option('--runtime-data-type <type>', 'how it is meant').choices(['Binary', 'JSON']).default('Binary'),
    )
    .addOption(json());

export function addPolicyCommands({ command, does, terminal }: Makers): void {
  const policy = command('policy', 'write policies: check, format, try, test, sign').exitOverride();

  command('check', 'list what is wrong with a policy, or odd about it', policy)
    .argument('<policy>', file)
    .addOption(type())
    .option('--strict', 'fail on warnings too')
    .addOption(json())
    .action(
      does(async (name, options) =>
        (await import('./commands/policy-check.ts')).policyCheckCommand(name, options, terminal),
      ),
    );

  command('format', 'print a policy in the one layout, comments kept', policy)
    .argument('<policy>', file)
    .option('--check', 'print nothing, fail unless it is in that layout')
    .option('--write', 'write it back')
    .action(
      does(async (name, options) =>
        (await import('./commands/policy-format.ts')).policyFormatCommand(name, options, terminal),
      ),
    );

  sources(command('eval', 'evaluate a policy over claims or evidence', policy)).action(
    does(async (name, options) =>
      (await import('./commands/policy-eval.ts')).policyEvalCommand(name, options, terminal),
    ),
  );

  sources(command('explain', 'show a policy with what each rule did, and why', policy)).action(
    does(async (name, options) =>
      (await import('./commands/policy-explain.ts')).policyExplainCommand(name, options, terminal),
    ),
  );

  command('test', 'run the tests of policies: files *.policytest.json or .yaml', policy)
    .argument('[path...]', 'test files, or folders to look through', ['.'])
    .option('--mutate', 'remove or flip one condition at a time, and report what no case notices')
    .option('--strict', 'fail on rules and conditions that no case covers')
    .option('--junit <file>', 'write a report in JUnit’s XML')
    .addOption(json())
    .action(
      does(async (paths, options) =>
        (await import('./commands/policy-test.ts')).policyTestCommand(paths, options, terminal),
      ),
    );

  command('hash', 'print what tokens and the service call a policy', policy)
    .argument('<policy>', file)
    .addOption(json())
    .action(
      does(async (name, options) =>
        (await import('./commands/policy-hash.ts')).policyHashCommand(name, options, terminal),
      ),
    );

  command('sign', 'make the JWS that uploads a policy, or resets one', policy)
    .argument('[policy]', 'the text of the policy; - reads standard input')
    .option('--key <pem>', 'private key, PKCS #8')
    .option('--certificate <pem>', 'the signer’s certificate and its issuers, in order')
    .option('--bare-key', 'name the public key instead of a certificate')
    .option('--algorithm <name>', 'RS256 to 512, PS256 to 512, ES256 to 512 (default: by the key)')
    .option('--unsigned', 'make a JWS without a signature')
    .option('--reset', 'make the JWS that resets a policy')
    .option('-o, --output <file>', 'write it there')
    .action(
      does(async (name, options) =>
        (await import('./commands/policy-sign.ts')).policySignCommand(name, options, terminal),
      ),
    );

  command('show', 'show what a policy’s JWS says, and who signed it', policy)
    .argument('<jws>', 'a file with the JWS; - reads standard input')
    .addOption(json())
    .action(
      does(async (name, options) =>
        (await import('./commands/policy-show.ts')).policyShowCommand(name, options, terminal),
      ),
    );
}
