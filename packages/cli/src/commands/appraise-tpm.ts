/** `assay appraise tpm`: a request of the TPM protocol judged here, offline, and no token at the end. */
import { basename } from 'node:path';
import {
  Appraisal,
  AttestError,
  aikFamily,
  appraise,
  type Bytes,
  type Claim,
  type Collateral,
  type Context,
  forgetful,
  type Json,
  Malformed,
  microsoftTpmRoot,
  type Need,
  requirePermit,
} from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import { compile, evaluate, type Program, type Ruling } from '@assay/core/policy';
import {
  parseLog,
  referenceBytes,
  referenceLimits,
  referenceLogs,
  type TpmSettings,
  tpmRequest,
  tpmSettings,
} from '@assay/core/tpm';
import { folderSource, withAikIssuers } from '@assay/server/collateral';
import { refuseOptions } from '../attest-options.ts';
import { CommandError, type Ending, endingOf } from '../exit.ts';
import { momentOf, momentText, readInput, requireFolder } from '../input.ts';
import { rootCertificatesIn, rootsIn } from '../pem.ts';
import { warnOfSkipped } from '../skipped.ts';
import { requestIn } from '../tpm/request-file.ts';
import { printWarning, type Terminal, waitingFor } from '../ui.ts';
import { policyRow, printVerdict, type Verdict } from '../verdict.ts';
import type { AppraiseOptions, EvidenceOptions } from './appraise.ts';

export async function appraiseTpmCommand(file: string, options: AppraiseOptions, terminal: Terminal): Promise<Ending> {
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  const one = await caseOf(file, options, at, terminal);
  if (options.at !== undefined) printWarning(terminal, `everything is judged as of ${momentText(at)}, not now (--at)`);
  if (one.roots.length > 0)
    printWarning(
      terminal,
      `${(options.anchor ?? []).join(', ')} is believed beside Microsoft’s root (--anchor): a service does so for tpm.roots`,
    );
  printWarning(terminal, 'nobody here gave the challenge that the request answers: it may be an old one');
  const verdict = await waitingFor(terminal, 'the verdict', judge(one, terminal));
  printVerdict(terminal, verdict, options);
  return verdict.error ? endingOf(verdict.error) : 'passed';
}

/** The verdict on a request, for other commands. */
export async function appraisedRequest(file: string, options: CaseOptions, terminal: Terminal): Promise<Verdict> {
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  return waitingFor(terminal, 'the verdict', judge(await caseOf(file, options, at, terminal), terminal));
}

type CaseOptions = Partial<EvidenceOptions> & Pick<AppraiseOptions, 'collateral'>;

/** Everything that the command line names, read; mistakes in it are found before any work. */
async function caseOf(file: string, options: CaseOptions, at: Date, terminal: Terminal): Promise<Case> {
  refuseOptions('quoted', options, 'is for quotes of SGX and TDX');
  await requireFolder(options.collateral);
  const read = (name: string): Promise<Bytes> => readInput(terminal, name);
  const program = options.policy === undefined ? undefined : programIn(await read(options.policy), options.policy);
  const anchors = await Promise.all((options.anchor ?? []).map(async (name) => [await read(name), name] as const));
  const evidence = requestIn(await read(file));
  const { referenceLog: name } = options;
  const known = name === undefined ? new Map() : referenceIn(await read(name), name);
  return {
    evidence,
    program,
    roots: anchors.flatMap(([pem, of]) => rootsIn(pem, of)),
    certificates: anchors.flatMap(([pem, of]) => rootCertificatesIn(pem, of)),
    folder: options.collateral,
    known,
    at,
  };
}

interface Case {
  readonly evidence: Bytes;
  readonly program: Program | undefined;
  readonly roots: readonly Bytes[];
  /** Of the roots, those that are there as certificates. */
  readonly certificates: readonly Bytes[];
  /** The folder of collateral. */
  readonly folder: string;
  /** Collateral that was handed in beside it. */
  readonly known: Collateral;
  readonly at: Date;
}

async function judge(one: Case, terminal: Terminal): Promise<Verdict> {
  const { evidence, program, roots, certificates, folder, known, at } = one;
  const held = folderSource(folder, {
    clock: () => performance.now(),
    skipped: (one) => warnOfSkipped(terminal, one),
  });
  const appraisal: Appraisal = new Appraisal();
  const context: Context<TpmSettings> = {
    at,
    settings: program ? configured(program) : tpmSettings.defaults,
    anchors: {
      id: 'command line',
      of: (family) => (family === aikFamily ? [microsoftTpmRoot, ...roots] : []),
    },
    appraisal,
    memo: forgetful,
  };
  let claims: readonly Claim[] = [];
  let ruling: Ruling | undefined;
  let error: AttestError | undefined;
  try {
    const submission = { evidence, kept: true } as const;
    const source = withAikIssuers(held, [], certificates);
    const doors = {
      collateral: async (needs: readonly Need[]) => new Map([...(await source.collateral(needs, at)), ...known]),
    };
    const { facts, demands } = await appraise(tpmRequest, submission, doors, context);
    claims = tpmRequest.claims(facts, context);
    appraisal.demand(demands);
    if (program) {
      ruling = evaluate(program, claims);
      requirePermit(ruling, appraisal);
    }
  } catch (thrown) {
    if (!(thrown instanceof AttestError)) throw thrown;
    error = thrown;
  }
  return {
    kind: 'tpm',
    at,
    appraisal: appraisal.root,
    incoming: claims.filter(({ to }) => to !== 'token'),
    claims: claims.filter(({ to }) => to !== 'policy'),
    summary: summary(claims, ruling),
    ...(ruling && { ruling }),
    ...(error && { error }),
  };
}

/** What a person looks for first; nothing where the evidence was refused before there were facts. */
function summary(claims: readonly Claim[], ruling: Ruling | undefined): NonNullable<Verdict['summary']> {
  if (claims.length === 0) return [];
  const claimed = (name: string): Json | undefined => claims.find((one) => one.name === name)?.value;
  const listed = (name: string): string => [claimed(name) ?? []].flat().join(', ') || 'none';
  return [
    ['Secure Boot', String(claimed('x-assay-tpm-secure-boot'))],
    ['command line', String(claimed('x-assay-tpm-command-line') ?? 'not told')],
    ['attestation key', String(claimed('x-assay-tpm-aik'))],
    ['PCRs quoted', `${listed('x-assay-tpm-quoted-pcrs')} (${String(claimed('x-assay-tpm-bank'))})`],
    ['of these unexplained', listed('x-assay-tpm-unexplained-pcrs')],
    ['policy', policyRow(ruling)],
  ];
}

/** @throws {CommandError} for a file that is no log, or too long to be one that a service stores */
function referenceIn(log: Bytes, name: string): Collateral {
  if (log.length > referenceLimits.bytes)
    throw new CommandError('usage', `${name} has ${log.length} bytes, at most ${referenceLimits.bytes} are compared`);
  try {
    parseLog(log);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `the reference log ${name} does not read: ${cause.message}`, [], cause);
  }
  return new Map([[referenceLogs.name, referenceBytes([{ label: basename(name), log }])]]);
}

function programIn(file: Bytes, name: string): Program {
  try {
    return compile(fromUtf8(file, name), { type: 'Tpm' });
  } catch (cause) {
    if (!(cause instanceof AttestError || cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `the policy ${name} is wrong: ${cause.message}`, [], cause);
  }
}

/** As the service has it: bit i is PCR i. @throws {CommandError} usage */
function maskOf(mask: Json): number {
  const number = typeof mask === 'bigint' || typeof mask === 'number' ? Number(mask) : Number.NaN;
  if (Number.isInteger(number) && number >= 0 && number <= 0xff_ffff) return number;
  throw new CommandError('usage', `the policy sets required_pcr_mask to ${String(mask)}, expected 0 to ${0xff_ffff}`);
}

/** The baseline's settings as the policy's configuration rules want them. */
function configured({ properties }: Program): TpmSettings {
  const { require_valid_aik_cert: aik, required_pcr_mask: mask } = properties as {
    readonly require_valid_aik_cert?: Json;
    readonly required_pcr_mask?: Json;
  };
  return {
    ...tpmSettings.defaults,
    ...(typeof aik === 'boolean' && { requireValidAik: aik }),
    ...(mask !== undefined && { requiredPcrMask: maskOf(mask) }),
  };
}
