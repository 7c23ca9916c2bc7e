/**
 * `assay serve`: the service, until it is told to stop. Every setting of its configuration is a flag here; the list of
 * them is the service's own, so that none can be missing.
 */
import {
  foreignVariables,
  loadConfig,
  printConfig,
  type Ready,
  serveUntilStopped,
  serveWorkersUntilStopped,
  settings,
} from '@assay/server';
import { Command, Option } from 'commander';
import type { Ending } from '../exit.ts';
import { printTable } from '../table.ts';
import { helpWidth, printWarning, type Terminal } from '../ui.ts';

interface Given {
  readonly file?: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly printConfig: boolean;
  readonly json: boolean;
}

export async function serveCommand(args: readonly string[], terminal: Terminal): Promise<Ending> {
  const given = parse(args, terminal);
  const { env } = terminal;
  const config = loadConfig({ env, flags: given.flags, ...(given.file !== undefined && { file: given.file }) });
  if (given.printConfig) {
    terminal.out.line(printConfig(config));
    return 'passed';
  }
  for (const name of foreignVariables(env))
    if (name !== 'ASSAY_TRACE') printWarning(terminal, `the variable ${name} is not a setting`);
  const started = (served: Ready): void => {
    if (!given.json) greet(served, config.data.folder, terminal);
  };
  await (config.workers === 1 ? serveUntilStopped(config, started) : serveWorkersUntilStopped(config, started));
  return 'passed';
}

function parse(args: readonly string[], { out, err }: Terminal): Given {
  const command = new Command('assay serve')
    .description(
      'Run the attestation service until SIGTERM or SIGINT. Its log goes to standard output, one JSON text a line.',
    )
    .helpOption('-h, --help', 'say what there is')
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({ styleTitle: (title) => out.paint.bold(title) })
    .configureOutput({
      writeOut: (text) => out.line(text.replace(/\n$/, '')),
      writeErr: (text) => err.line(text.replace(/\n$/, '')),
      outputError: () => {},
      getOutHelpWidth: () => helpWidth(out),
      getErrHelpWidth: () => helpWidth(err),
    })
    .option('--config <file>', 'settings in YAML or JSON; variables and flags win over it')
    .option('--print-config', 'print the settings in force, secrets masked, and stop')
    .option('--json', 'no greeting: nothing but the log');
  const known = settings().map((setting) => {
    const [section = ''] = setting.path.split('.');
    const standard = setting.default === undefined ? '' : ` (default: ${JSON.stringify(setting.default)})`;
    // A switch may stand alone.
    const value = typeof setting.default === 'boolean' ? '[value]' : '<value>';
    const option = new Option(`--${setting.flag} ${value}`, `${setting.description}${standard}`);
    option.helpGroup(groups[section] ?? 'Settings:');
    command.addOption(option);
    return { flag: setting.flag, name: option.attributeName() };
  });
  command.parse([...args], { from: 'user' });
  const options = command.opts<Record<string, unknown>>();
  const file = options['config'];
  return {
    ...(typeof file === 'string' && { file }),
    flags: Object.fromEntries(
      known.filter(({ name }) => options[name] !== undefined).map(({ flag, name }) => [flag, String(options[name])]),
    ),
    printConfig: options['printConfig'] === true,
    json: options['json'] === true,
  };
}

/** Sections of settings that few need, as help calls them. */
const groups: { readonly [section: string]: string } = {
  tls: 'TLS:',
  limits: 'Limits:',
  memory: 'Memory:',
  insecure: 'Insecure, never in production:',
};

/** What a person wants to know first; the log says the same for machines. */
function greet({ url, issuer, authority, insecure, warnings }: Ready, folder: string, terminal: Terminal): void {
  const { err } = terminal;
  err.line(`${err.paint.green(err.glyphs.passed)} ${err.paint.bold('serving')} ${url}`);
  const rows = [
    ['issuer', issuer],
    ...(authority === undefined ? [] : [['development CA', `${authority} (clients: --ca)`]]),
    ['data', folder],
  ];
  printTable(
    err,
    rows.map(([name = '', value = '']) => [{ text: name, paint: err.paint.dim }, value]),
    { indent: 2 },
  );
  for (const warning of warnings) printWarning(terminal, warning);
  for (const name of insecure) printWarning(terminal, `insecure setting in force: ${name}. Tokens and /readyz say so`);
}
