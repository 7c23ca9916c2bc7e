/** `assay appraise`: the service's own pipeline in this process, offline, and no token at the end. */
import {
  Appraisal,
  AttestError,
  appraise,
  type Bound,
  type Bytes,
  type Collateral,
  type Context,
  forgetful,
  intelRoot,
  type Need,
  requirePermit,
  type Submission,
} from '@assay/core';
import {
  acceptableStatuses,
  oeReport,
  type QuoteFacts,
  type QuoteSettings,
  quoteSettings,
  sgxQuote,
  tdQuote,
} from '@assay/core/intel';
import { evaluate, type Program, type Ruling } from '@assay/core/policy';
import { folderSource } from '@assay/server/collateral';
import { refuseOptions } from '../attest-options.ts';
import { CommandError, type Ending, endingOf } from '../exit.ts';
import { evidenceBytes, momentOf, momentText, readInput, requireFolder } from '../input.ts';
import { certificatesIn, rootsIn } from '../pem.ts';
import { compiledPolicy } from '../policy.ts';
import { warnOfSkipped } from '../skipped.ts';
import { printWarning, type Terminal, waitingFor } from '../ui.ts';
import { printVerdict, type Verdict } from '../verdict.ts';

export interface AppraiseOptions {
  readonly collateral: string;
  readonly at?: string;
  readonly runtimeData?: string;
  readonly runtimeDataType: Bound['kind'];
  readonly initData?: string;
  readonly initDataType: Bound['kind'];
  readonly policy?: string;
  readonly accept?: readonly string[];
  readonly azureBaseline?: true;
  readonly minimumEvaluation?: string;
  readonly anchor?: readonly string[];
  readonly pckChain?: string;
  readonly referenceLog?: string;
  readonly json?: true;
}

/** The three formats, and the attestation type whose policies judge them. */
const formats: { readonly [kind in Kind]: { readonly verifier: typeof sgxQuote; readonly type: string } } = {
  sgx: { verifier: sgxQuote, type: 'SgxEnclave' },
  openenclave: { verifier: oeReport, type: 'OpenEnclave' },
  tdx: { verifier: tdQuote, type: 'TdxVm' },
};
type Kind = 'sgx' | 'openenclave' | 'tdx';

export async function appraiseCommand(
  kind: Kind,
  file: string,
  options: AppraiseOptions,
  terminal: Terminal,
): Promise<Ending> {
  refuseOptions('booted', options, 'is for evidence of a TPM');
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  await requireFolder(options.collateral);
  const input = await inputOf(kind, file, options, terminal);
  if (options.at !== undefined) printWarning(terminal, `everything is judged as of ${momentText(at)}, not now (--at)`);
  if (input.roots.length > 0)
    printWarning(
      terminal,
      `${(options.anchor ?? []).join(', ')} is believed beside Intel’s root (--anchor): no production service would`,
    );

  const verdict = await waitingFor(terminal, 'the verdict', judge(kind, input, options.collateral, at, terminal));
  printVerdict(terminal, verdict, options);
  return verdict.error ? endingOf(verdict.error) : 'passed';
}

/** What of these options is about evidence. */
export type EvidenceOptions = Omit<AppraiseOptions, 'json'>;

/**
 * The verdict on evidence of an attestation type, for other commands.
 * @throws {CommandError} usage for types whose evidence is not judged here
 */
export async function appraised(
  type: string,
  file: string,
  options: Partial<EvidenceOptions>,
  terminal: Terminal,
): Promise<Verdict> {
  const kind = (Object.keys(formats) as Kind[]).find((name) => formats[name].type === type);
  const { collateral, runtimeDataType = 'Binary', initDataType = 'Binary' } = options;
  if (!kind && type !== 'Tpm')
    throw new CommandError('usage', `evidence of type ${type} is not judged here`, [
      `there are ${[...Object.values(formats).map((format) => format.type), 'Tpm'].join(', ')}`,
    ]);
  if (collateral === undefined) throw new CommandError('usage', '--evidence needs --collateral FOLDER');
  if (!kind) return (await import('./appraise-tpm.ts')).appraisedRequest(file, { ...options, collateral }, terminal);
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  await requireFolder(collateral);
  const input = await inputOf(kind, file, { ...options, collateral, runtimeDataType, initDataType }, terminal);
  return waitingFor(terminal, 'the verdict', judge(kind, input, collateral, at, terminal));
}

interface Input {
  /** Decodes it: text that spells no bytes is refused like any evidence. */
  readonly evidence: () => Bytes;
  readonly submission: Omit<Submission, 'evidence'>;
  readonly settings: QuoteSettings;
  readonly program: Program | undefined;
  /** SubjectPublicKeyInfo of development roots. */
  readonly roots: readonly Bytes[];
}

/** Everything that the command line names, read; mistakes in it are found before any work. */
async function inputOf(kind: Kind, file: string, options: AppraiseOptions, terminal: Terminal): Promise<Input> {
  const read = (name: string): Promise<Bytes> => readInput(terminal, name);
  const bound = async (name: string | undefined, type: Bound['kind']): Promise<Bound | undefined> =>
    name === undefined ? undefined : { bytes: await read(name), kind: type };
  const asked = settingsOf(options);
  const policy =
    options.policy === undefined
      ? undefined
      : compiledPolicy(await read(options.policy), options.policy, formats[kind].type, asked);
  const runtime = await bound(options.runtimeData, options.runtimeDataType);
  const init = await bound(options.initData, options.initDataType);
  const roots = await Promise.all((options.anchor ?? []).map(async (name) => rootsIn(await read(name), name)));
  const certificates =
    options.pckChain === undefined ? [] : certificatesIn(await read(options.pckChain), options.pckChain);
  const written = await read(file);
  return {
    evidence: () => evidenceBytes(written, file),
    submission: {
      certificates,
      ...(runtime && { runtime }),
      ...(init && { init }),
    },
    settings: policy?.settings ?? asked,
    program: policy?.program,
    roots: roots.flat(),
  };
}

function settingsOf({ accept, azureBaseline, minimumEvaluation }: AppraiseOptions): QuoteSettings {
  const statuses = accept
    ?.flatMap((list) => list.split(','))
    .map((given) => {
      const status = acceptableStatuses.find((one) => one.toLowerCase() === given.trim().toLowerCase());
      if (!status)
        throw new CommandError('usage', `--accept takes TCB statuses, not «${given}»`, [
          `there are ${acceptableStatuses.join(', ')}`,
        ]);
      return status;
    });
  if (minimumEvaluation !== undefined && !/^\d{1,5}$/.test(minimumEvaluation))
    throw new CommandError('usage', `--minimum-evaluation takes a number, not «${minimumEvaluation}»`);
  return {
    ...quoteSettings.defaults,
    ...(statuses && { acceptedTcbStatuses: statuses }),
    ...(azureBaseline && { collateral: 'azure-baseline' }),
    ...(minimumEvaluation !== undefined && { minimumTcbEvaluation: Number(minimumEvaluation) }),
  };
}

async function judge(
  kind: Kind,
  { evidence, submission, settings, program, roots }: Input,
  folder: string,
  at: Date,
  terminal: Terminal,
): Promise<Verdict> {
  const { verifier } = formats[kind];
  const source = folderSource(folder, {
    clock: () => performance.now(),
    skipped: (one) => warnOfSkipped(terminal, one),
  });
  const appraisal: Appraisal = new Appraisal();
  const keys = [intelRoot, ...roots];
  const anchors = { id: 'command line', of: (family: string) => (family === 'intel' ? keys : []) };
  const context: Context<QuoteSettings> = { at, settings, anchors, appraisal, memo: forgetful };
  let facts: QuoteFacts | undefined;
  let ruling: Ruling | undefined;
  let error: AttestError | undefined;
  try {
    const certificates = [...(submission.certificates ?? []), ...(await source.certificates())];
    const collateral = (needs: readonly Need[]): Promise<Collateral> => source.collateral(needs, at);
    const appraised = await appraise(
      verifier,
      { ...submission, evidence: evidence(), certificates },
      { collateral },
      context,
    );
    facts = appraised.facts;
    appraisal.demand(appraised.demands);
    if (program) {
      ruling = evaluate(program, verifier.claims(facts, context));
      requirePermit(ruling, appraisal);
    }
  } catch (thrown) {
    if (!(thrown instanceof AttestError)) throw thrown;
    error = thrown;
  }
  return {
    kind,
    at,
    appraisal: appraisal.root,
    incoming: facts ? verifier.claims(facts, context).filter(({ to }) => to !== 'token') : [],
    claims: facts ? verifier.claims(facts, context).filter(({ to }) => to !== 'policy') : [],
    ...(facts && { facts }),
    ...(ruling && { ruling }),
    ...(error && { error }),
  };
}
