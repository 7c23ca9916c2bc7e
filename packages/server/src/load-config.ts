/** Settings out of a file, the environment and flags: joined, checked against the one schema, printed. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { parseDocument } from 'yaml';
import { isAddressRange } from './client.ts';
import { type Config, Configuration } from './config.ts';
import { collateralFolderOf, publicUrlOf } from './follows.ts';
import { misconfigured } from './misconfigured.ts';
import { mistakes, strange } from './mistakes.ts';
import { nearest } from './nearest.ts';
import { fromText, type Setting, settingsOf } from './settings.ts';
import { at, isTree, put, type Tree } from './tree.ts';

/** Every setting, in the order of the schema. */
export const settings = (): readonly Setting[] => settingsOf(Configuration);

/** Where settings come from; later ones win. */
export interface Sources {
  /** YAML or JSON. Paths in it are relative to its folder, all others to the working directory. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values by flag, without the dashes: `listen-port`. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads, joins and checks settings.
 * @returns them with all defaults, file paths absolute
 * @throws {AttestError} ConfigurationInvalid, naming every mistake
 */
export function loadConfig({ file, env = {}, flags = {} }: Sources = {}): Config {
  const tree = file === undefined ? {} : readTree(file);
  const folder = file === undefined ? process.cwd() : dirname(resolve(file));
  for (const { path, absolute } of settings()) {
    const value = at(tree, path);
    if (value !== undefined) put(tree, path, absolute(value, folder));
  }
  const given = [...named(env, 'env'), ...named(flags, 'flag')];
  for (const [setting, text] of given) put(tree, setting.path, fromText(setting, text));
  return check(tree);
}

/** The settings among variables or flags. */
function named(values: Readonly<Record<string, string | undefined>>, by: 'env' | 'flag'): [Setting, string][] {
  const known = new Map(settings().map((setting) => [setting[by], setting]));
  const sections = Object.keys(Configuration.properties).map((name) => `ASSAY_${name.toUpperCase()}_`);
  return Object.entries(values).flatMap(([name, text]): [Setting, string][] => {
    const setting = known.get(name);
    if (setting) return text === undefined ? [] : [[setting, text]];
    // Orchestrators add variables of their own for a service called assay (ASSAY_SERVICE_HOST): only our sections count.
    if (by === 'env' && !sections.some((start) => name.startsWith(start))) return [];
    const path = name.replace(/^ASSAY_/, '').replace(/[_-]/, '.');
    const meant = nearest(
      path,
      settings().map((one) => one.path),
    );
    const near = settings().find((one) => one.path === meant)?.[by];
    const spelt = (text: string): string => (by === 'env' ? text : `--${text}`);
    throw misconfigured(
      `The ${by === 'env' ? 'variable' : 'flag'} ${strange(spelt(name), near === undefined ? near : spelt(near))}`,
    );
  });
}

/** Variables that look like settings and belong to no section: perhaps misspelt, perhaps another's. */
export const foreignVariables = (env: Readonly<Record<string, string | undefined>>): readonly string[] => {
  const sections = Object.keys(Configuration.properties).map((name) => `ASSAY_${name.toUpperCase()}_`);
  return Object.keys(env).filter(
    (name) => name.startsWith('ASSAY_') && !sections.some((start) => name.startsWith(start)),
  );
};

function check(tree: Tree): Config {
  const filled = Value.Default(Configuration, tree) as Tree;
  const wrong = mistakes(Configuration, filled);
  if (wrong.length > 0) throw misconfigured(`The configuration is wrong:\n${wrong.join('\n')}`);
  for (const { path, absolute } of settings()) {
    const value = at(filled, path);
    if (value !== undefined) put(filled, path, absolute(value, process.cwd()));
  }
  const config = filled as Config;
  if ((config.tls.certificate === undefined) !== (config.tls.key === undefined))
    throw misconfigured('tls.certificate and tls.key go together: set both or neither');
  for (const proxy of config.listen.trustedProxies)
    if (!isAddressRange(proxy))
      throw misconfigured(`listen.trustedProxies names ${proxy}, expected an address or a range such as 10.0.0.0/8`);
  if (config.tls.terminated && !config.provider.publicUrl?.startsWith('https://'))
    throw misconfigured('tls.terminated says that a proxy has TLS: provider.publicUrl must say its https address');
  return config;
}

/** The settings in force, for people: JSON with secrets masked, and with what follows from other settings. */
export function printConfig(config: Config): string {
  const { provider, collateral } = config;
  const shown: Tree = structuredClone({
    ...config,
    // Port 0 becomes a free one when the service starts, and nobody knows yet which.
    ...(config.listen.port !== 0 && { provider: { ...provider, publicUrl: publicUrlOf(config) } }),
    collateral: { ...collateral, folder: collateralFolderOf(config) },
  });
  for (const { path, secret } of settings()) if (secret && at(shown, path) !== undefined) put(shown, path, '********');
  return JSON.stringify(shown, null, 2);
}

function readTree(path: string): Tree {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw misconfigured(`The configuration file ${path} cannot be read`, cause);
  }
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem) throw misconfigured(`The configuration file ${path} is not YAML: ${problem.message}`);
  const value: unknown = document.toJS({ maxAliasCount: 0 }) ?? {};
  if (!isTree(value)) throw misconfigured(`The configuration file ${path} holds no settings`);
  return value;
}
