/** `assay tpm challenge`: the first round alone, for evidence that other tools make: what their quote must carry. */
import { type Challenge, extraDataFor } from '@assay/client';
import { hex } from '@assay/core/bytes';
import { CommandError, type Ending } from '../exit.ts';
import { writeOutput } from '../output.ts';
import { clientFor, type ServerOptions, sent } from '../sending.ts';
import { requestKeyIn } from '../tpm/keys.ts';
import { challengeFile } from '../tpm/request-file.ts';
import { printJson, printWarning, type Terminal } from '../ui.ts';

interface Options extends ServerOptions {
  readonly requestKey?: string;
  readonly output: string;
  readonly json?: true;
}

export async function challengeCommand(options: Options, terminal: Terminal): Promise<Ending> {
  const bind = options.requestKey === undefined ? undefined : await binderOf(options.requestKey, terminal);
  const client = await clientFor(options, terminal);
  const challenge = await sent(client.tpmChallenge(), options, terminal);
  const extraData = bind && hex(bind(challenge));
  await writeOutput(options.output, challengeFile(challenge, { ...(extraData !== undefined && { extraData }) }), 0o600);
  if (options.json) {
    printJson(terminal, { file: options.output, challenge: hex(challenge.challenge), extraData: extraData ?? null });
    return 'passed';
  }
  terminal.out.line(options.output);
  if (extraData === undefined) printWarning(terminal, '--request-key would have said what the quote must carry');
  else {
    const { line, paint } = terminal.err;
    line(`the quote must carry ${extraData}, and reach the service within 5 minutes:`);
    line(paint.dim(`assay tpm quote --aik KEY --extra-data ${extraData} --to DIR`));
    line(paint.dim(`assay attest tpm ${options.output} --request-key ${options.requestKey} --attest DIR/attest.bin …`));
  }
  return 'passed';
}

async function binderOf(name: string, terminal: Terminal): Promise<(challenge: Challenge) => Uint8Array> {
  const key = await requestKeyIn(name, terminal);
  if ('public' in key)
    throw new CommandError('usage', '--request-key: a key of a TPM signs inside it, which assay tpm attest does');
  return ({ challenge }) => {
    try {
      return extraDataFor(key, challenge);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw new CommandError('usage', `--request-key: ${cause.message}`, [], cause);
    }
  };
}
