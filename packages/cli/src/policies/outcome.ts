/** A policy and where its claims come from, to a ruling: from a file of claims, or from evidence by the service's own pipeline. */
import type { AttestError, Json, JsonObject } from '@assay/core';
import { errorTable, formatJson } from '@assay/core';
import { evaluate, type Program, type Ruling } from '@assay/core/policy';
import { appraised, type EvidenceOptions } from '../commands/appraise.ts';
import { CommandError } from '../exit.ts';
import type { Terminal } from '../ui.ts';
import { readClaims } from './claims.ts';
import { compiledText, type PolicyFile, readPolicy } from './text.ts';
import { typeNameOf } from './types.ts';

export interface SourceOptions extends Partial<EvidenceOptions> {
  readonly type?: string;
  readonly claims?: string;
  readonly case?: string;
  readonly evidence?: string;
  readonly json?: true;
}

export type Outcome =
  | { readonly policy: PolicyFile; readonly program: Program; readonly ruling: Ruling; readonly error?: undefined }
  /** The evidence was refused before the policy was asked. */
  | {
      readonly policy: PolicyFile;
      readonly program: Program;
      readonly ruling?: undefined;
      readonly error: AttestError;
    };

export async function outcomeOf(file: string, options: SourceOptions, terminal: Terminal): Promise<Outcome> {
  const { claims, evidence } = options;
  if ((claims === undefined) === (evidence === undefined))
    throw new CommandError(
      'usage',
      'a policy is evaluated over --claims FILE, or over --evidence FILE with --collateral FOLDER',
    );
  const type = options.type === undefined ? undefined : typeNameOf(options.type);
  const policy = await readPolicy(terminal, file);
  const program = compiledText(policy, type === undefined ? {} : { type });
  if (claims !== undefined)
    return { policy, program, ruling: evaluate(program, await readClaims(terminal, claims, options.case, file)) };
  if (type === undefined) throw new CommandError('usage', '--evidence needs --type: what the evidence is');
  const { ruling, error } = await appraised(type, evidence as string, { ...options, policy: file }, terminal);
  if (ruling) return { policy, program, ruling };
  if (error) return { policy, program, error };
  throw new CommandError('defect', 'the appraisal ended without a ruling');
}

/** What scripts read; the members up to `trace` are a promise. */
export function outcomeJson({ ruling, error }: Outcome): string {
  if (!ruling)
    return formatJson({
      ruling: 'error',
      code: errorTable[error.code].wire,
      message: error.message,
      issued: {},
      properties: {},
      trace: [],
    });
  const { decision, why, explanation, issued, properties, trace } = ruling;
  const written: JsonObject = {
    ruling: decision,
    code: decision === 'permit' ? null : errorTable.PolicyDenied.wire,
    message: why,
    issued: Object.fromEntries(issued.map(({ name, value }): [string, Json] => [name, value])),
    properties,
    trace,
    explanation,
  };
  return formatJson(written);
}
