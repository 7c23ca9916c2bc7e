/**
 * `assay forge`: evidence of a platform that does not exist, and the collateral to judge it by, under a development root
 * whose private key everybody has. For trying things out without the hardware; the label says so in the folder itself.
 */
import { join } from 'node:path';
import { toPem, utf8 } from '@assay/core';
import { encode, u32le, u64le } from '@assay/core/bytes';
import { type ForgedIntel, forgeIntel, type World } from '@assay/core/testing';
import { CommandError, type Ending } from '../exit.ts';
import { momentOf, momentText, readInput } from '../input.ts';
import { writeFolder } from '../output.ts';
import { printTable } from '../table.ts';
import { printJson, printWarning, type Terminal } from '../ui.ts';

export interface ForgeOptions {
  readonly to: string;
  readonly seed: string;
  readonly at?: string;
  readonly runtimeData?: string;
  readonly status: string;
  readonly debug?: true;
  readonly fmspc?: string;
  readonly json?: true;
}

const statuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const satisfies readonly World['status'][];

export async function forgeCommand(
  kind: 'sgx' | 'openenclave' | 'tdx',
  options: ForgeOptions,
  terminal: Terminal,
): Promise<Ending> {
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  const world = forgeIntel({ at, ...platformOf(options) });
  const quote = await quoteOf(world, kind === 'tdx' ? 'tdx' : 'sgx', options, terminal);
  const evidence =
    kind === 'openenclave'
      ? { name: 'report.bin', bytes: openEnclaveReport(quote) }
      : { name: 'quote.bin', bytes: quote };
  const files = new Map([[evidence.name, evidence.bytes], ...labels(world), ...collateralFiles(world)]);
  await writeFolder(options.to, files);

  const paths = {
    evidence: join(options.to, evidence.name),
    collateral: join(options.to, 'collateral'),
    anchor: join(options.to, 'development-root.pem'),
  };
  printWarning(terminal, 'this evidence is simulated: nothing but a development root vouches for it');
  if (options.json) {
    printJson(terminal, { simulated: true, kind, at: momentText(at), ...paths, files: [...files.keys()] });
    return 'passed';
  }
  const { out } = terminal;
  printTable(
    out,
    Object.entries(paths).map(([name, path]) => [{ text: name, paint: out.paint.dim }, path]),
  );
  out.line();
  out.line(
    out.paint.dim(`assay appraise ${kind} ${paths.evidence} --collateral ${paths.collateral} --anchor ${paths.anchor}`),
  );
  return 'passed';
}

/** The platform that the options ask for. */
export const platformOf = ({ seed, status, fmspc }: ForgeOptions): Omit<World, 'at'> => ({
  seed,
  status: statusOf(status),
  ...(fmspc !== undefined && { fmspc: fmspcOf(fmspc) }),
});

export async function quoteOf(
  world: ForgedIntel,
  tee: 'sgx' | 'tdx',
  { runtimeData: name, debug }: ForgeOptions,
  terminal: Terminal,
): Promise<Uint8Array> {
  const runtimeData = name === undefined ? undefined : await readInput(terminal, name);
  return world.quote({
    tee,
    ...(runtimeData && { runtimeData }),
    ...(debug && { report: tee === 'tdx' ? { tdAttributes: debugTd } : { attributes: debugEnclave } }),
  });
}

/** What stands beside everything simulated: the root to believe, and why not to. */
export const labels = ({
  certificates,
}: {
  readonly certificates: { readonly root: Uint8Array };
}): readonly (readonly [string, Uint8Array])[] => [
  ['development-root.pem', utf8(toPem('CERTIFICATE', certificates.root))],
  ['README', utf8(label)],
];

const label = `Simulated evidence and collateral, made by «assay forge».

The platform does not exist, and the root certificate (development-root.pem) belongs to nobody: its private key follows from the
seed. A service that believes this root believes anything. Never put it in force in production.
`;

/** ATTRIBUTES of an enclave that a debugger can read: INIT, DEBUG, MODE64BIT. */
const debugEnclave = Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0x07 : 0));
/** TDATTRIBUTES of such a TD: DEBUG and SEPT_VE_DISABLE. */
const debugTd = Uint8Array.from({ length: 8 }, (_, i) => (i === 0 ? 0x01 : i === 3 ? 0x10 : 0));

/** OpenEnclave's header, version 1, remote, before a quote. */
const openEnclaveReport = (quote: Uint8Array): Uint8Array =>
  new Uint8Array(Buffer.concat([encode(u32le, 1), encode(u32le, 2), encode(u64le, BigInt(quote.length)), quote]));

/** Every piece of collateral in a file of its own; issuers are certificates like all others. */
export const collateralFiles = ({
  collateral,
}: Pick<ForgedIntel, 'collateral'>): readonly (readonly [string, Uint8Array])[] =>
  [...collateral].map(([name, bytes]) => {
    const ending = name.endsWith('-issuers') ? 'pem' : name.includes('/crl-') ? 'crl' : 'json';
    return [join('collateral', `${name}.${ending}`), bytes] as const;
  });

function statusOf(given: string): (typeof statuses)[number] {
  const status = statuses.find((one) => one.toLowerCase() === given.toLowerCase());
  if (!status)
    throw new CommandError('usage', `--status takes a TCB status, not «${given}»`, [
      `there are ${statuses.join(', ')}`,
    ]);
  return status;
}

function fmspcOf(given: string): string {
  if (!/^[0-9a-fA-F]{12}$/.test(given))
    throw new CommandError('usage', `--fmspc takes 12 hexadecimal digits, not «${given}»`);
  return given.toLowerCase();
}
