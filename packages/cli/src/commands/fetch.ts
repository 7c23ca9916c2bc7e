/**
 * `assay collateral fetch`: all that it takes to judge a platform's quotes, out of the network into a folder, so that they
 * can be judged offline. What comes is vouched for as the service does it; the quote names the platform, never an address.
 */
import { Appraisal, type Bytes, type Context, forgetful, intelRoot, type NeedName } from '@assay/core';
import {
  decodeQuote,
  needsOf,
  oeReport,
  type QuoteSettings,
  quoteSettings,
  sgxQuote,
  tdQuote,
} from '@assay/core/intel';
import { type FetchEvent, fetchingFrom, type Protocol, remote, remoteOptions } from '@assay/server/collateral';
import { CommandError, type Ending } from '../exit.ts';
import { evidenceBytes, readInput } from '../input.ts';
import { rootsIn } from '../pem.ts';
import { type Cell, printTable } from '../table.ts';
import { printError, printJson, type Terminal, waitingFor } from '../ui.ts';

export interface FetchOptions {
  readonly for?: string;
  readonly fmspc?: string;
  readonly to: string;
  readonly from?: string;
  readonly kind: Protocol;
  readonly tee: 'sgx' | 'tdx';
  readonly update: string;
  readonly api: '3' | '4';
  readonly rootCrl?: string;
  readonly ca?: string;
  readonly proxy?: string;
  readonly anchor?: readonly string[];
  readonly json?: true;
}

export async function fetchCommand(options: FetchOptions, terminal: Terminal): Promise<Ending> {
  if (!/^(standard|early|\d{1,5})$/.test(options.update))
    throw new CommandError('usage', `--update takes standard, early or a number, not «${options.update}»`);
  if (options.kind === 'pccs' && options.from === undefined)
    throw new CommandError('usage', '--kind pccs needs --from: a caching service has the address that you gave it');
  const roots = await Promise.all(
    (options.anchor ?? []).map(async (name) => rootsIn(await readInput(terminal, name), name)),
  );
  const anchors = [intelRoot, ...roots.flat()];
  const names = await namesOf(options, anchors, terminal);

  const around = { folder: options.to, anchors, random: Math.random, now: terminal.now };
  const source = remote(remoteOptions(settingsOf(options), options.kind, { ...options, unknownSeconds: 0 }, around));
  const layers = fetchingFrom([{ kind: 'remote', remote: source }], { refreshHours: 24 }, around);
  const events: FetchEvent[] = [];
  layers.listen((event) => events.push(event));
  try {
    await waitingFor(terminal, `${options.kind} to answer`, layers.obtain(names));
  } finally {
    layers.close();
  }
  const held = new Map(layers.held().map((item) => [item.name as string, item.until]));
  const items = names.map((item) => ended(item, events, held.get(item)));
  const failures = [...items, ...events.filter(({ source: from }) => from === 'kept')].filter(
    ({ outcome }) => outcome === 'failed',
  );
  if (options.json) printJson(terminal, { to: options.to, source: options.kind, items, failures });
  else {
    print(items, terminal);
    const isAway = failures.some(({ reason }) => reason === 'unreachable');
    failures.forEach(({ item, reason, detail }, i) => {
      const isLast = i === failures.length - 1;
      printError(terminal, `${item}: ${detail} (${reason})`, isLast && isAway ? whereElse : []);
    });
    if (failures.length === 0 && options.for !== undefined)
      terminal.out.line(terminal.out.paint.dim(`assay appraise … ${options.for} --collateral ${options.to}`));
  }
  return failures.length === 0 ? 'passed' : 'unavailable';
}

/** Advice for machines without a way out. */
const whereElse = [
  '--proxy goes through a proxy, --from asks another source',
  'without a network: fetch on another machine, and carry the folder here',
];

/** What happened to one piece. */
interface Item extends Omit<FetchEvent, 'source'> {
  readonly until?: string;
}

function ended(item: NeedName, events: readonly FetchEvent[], until: number | undefined): Item {
  const event = events.find((one) => one.item === item && one.source !== 'kept');
  if (!event) return { item, outcome: 'failed', reason: 'unknown', detail: 'such a source does not have it' };
  const { source: _, ...rest } = event;
  return { ...rest, ...(until !== undefined && { until: new Date(until).toISOString().replace('.000Z', 'Z') }) };
}

function print(items: readonly Item[], { out }: Terminal): void {
  const { green, red, dim } = out.paint;
  const rows = items.map(({ item, outcome, until = '' }): readonly Cell[] => [
    outcome === 'failed' ? { text: out.glyphs.failed, paint: red } : { text: out.glyphs.passed, paint: green },
    item,
    outcome,
    { text: until === '' ? '' : `until ${until}`, paint: dim },
  ]);
  printTable(out, rows);
}

const settingsOf = ({ kind, from, api, rootCrl, ca, proxy }: FetchOptions) => ({
  kind,
  ...(from !== undefined && { url: from }),
  apiVersion: api === '3' ? (3 as const) : (4 as const),
  ...(rootCrl !== undefined && { rootCrl }),
  ...(ca !== undefined && { ca }),
  ...(proxy !== undefined && { proxy }),
});

/** What is needed: proven by a quote's own chain, or for a family as the command line says it. */
async function namesOf(options: FetchOptions, anchors: readonly Bytes[], terminal: Terminal): Promise<NeedName[]> {
  const { for: file, fmspc, tee } = options;
  if ((file === undefined) === (fmspc === undefined))
    throw new CommandError('usage', 'give either --for or --fmspc: one of them says which platform');
  if (fmspc !== undefined && !/^[0-9a-fA-F]{12}$/.test(fmspc))
    throw new CommandError('usage', `--fmspc takes 12 hexadecimal digits, not «${fmspc}»`);
  const needs =
    file === undefined
      ? // Either CA may have issued the certificates of a family.
        (['platform', 'processor'] as const).flatMap((ca) => needsOf(tee, (fmspc ?? '').toLowerCase(), ca, 0))
      : needsOfQuote(evidenceBytes(await readInput(terminal, file), file), anchors, terminal.now());
  const names = needs.map(({ name }) => name).filter((name) => !name.endsWith('-issuers'));
  return [...new Set(names)];
}

/** @throws {Refusal} unless the quote's own chain ends at a root in force */
function needsOfQuote(evidence: Bytes, anchors: readonly Bytes[], at: Date) {
  const verifier = isOpenEnclave(evidence) ? oeReport : decodeQuote(evidence).body.tee === 'tdx' ? tdQuote : sgxQuote;
  const context: Context<QuoteSettings> = {
    at,
    settings: quoteSettings.defaults,
    anchors: { id: 'command line', of: (family) => (family === 'intel' ? anchors : []) },
    appraisal: new Appraisal(),
    memo: forgetful,
  };
  return verifier.anchor(verifier.decode({ evidence }, context), context).needs;
}

/** OpenEnclave's header before a quote: version 1, kind 2. */
const isOpenEnclave = (evidence: Bytes): boolean => [1, 0, 0, 0, 2, 0, 0, 0].every((byte, i) => evidence[i] === byte);
