/** A policy ready to run: parsed, checked, its queries compiled, and its configuration rules evaluated. */
import type { Json } from '../claim.ts';
import { AttestError } from '../errors.ts';
import { Budget } from './budget.ts';
import { staticErrors } from './check.ts';
import type { PolicyClaim } from './claims.ts';
import { finding, inOrder, type PolicyFinding, refusalOf } from './finding.ts';
import type { Query } from './jmespath.ts';
import { longestPolicy, mostFindings } from './limits.ts';
import { parse } from './parse.ts';
import { Queries } from './queries.ts';
import { type ReadyRule, readyRules } from './ready.ts';
import { Run } from './run.ts';
import { grammarNames, type Policy, rulesOf, type SectionName } from './syntax.ts';
import { configurationClaims } from './undocumented.ts';

export interface Program {
  readonly text: string;
  readonly tree: Policy;
  /** The attestation type it was compiled for. */
  readonly type: string | undefined;
  /** What `configurationrules` set: evaluated once, over no claims. */
  readonly properties: { readonly [name: string]: Json };
  /** Claims that `configurationrules` added: the incoming set begins with them. */
  readonly added: readonly PolicyClaim[];
  /** Queries that it names. */
  readonly queries: ReadonlyMap<string, Query>;
  /** Queries that its evaluations have put together. */
  readonly made: Map<string, Query>;
  /** Rules as closures, by section. */
  readonly rules: { readonly [section in Exclude<SectionName, 'configurationrules'>]: readonly ReadyRule[] };
  /** What the configuration rules did. */
  readonly trace: readonly Json[];
}

export interface CompileOptions {
  /** Name of the attestation type: properties of other types are then ignored, whatever their kind. */
  readonly type?: string;
}

/**
 * @param text as uploaded; a byte-order mark is skipped
 * @throws {AttestError} `PolicyMalformed` with the first error in Azure Attestation's words; `RequestMalformed` for a
 * text that is too long
 */
export function compile(text: string, options: CompileOptions = {}): Program {
  const bytes = utf8Length(text);
  if (bytes > longestPolicy)
    throw new AttestError('RequestMalformed', `The policy has ${bytes} bytes, at most ${longestPolicy} are taken.`);
  const { program, findings } = prepare(text, options);
  const [first] = findings;
  if (first) throw refusalOf(first);
  return program;
}

/** Errors in text order, and the program, which runs only if there are none. Never throws for what a text says. */
export function prepare(
  text: string,
  { type }: CompileOptions,
): { readonly program: Program; readonly findings: readonly PolicyFinding[] } {
  const { tree, findings: syntax } = parse(text);
  const queries = new Queries(new Budget());
  const findings = inOrder([...syntax, ...staticErrors(text, tree, type, queries)]).slice(0, mostFindings);
  const run = new Run(new Queries(queries.budget, { compiled: queries.compiled }), type);
  const ready = (section: SectionName): readonly ReadyRule[] =>
    findings.length === 0 ? readyRules(text, section, rulesOf(tree, section)) : [];
  const failure = run.receive(configurationClaims) ?? run.section('configurationrules', ready('configurationrules'));
  if (failure?.by)
    findings.push(
      finding(text, 'error', 'evaluation-failed', failure.by, failure.why, ['policy', grammarNames.configurationrules]),
    );
  const program: Program = {
    text,
    tree,
    type,
    properties: Object.fromEntries(run.properties),
    added: run.claims,
    queries: queries.compiled,
    made: new Map(),
    rules: { authorizationrules: ready('authorizationrules'), issuancerules: ready('issuancerules') },
    trace: run.trace.toJson(),
  };
  return { program, findings };
}

/** Bytes of a text in UTF-8; a lone surrogate counts as the three bytes of its replacement. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const point of text) {
    const code = point.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
