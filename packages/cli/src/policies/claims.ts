/**
 * Claims out of files: an object of names and values, or a list of `{type, value, issuer}`; also a whole list of cases,
 * each with such a list under `incoming`. Numbers keep all their digits.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Claim, isObject, type Json, type JsonObject, Malformed, parseJson } from '@assay/core';
import { fromUtf8 } from '@assay/core/bytes';
import { CommandError } from '../exit.ts';
import { readInput } from '../input.ts';
import type { Terminal } from '../ui.ts';

type Issuer = NonNullable<Claim['issuer']>;
const issuers: readonly Issuer[] = ['AttestationService', 'AttestationPolicy', 'CustomClaim'];

/**
 * @param name of the file
 * @param wanted the name of a case, for files of several
 * @param beside another file; values may come from files beside either (`valueFromFile`)
 * @throws {CommandError} usage for anything else
 */
export async function readClaims(
  terminal: Terminal,
  name: string,
  wanted: string | undefined,
  beside: string,
): Promise<readonly Claim[]> {
  const json = jsonOf(await readInput(terminal, name), name);
  return claimsOf(terminal, chosen(json, wanted, name), [dirname(name), dirname(beside)], name);
}

/** JSON without loss. @throws {CommandError} usage */
export function jsonOf(bytes: Uint8Array, name: string): Json {
  try {
    return parseJson(bytes);
  } catch (cause) {
    if (cause instanceof Malformed) throw wrong(name, `is not JSON: ${cause.message}`);
    throw cause;
  }
}

const wrong = (place: string, problem: string, hints: readonly string[] = []): CommandError =>
  new CommandError('usage', `${place} ${problem}`, hints);

/** The claims themselves, or those of the case that was asked for. */
function chosen(json: Json, wanted: string | undefined, place: string): Json {
  const cases = [json].flat().filter((item): item is JsonObject => isObject(item) && Array.isArray(item['incoming']));
  if (cases.length === 0) {
    if (wanted !== undefined) throw wrong(place, `has no cases, and --case asks for «${wanted}»`);
    return json;
  }
  const found = wanted === undefined && cases.length === 1 ? cases[0] : cases.find((one) => one['name'] === wanted);
  if (found) return found['incoming'] as Json;
  const names = cases.map((one) => String(one['name']));
  throw wrong(place, wanted === undefined ? `has ${cases.length} cases` : `has no case «${wanted}»`, [
    `--case NAME chooses one of: ${names.join(', ')}`,
  ]);
}

/**
 * @param json an object of names and values, as from evidence, or a list; in lists an issuer that is not named is the client
 * @param folders where files of values are
 */
export async function claimsOf(
  terminal: Terminal,
  json: Json,
  folders: readonly string[],
  place: string,
): Promise<readonly Claim[]> {
  if (isObject(json)) return Object.entries(json).map(([name, value]): Claim => ({ name, value, to: 'policy' }));
  if (!Array.isArray(json))
    throw wrong(place, 'holds no claims', [
      'expected an object of names and values, or a list of {type, value, issuer}',
    ]);
  return Promise.all(
    (json as readonly Json[]).map((item, i) => claimOf(terminal, item, folders, `${place}: claim ${i + 1}`)),
  );
}

async function claimOf(terminal: Terminal, item: Json, folders: readonly string[], place: string): Promise<Claim> {
  if (!isObject(item)) throw wrong(place, 'is no object of type and value');
  const {
    type,
    name = type,
    issuer = 'CustomClaim',
    readOnly = false,
    valueType,
  } = item as { readonly [member: string]: Json | undefined };
  if (typeof name !== 'string') throw wrong(place, 'has no type');
  const known = issuers.find((one) => one === issuer);
  if (!known) throw wrong(place, `has an issuer that is none of ${issuers.join(', ')}`);
  if (typeof readOnly !== 'boolean') throw wrong(place, 'has a readOnly that is not true or false');
  const value = await valueIn(terminal, item, folders, place);
  if (valueType !== undefined && valueType !== kindOf(value))
    throw wrong(place, `has a value of kind ${kindOf(value)}, and says ${String(valueType)}`);
  return { name, value, to: 'policy', issuer: known, ...(readOnly && { readOnly }) };
}

async function valueIn(terminal: Terminal, item: JsonObject, folders: readonly string[], place: string): Promise<Json> {
  const file = item['valueFromFile'];
  if (typeof file === 'string') {
    const paths = folders.map((folder) => join(folder, file));
    return fromUtf8(await readInput(terminal, paths.find((path) => existsSync(path)) ?? (paths[0] as string)), file);
  }
  const value = item['value'];
  if (value === undefined) throw wrong(place, 'has no value');
  return value;
}

const kindOf = (value: Json): string =>
  typeof value === 'boolean'
    ? 'Boolean'
    : typeof value === 'number' || typeof value === 'bigint'
      ? 'Integer'
      : 'String';
