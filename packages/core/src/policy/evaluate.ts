/** A policy and claims to a ruling (policy language of Azure Attestation, §6 and §7 of its rules: deny wins over permit). */
import type { Claim, Json } from '../claim.ts';
import { Budget } from './budget.ts';
import { type PolicyClaim, policyClaims } from './claims.ts';
import type { Program } from './program.ts';
import { Queries } from './queries.ts';
import { found, whyDecided, whyNotPermitted } from './reasons.ts';
import { type Failure, Run } from './run.ts';
import type { Range } from './source.ts';
import { toJson } from './values.ts';

export interface Ruling {
  /** `error`: a function or an action failed; there is no token then either. */
  readonly decision: 'permit' | 'deny' | 'error';
  /** The sentence on record: Azure's own for a denial, which function failed on which line for an error. */
  readonly why: string;
  /**
   * The same for a reader: which rule decided, or for each rule that could have permitted its first condition that
   * failed, and with what value.
   */
  readonly explanation: string;
  /** The rule that decided; absent when no rule permitted. */
  readonly by?: Range;
  /** Claims for the token, one entry a type in order of issue: one value, or an array of several distinct ones. */
  readonly issued: readonly { readonly name: string; readonly value: Json }[];
  /** Properties that configuration and issuance rules set. */
  readonly properties: { readonly [name: string]: Json };
  /** Per rule, configuration's first: whether it fired, what each condition matched or nearly did, what was made. */
  readonly trace: Json;
}

/** What Azure Attestation answers. */
const sentences = {
  deny: 'A Deny claim was issued, authorization failed.',
  noPermit: 'No Permit claim was issued in the authorizationrules section, authorization failed.',
  permit: 'A Permit claim was issued.',
} as const;

/**
 * Runs a policy over what evidence claims; claims meant for the token alone are not seen. Never throws for a denial or
 * an error of evaluation.
 */
export function evaluate(program: Program, incoming: readonly Claim[]): Ruling {
  const documents = incoming.flatMap(({ value, json }) =>
    typeof value === 'string' && json !== undefined ? [[value, json] as const] : [],
  );
  const run = new Run(
    new Queries(new Budget(), { compiled: program.queries, made: program.made, documents }),
    program.type,
  );
  const end = (decision: Ruling['decision'], why: string, explanation: string, by: Range | undefined): Ruling => ({
    decision,
    why,
    explanation,
    ...(by && { by }),
    issued: decision === 'permit' ? grouped(run.outgoing) : [],
    properties:
      decision === 'permit' ? { ...program.properties, ...Object.fromEntries(run.properties) } : program.properties,
    trace: [...program.trace, ...run.trace.toJson()],
  });
  const fail = ({ why, by }: Failure): Ruling => end('error', why, `The evaluation failed: ${why}.`, by);

  const failed =
    run.receive([...program.added, ...policyClaims(incoming)]) ??
    run.section('authorizationrules', program.rules.authorizationrules);
  if (failed) return fail(failed);
  const { permit, deny } = run.decided;
  const decider = deny ?? permit;
  run.trace.decide(
    decider?.rule,
    run.held.map((reason) => [reason.rule, found(reason)]),
  );
  if (deny) return end('deny', sentences.deny, whyDecided(deny, 'denied'), deny.rule.range);
  if (!permit) return end('deny', sentences.noPermit, whyNotPermitted(run.held), undefined);
  const failedLater = run.section('issuancerules', program.rules.issuancerules);
  return failedLater
    ? fail(failedLater)
    : end('permit', sentences.permit, whyDecided(permit, 'permitted'), permit.rule.range);
}

/** By type, in order of issue; a type with one distinct value is a scalar. */
function grouped(claims: readonly PolicyClaim[]): Ruling['issued'] {
  const byType = new Map<string, Json[]>();
  for (const { type, value } of claims) {
    const there = byType.get(type);
    if (there) there.push(toJson(value));
    else byType.set(type, [toJson(value)]);
  }
  return [...byType].map(([name, values]) => {
    const [only] = values;
    return { name, value: values.length === 1 && only !== undefined ? only : values };
  });
}
