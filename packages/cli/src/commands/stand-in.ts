/**
 * `assay forge pcs`: a stand-in for Intel's collateral service on this machine, for a simulated platform whose quotes are
 * written beside it. With its faults it shows what a client does when the real service misbehaves.
 */
import { join } from 'node:path';
import { reasonOf } from '@assay/core';
import { type ForgedIntel, forgeIntel } from '@assay/core/testing';
import {
  type Changes,
  faults,
  isFault,
  publishing,
  type Speaks,
  serveStandIn,
  tcbInfoVersion2,
} from '@assay/server/testing';
import { CommandError, type Ending } from '../exit.ts';
import { momentOf } from '../input.ts';
import { writeFolder } from '../output.ts';
import { printTable } from '../table.ts';
import { printJson, printWarning, type Terminal } from '../ui.ts';
import { type ForgeOptions, labels, platformOf, quoteOf } from './forge.ts';

interface StandInOptions extends ForgeOptions {
  readonly port: string;
  readonly host: string;
  readonly speaks: Speaks;
  readonly fault?: string;
}

const day = 86_400_000;
/** The evaluation that is served as the standard one. */
const evaluation = 17;

export async function standInCommand(options: StandInOptions, terminal: Terminal): Promise<Ending> {
  const { out, err } = terminal;
  if (options.fault === 'list') {
    for (const name of Object.keys(faults)) out.line(name);
    return 'passed';
  }
  const { fault } = options;
  if (fault !== undefined && !isFault(fault))
    throw new CommandError('usage', `--fault takes the name of a fault, not «${fault}»`, ['--fault list names them']);
  const worlds = worldsOf(options, terminal);
  const world = worlds({ evaluation });
  await writeFolder(
    options.to,
    new Map([
      ['quote.bin', await quoteOf(world, 'sgx', options, terminal)],
      ['td-quote.bin', await quoteOf(world, 'tdx', options, terminal)],
      ...labels(world),
    ]),
  );

  const port = portOf(options.port);
  const standIn = await serveStandIn({
    answer: publishing({ worlds, speaks: options.speaks, evaluation }),
    host: options.host,
    port,
  }).catch((cause: unknown) => {
    throw new CommandError('usage', `it cannot listen on ${options.host}, port ${port}: ${reasonOf(cause)}`, [], cause);
  });
  standIn.misbehave(fault);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  printWarning(terminal, 'this collateral is simulated: nothing but a development root vouches for it');
  const [quote, anchor] = [join(options.to, 'quote.bin'), join(options.to, 'development-root.pem')];
  const { url } = standIn;
  if (options.json) printJson(terminal, { url, speaks: options.speaks, fault: fault ?? null, quote, anchor });
  else {
    printTable(
      out,
      Object.entries({ url, speaks: options.speaks, ...(fault !== undefined && { fault }), quote, anchor }).map(
        ([name, value]) => [{ text: name, paint: out.paint.dim }, value],
      ),
    );
    const kind = options.speaks.replace(/-.*/, '');
    out.line();
    out.line(
      out.paint.dim(
        `assay collateral fetch --for ${quote} --from ${url} --kind ${kind} --anchor ${anchor} --to collateral`,
      ),
    );
  }
  await stopped;
  err.line(err.paint.dim(`${standIn.asked.length} questions answered`));
  await standIn.close();
  return 'passed';
}

/** The same world for the same question, issued anew each day. */
function worldsOf(options: StandInOptions, terminal: Terminal): (changes: Changes) => ForgedIntel {
  const made = new Map<string, ForgedIntel>();
  const platform = platformOf(options);
  const fixed = options.at === undefined ? undefined : momentOf(options.at, '--at').getTime();
  return ({ isVersion2, isStale, isForeign, isSignerRevoked, isSignerEnded, ...same }) => {
    const today = fixed ?? Math.floor(terminal.now().getTime() / day) * day;
    const key = JSON.stringify([today, isVersion2, isStale, isForeign, isSignerRevoked, isSignerEnded, same]);
    const world =
      made.get(key) ??
      forgeIntel({
        ...platform,
        at: new Date(isStale ? today - 90 * day : today),
        // The serial that forged signers have.
        ...(isSignerRevoked && { crls: { root: { revoked: [{ serial: 4, at: today }] } } }),
        ...(isSignerEnded && { certificates: { signer: { notAfter: today - day } } }),
        ...(isVersion2 && { tcbInfo: tcbInfoVersion2 }),
        ...same,
        ...(isForeign && { seed: `${options.seed}, a stranger` }),
      });
    // Whoever asks for all platforms there are must not fill the memory.
    if (made.size >= mostWorlds) made.clear();
    made.set(key, world);
    return world;
  };
}

const mostWorlds = 256;

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new CommandError('usage', `--port takes a number up to 65535, not «${text}»`);
}
