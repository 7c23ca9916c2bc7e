/** `assay appraise tpm`: a request of the TPM protocol judged here, offline, and no token at the end. */
import {
  Appraisal,
  AttestError,
  aikFamily,
  appraise,
  attestChecks,
  type Bytes,
  type Claim,
  type Context,
  forgetful,
  type Json,
  Malformed,
  microsoftTpmRoot,
} from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import { compile, evaluate, type Program, type Ruling } from '@assay/core/policy';
import { readRequest, type TpmSettings, tpmRequest, tpmSettings } from '@assay/core/tpm';
import { folderSource, withAikIssuers } from '@assay/server/collateral';
import { CommandError, type Ending, endingOf } from '../exit.ts';
import { momentOf, momentText, readInput, requireFolder } from '../input.ts';
import { rootsIn } from '../pem.ts';
import { warnOfSkipped } from '../skipped.ts';
import { requestIn } from '../tpm/request-file.ts';
import { printWarning, type Terminal, waitingFor } from '../ui.ts';
import { printVerdict, type Verdict } from '../verdict.ts';
import type { AppraiseOptions } from './appraise.ts';

export async function appraiseTpmCommand(file: string, options: AppraiseOptions, terminal: Terminal): Promise<Ending> {
  const at = options.at === undefined ? terminal.now() : momentOf(options.at, '--at');
  await requireFolder(options.collateral);
  const read = (name: string): Promise<Bytes> => readInput(terminal, name);
  const program = options.policy === undefined ? undefined : programIn(await read(options.policy), options.policy);
  const roots = await Promise.all((options.anchor ?? []).map(async (name) => rootsIn(await read(name), name)));
  const evidence = requestIn(await read(file));
  if (options.at !== undefined) printWarning(terminal, `everything is judged as of ${momentText(at)}, not now (--at)`);
  printWarning(terminal, 'nobody here gave the challenge that the request answers: it may be an old one');
  const verdict = await waitingFor(
    terminal,
    'the verdict',
    judge(evidence, program, roots.flat(), options.collateral, at, terminal),
  );
  printVerdict(terminal, verdict, options);
  return verdict.error ? endingOf(verdict.error) : 'passed';
}

async function judge(
  evidence: Bytes,
  program: Program | undefined,
  roots: readonly Bytes[],
  folder: string,
  at: Date,
  terminal: Terminal,
): Promise<Verdict> {
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
    const challenge = claimedChallenge(evidence);
    const submission = { evidence, ...(challenge && { challenge }) };
    const source = withAikIssuers(held, []);
    const doors = { collateral: (needs: Parameters<typeof source.collateral>[0]) => source.collateral(needs, at) };
    const { facts, demands } = await appraise(tpmRequest, submission, doors, context);
    claims = tpmRequest.claims(facts, context);
    appraisal.demand(demands);
    if (program) {
      ruling = evaluate(program, claims);
      appraisal.attach('policy', ruling.trace);
      appraisal.require(attestChecks['attest.policy'], ruling.decision === 'permit', {
        observed: ruling.explanation,
        detail: ruling.why,
      });
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
    ...(ruling && { ruling }),
    ...(error && { error }),
  };
}

/** The request's own word for it; what does not read is for the verifier to refuse. */
function claimedChallenge(evidence: Bytes): Bytes | undefined {
  try {
    return readRequest(evidence).challenge;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function programIn(file: Bytes, name: string): Program {
  try {
    return compile(fromUtf8(file, name), { type: 'Tpm' });
  } catch (cause) {
    if (!(cause instanceof AttestError || cause instanceof Malformed)) throw cause;
    throw new CommandError('usage', `the policy ${name} is wrong: ${cause.message}`, [], cause);
  }
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
    ...(mask !== undefined && { requiredPcrMask: Number(mask) & 0xff_ffff }),
  };
}
