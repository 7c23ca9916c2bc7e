/** The `assay` command: from its arguments to an exit code. Nothing heavy is loaded before a command is known. */
import { type Command, CommanderError } from 'commander';
import { codeOf, type Ending, endingOf, exitCodes, wordsOf } from './exit.ts';
import { assay } from './program.ts';
import { printError, printJson, screenOf, type Terminal } from './ui.ts';

export { screenOf, type Terminal } from './ui.ts';

/**
 * Runs one command.
 * @param args without the names of Node and of the script
 * @returns the exit code; whatever is thrown inside becomes one, and lines on stderr
 */
export async function run(args: readonly string[], given: Terminal): Promise<number> {
  let ending: Ending = 'passed';
  let hasSpoken = false;
  const line = (text?: string): void => {
    hasSpoken = true;
    given.out.line(text);
  };
  const terminal: Terminal = { ...given, out: { ...given.out, line } };
  const program = assay(terminal, (reached) => {
    ending = reached;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCodes[ending];
  } catch (error) {
    if (error instanceof CommanderError) return wronglyCalled(error, commandOf(program, args), terminal);
    const reached = endingOf(error);
    const { message, hints } = wordsOf(error);
    // Scripts that asked for JSON get some, unless the command line itself was wrong.
    const isVerdict = reached === 'refused' || reached === 'unavailable';
    if (isVerdict && args.includes('--json') && !hasSpoken)
      printJson(terminal, { outcome: reached, error: { code: codeOf(error), message } });
    // What is wrong with a configuration or a policy is told in lines, as it was found.
    if (reached !== 'defect')
      printError(terminal, reached === 'usage' ? message.trimEnd().split(/\r?\n/) : message, hints);
    else
      printError(terminal, `this is a defect of assay: ${message}`, [
        'please report it with the command line',
        ...traceOf(error, terminal),
      ]);
    return exitCodes[reached];
  }
}

/** Help and version end here too: they are no errors. */
function wronglyCalled(error: CommanderError, command: string, terminal: Terminal): number {
  if (error.exitCode === 0) return exitCodes.passed;
  // Without any command the help has been shown already.
  if (error.code !== 'commander.help') {
    const [message = '', ...more] = error.message.replace(/^error: /, '').split('\n');
    const hints = more.map((line) => line.replace(/^\((.*)\)$/, '$1').trim()).filter((line) => line !== '');
    printError(terminal, message, [...hints, `${command} --help says what there is`]);
  }
  return exitCodes.usage;
}

/** As far as the words name commands: `assay collateral import`. */
function commandOf(program: Command, [word, ...more]: readonly string[]): string {
  const found = program.commands.find((one) => one.name() === word);
  return found ? `${program.name()} ${commandOf(found, more)}` : program.name();
}

const traceOf = (error: unknown, { env }: Terminal): readonly string[] =>
  env['ASSAY_TRACE'] && error instanceof Error && error.stack !== undefined
    ? error.stack.split('\n').slice(1, 8)
    : ['ASSAY_TRACE=1 in the environment shows where it happened'];

/** The process's own arguments, outputs and exit code. */
export async function main(): Promise<void> {
  const { env, stdout, stderr } = process;
  // A reader that has seen enough (`assay … | head`) is no reason for a stack trace.
  for (const stream of [stdout, stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      // A command that has something to clear away first listens for it as for other signals.
      if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(process.exitCode ?? exitCodes.passed);
    });
  process.exitCode = await run(process.argv.slice(2), {
    out: screenOf(stdout, env),
    err: screenOf(stderr, env),
    stdin: readStandardInput,
    env,
    now: () => new Date(),
  });
}

/** More than any evidence or token has; what is longer is refused where it is read. */
const longestInput = 32 * 1024 * 1024;

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestInput) break;
  }
  return new Uint8Array(Buffer.concat(chunks));
}
