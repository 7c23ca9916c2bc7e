/** Cases of a suite: their claims, and whether a program rules on them as expected. */
import { dirname, join } from 'node:path';
import { type Claim, formatJson, isObject, type Json, type JsonObject } from '@assay/core';
import { evaluate, type Program, type Ruling } from '@assay/core/policy';
import { appraised } from '../commands/appraise.ts';
import { CommandError, endingOf } from '../exit.ts';
import { readInput } from '../input.ts';
import type { Terminal } from '../ui.ts';
import { claimsOf, jsonOf } from './claims.ts';
import type { Case, Expectation, Source, Suite } from './suite.ts';
import { reachesPolicies } from './types.ts';

/** A case whose claims are at hand. */
export interface ReadyCase extends Case {
  readonly claims: readonly Claim[];
}

/** @throws {CommandError} when claims cannot be read, or evidence does not stand */
export const readyCases = (terminal: Terminal, suite: Suite): Promise<readonly ReadyCase[]> =>
  Promise.all(
    suite.cases.map(async (each) => ({ ...each, claims: await claimsFor(terminal, suite, each.source, each.name) })),
  );

async function claimsFor(terminal: Terminal, suite: Suite, source: Source, name: string): Promise<readonly Claim[]> {
  const folder = dirname(suite.file);
  const place = `${suite.file}: «${name}»`;
  const base = await claimsOf(terminal, suite.claims, [folder], suite.file);
  switch (source.kind) {
    case 'claims': {
      const own = isObject(source.claims)
        ? Object.entries(source.claims).map(([type, value]): Claim => ({ name: type, value, to: 'policy' }))
        : await claimsOf(terminal, source.claims, [folder], place);
      const names = new Set(own.map((claim) => claim.name));
      return [...base.filter((claim) => !names.has(claim.name)), ...own.filter(({ value }) => value !== null)];
    }
    case 'appraisal':
      return recorded(
        terminal,
        jsonOf(await readInput(terminal, join(folder, source.file)), source.file),
        suite.type,
        place,
      );
    case 'evidence':
      return fromEvidence(terminal, suite, source, place);
  }
}

async function recorded(
  terminal: Terminal,
  json: Json,
  type: string | undefined,
  place: string,
): Promise<readonly Claim[]> {
  // What policies are asked about; appraisals of earlier versions have the token's claims alone.
  if (isObject(json) && Array.isArray(json['incoming'])) return claimsOf(terminal, json['incoming'], [], place);
  const claims = isObject(json) ? json['claims'] : undefined;
  if (!isObject(claims))
    throw new CommandError('usage', `${place}: the appraisal holds no claims`, [
      'expected what assay appraise --json prints',
    ]);
  const reaches = reachesPolicies(type);
  return Object.entries(claims)
    .filter(([name]) => reaches(name))
    .map(([name, value]): Claim => ({ name, value, to: 'policy' }));
}

async function fromEvidence(
  terminal: Terminal,
  { file, type }: Suite,
  source: Extract<Source, { kind: 'evidence' }>,
  place: string,
): Promise<readonly Claim[]> {
  if (type === undefined) throw new CommandError('usage', `${place}: evidence needs the suite’s type`);
  const here = (path: string): string => join(dirname(file), path);
  const { at, anchor, runtimeData } = source;
  const { error, incoming } = await appraised(
    type,
    here(source.file),
    {
      collateral: here(source.collateral),
      ...(at !== undefined && { at }),
      ...(anchor && { anchor: anchor.map(here) }),
      ...(runtimeData !== undefined && { runtimeData: here(runtimeData) }),
    },
    terminal,
  );
  if (error) throw new CommandError(endingOf(error), `${place}: the evidence was refused: ${error.message}`, [], error);
  return incoming;
}

export interface Verdict {
  readonly ruling: Ruling;
  /** What is not as expected; none: passed. */
  readonly problems: readonly string[];
}

export function judgeCase(program: Program, { claims, expect }: Pick<ReadyCase, 'claims' | 'expect'>): Verdict {
  const ruling = evaluate(program, claims);
  return { ruling, problems: problemsOf(ruling, expect) };
}

function problemsOf(ruling: Ruling, { ruling: wanted, issued, properties, message }: Expectation): readonly string[] {
  const problems: string[] = [];
  if (ruling.decision !== wanted) problems.push(`expected ${wanted}, got ${ruling.decision}: ${ruling.explanation}`);
  const made = Object.fromEntries(ruling.issued.map(({ name, value }) => [name, value]));
  if (issued) problems.push(...differences('issued', issued, made));
  if (properties) problems.push(...differences('property', properties, ruling.properties));
  if (message !== undefined && !ruling.why.includes(message) && !ruling.explanation.includes(message))
    problems.push(`expected a message with «${message}», got «${ruling.why}» and «${ruling.explanation}»`);
  return problems;
}

function differences(what: string, wanted: JsonObject, found: JsonObject): readonly string[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
  return names.flatMap((name) => {
    const [expected, got] = [written(wanted, name), written(found, name)];
    return expected === got ? [] : [`${what} ${name}: expected ${expected}, got ${got}`];
  });
}

const written = (object: JsonObject, name: string): string =>
  Object.hasOwn(object, name) ? formatJson(object[name] ?? null, { sorted: true }) : 'nothing';
