/**
 * Tests of a policy: a file `*.policytest.json` (or `.yaml`) beside it, with named cases. Unknown members are refused:
 * a misspelt expectation would pass for ever.
 */
import { basename, dirname, join } from 'node:path';
import { isObject, type Json, type JsonObject } from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import { parse as parseYaml } from 'yaml';
import { CommandError } from '../exit.ts';
import { readInput } from '../input.ts';
import type { Terminal } from '../ui.ts';
import { jsonOf } from './claims.ts';
import { typeNameOf } from './types.ts';

export const suiteForm = /\.policytest\.(json|ya?ml)$/;

export interface Suite {
  readonly file: string;
  /** Path of the policy. */
  readonly policy: string;
  readonly type: string | undefined;
  /** Claims that every case begins with; a case's own come over them, and null takes one away. */
  readonly claims: JsonObject;
  readonly cases: readonly Case[];
  /** Mutants that mean the same as the policy, and why. */
  readonly equivalent: readonly { readonly mutant: string; readonly reason: string }[];
}

export interface Case {
  readonly name: string;
  readonly source: Source;
  readonly expect: Expectation;
}
export type Source =
  | { readonly kind: 'claims'; readonly claims: Json }
  /** What `assay appraise --json` printed. */
  | { readonly kind: 'appraisal'; readonly file: string }
  | {
      readonly kind: 'evidence';
      readonly file: string;
      readonly collateral: string;
      readonly at?: string;
      readonly anchor?: readonly string[];
      readonly runtimeData?: string;
    };
/** What is left out is not asked. */
export interface Expectation {
  readonly ruling: 'permit' | 'deny' | 'error';
  /** All issued claims: no more, no less. */
  readonly issued?: JsonObject;
  readonly properties?: JsonObject;
  /** A part of the message or of its explanation. */
  readonly message?: string;
}

const wrong = (place: string, problem: string): CommandError => new CommandError('usage', `${place}: ${problem}`);

/** @throws {CommandError} usage for anything that is no suite, naming the place */
export async function readSuite(terminal: Terminal, file: string): Promise<Suite> {
  const bytes = await readInput(terminal, file);
  const json = file.endsWith('.json') ? jsonOf(bytes, file) : yamlOf(fromUtf8(bytes, file), file);
  const suite = members(json, file, ['policy', 'type', 'description', 'claims', 'cases', 'equivalent']);
  const type = optional(suite['type'], text, `${file}: type`);
  const named = optional(suite['policy'], text, `${file}: policy`);
  const cases = many(suite['cases'], `${file}: cases`).map((each, i) => caseOf(each, `${file}: case ${i + 1}`));
  if (cases.length === 0) throw wrong(file, 'has no cases');
  const twice = cases.find(({ name }, i) => cases.findIndex((other) => other.name === name) < i);
  if (twice) throw wrong(file, `has two cases «${twice.name}»`);
  return {
    file,
    policy: join(dirname(file), named ?? basename(file).replace(suiteForm, '.policy')),
    type: type === undefined ? undefined : typeNameOf(type),
    claims: optional(suite['claims'], object, `${file}: claims`) ?? {},
    cases,
    equivalent: (suite['equivalent'] === undefined ? [] : many(suite['equivalent'], `${file}: equivalent`)).map(
      (each, i) => {
        const place = `${file}: equivalent ${i + 1}`;
        const entry = members(each, place, ['mutant', 'reason']);
        return { mutant: text(entry['mutant'], `${place}: mutant`), reason: text(entry['reason'], `${place}: reason`) };
      },
    ),
  };
}

function caseOf(json: Json, position: string): Case {
  const each = members(json, position, ['name', 'description', 'claims', 'appraisal', 'evidence', 'expect']);
  const name = text(each['name'], `${position}: name`);
  const place = `${position} («${name}»)`;
  const expect = members(each['expect'], `${place}: expect`, ['ruling', 'issued', 'properties', 'message']);
  const { ruling } = expect as { readonly ruling?: Json };
  if (ruling !== 'permit' && ruling !== 'deny' && ruling !== 'error')
    throw wrong(place, 'expect.ruling is permit, deny or error');
  const issued = optional(expect['issued'], object, `${place}: expect.issued`);
  const properties = optional(expect['properties'], object, `${place}: expect.properties`);
  const message = optional(expect['message'], text, `${place}: expect.message`);
  return {
    name,
    source: sourceOf(each, place),
    expect: {
      ruling,
      ...(issued && { issued }),
      ...(properties && { properties }),
      ...(message !== undefined && { message }),
    },
  };
}

function sourceOf(
  { claims, appraisal, evidence }: { readonly [name: string]: Json | undefined },
  place: string,
): Source {
  if ([claims, appraisal, evidence].filter((one) => one !== undefined).length > 1)
    throw wrong(place, 'has more than one of claims, appraisal and evidence');
  if (appraisal !== undefined) return { kind: 'appraisal', file: text(appraisal, `${place}: appraisal`) };
  if (evidence === undefined) return { kind: 'claims', claims: claims ?? {} };
  const given = members(evidence, `${place}: evidence`, ['file', 'collateral', 'at', 'anchor', 'runtimeData']);
  const part = (name: string): string | undefined => optional(given[name], text, `${place}: evidence.${name}`);
  const [file, collateral, at, runtimeData] = [part('file'), part('collateral'), part('at'), part('runtimeData')];
  if (file === undefined || collateral === undefined) throw wrong(place, 'evidence needs file and collateral');
  const anchor = given['anchor'] === undefined ? undefined : many(given['anchor'], `${place}: evidence.anchor`);
  return {
    kind: 'evidence',
    file,
    collateral,
    ...(at !== undefined && { at }),
    ...(runtimeData !== undefined && { runtimeData }),
    ...(anchor && { anchor: anchor.map((one) => text(one, `${place}: evidence.anchor`)) }),
  };
}

function members(
  json: Json | undefined,
  place: string,
  known: readonly string[],
): { readonly [name: string]: Json | undefined } {
  const found = object(json, place);
  const other = Object.keys(found).find((name) => !known.includes(name));
  if (other !== undefined) throw wrong(place, `has a member «${other}», known are ${known.join(', ')}`);
  return found;
}
function object(json: Json | undefined, place: string): JsonObject {
  if (isObject(json)) return json;
  throw wrong(place, json === undefined ? 'is missing' : 'is no object');
}
function text(json: Json | undefined, place: string): string {
  if (typeof json === 'string' && json !== '') return json;
  throw wrong(place, json === undefined ? 'is missing' : 'is no text');
}
function many(json: Json | undefined, place: string): readonly Json[] {
  if (Array.isArray(json)) return json as readonly Json[];
  throw wrong(place, json === undefined ? 'is missing' : 'is no list');
}
const optional = <T>(json: Json | undefined, read: (json: Json, place: string) => T, place: string): T | undefined =>
  json === undefined ? undefined : read(json, place);

/** YAML's values as JSON has them: integers keep their digits, and only what JSON can say is left. */
function yamlOf(source: string, place: string): Json {
  try {
    return asJson(
      parseYaml(source, { intAsBigInt: true, uniqueKeys: true, maxAliasCount: 100, version: '1.2' }),
      place,
    );
  } catch (cause) {
    if (cause instanceof CommandError) throw cause;
    throw new CommandError(
      'usage',
      `${place} is not YAML: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
      [],
      cause,
    );
  }
}

function asJson(value: unknown, place: string): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string' || typeof value === 'number')
    return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map((item) => asJson(item, place));
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, asJson(inner, place)]));
  throw wrong(place, `holds a ${typeof value}, which JSON has not`);
}
