/** What `appraise` found, for people and as JSON. */
import { type AttestError, type Claim, close, type JsonObject, Refusal, type Section } from '@assay/core';
import { collateralEnds, fmspcText, isCollateralExpired, type QuoteFacts } from '@assay/core/intel';
import type { Ruling } from '@assay/core/policy';
import { checkRows } from './checks.ts';
import { wordsOf } from './exit.ts';
import { momentText } from './input.ts';
import { type Cell, printTable } from './table.ts';
import { printTree } from './tree.ts';
import { printError, printJson, type Terminal } from './ui.ts';

export interface Verdict {
  readonly kind: string;
  readonly at: Date;
  readonly appraisal: Section;
  /** What a token would carry. */
  readonly claims: readonly Claim[];
  /** What policies are asked about. */
  readonly incoming: readonly Claim[];
  /** There whenever the cryptography held, also when the baseline or the policy then refused. */
  readonly facts?: QuoteFacts;
  /** What a person looks for first, by its name; absent: it is made of the facts. */
  readonly summary?: readonly (readonly [name: string, value: string])[];
  readonly ruling?: Ruling;
  /** Absent when accepted. */
  readonly error?: AttestError;
}

/** What of the command line is about the verdict. */
interface Asked {
  readonly json?: true;
  readonly at?: string;
  readonly anchor?: readonly string[];
}

export function printVerdict(terminal: Terminal, verdict: Verdict, asked: Asked): void {
  if (asked.json) {
    printJson(terminal, verdictJson(verdict));
    return;
  }
  const { out } = terminal;
  printTree(out, close(verdict.appraisal));
  const rows = verdict.summary ?? (verdict.facts ? summary(verdict, verdict.facts) : []);
  if (rows.length > 0) {
    out.line();
    printTable(
      out,
      rows.map(([name, value]): readonly Cell[] => [{ text: name, paint: out.paint.dim }, value]),
    );
  }
  out.line();
  const { error } = verdict;
  if (!error) {
    out.line(out.paint.bold(out.paint.green(`${out.glyphs.passed} accepted`)));
    return;
  }
  out.line(out.paint.bold(out.paint.red(`${out.glyphs.failed} refused`)));
  const { message, hints } = wordsOf(error);
  printError(terminal, message, [...hints, ...adviceOn(error, verdict, asked)]);
}

/** What became of the policy. */
export const policyRow = (ruling: Ruling | undefined): string =>
  ruling ? `${ruling.decision}: ${ruling.why}` : 'none was asked for: baseline alone';

function summary({ at, ruling }: Verdict, facts: QuoteFacts): NonNullable<Verdict['summary']> {
  const { tcb } = facts;
  const expired = isCollateralExpired(facts, at);
  return [
    ['TCB status', tcb.status],
    ['TCB date', momentText(tcb.date)],
    ['advisories', tcb.advisoryIds.length === 0 ? 'none' : tcb.advisoryIds.join(', ')],
    ['TCB evaluation', String(facts.evaluation)],
    ['FMSPC', fmspcText(facts.pck)],
    ['collateral', `${expired ? 'expired, was good' : 'good'} until ${momentText(collateralEnds(facts))}`],
    ['policy', policyRow(ruling)],
  ];
}

/** What this command line can do about a refusal. */
function adviceOn(error: AttestError, { facts, kind, appraisal }: Verdict, { at, anchor }: Asked): readonly string[] {
  if (error.code === 'CollateralExpired' && at === undefined)
    return ['--at judges recorded evidence as of a time when its collateral was current'];
  if (error.code === 'CollateralMissing')
    return ['assay collateral show lists what the folder holds, assay collateral import adds to it'];
  if (error.code === 'BaselineUnmet' && facts && facts.tcb.status !== 'Revoked')
    return [`--accept ${facts.tcb.status} accepts this status`];
  const id = error instanceof Refusal ? error.check.id : '';
  if (id === 'intel.quote.layout' && kind === 'sgx' && appraisal.entries.length === 1)
    return ['assay explain shows what the file is and how far it can be read'];
  if (id === 'intel.pck.path' && anchor === undefined) return ['--anchor names the root of simulated evidence'];
  if (id === 'tpm.aik.chain' && anchor === undefined)
    return ['--anchor names the root of the CA that certified the key, which a service has in tpm.roots'];
  if (id === 'intel.oe.layout') return ['a bare quote is judged by assay appraise sgx'];
  return [];
}

/** The members up to `checks` are a promise to scripts; what follows them is for whoever wants more. */
function verdictJson({ error, facts, at, appraisal, claims, incoming, ruling, kind }: Verdict): JsonObject {
  return {
    outcome: error ? 'refused' : 'accepted',
    tcbStatus: facts?.tcb.status ?? null,
    tcbDate: facts ? momentText(facts.tcb.date) : null,
    advisoryIds: facts?.tcb.advisoryIds ?? [],
    evaluationNumber: facts?.evaluation ?? null,
    fmspc: facts ? fmspcText(facts.pck) : null,
    collateralExpired: facts ? isCollateralExpired(facts, at) : null,
    error: error ? { code: error.code, message: error.message } : null,
    checks: checkRows(close(appraisal)).map((row): JsonObject => ({ ...row })),
    kind,
    at: momentText(at),
    claims: Object.fromEntries(claims.map(({ name, value }) => [name, value])),
    // As `assay policy` takes them.
    incoming: incoming.map(({ name, value, issuer = 'AttestationService', readOnly }) => ({
      type: name,
      value,
      issuer,
      ...(readOnly && { readOnly }),
    })),
    ...(ruling && {
      ruling: {
        decision: ruling.decision,
        why: ruling.why,
        issued: Object.fromEntries(ruling.issued.map(({ name, value }) => [name, value])),
      },
    }),
  };
}
