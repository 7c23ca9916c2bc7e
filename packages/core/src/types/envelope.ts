/**
 * The body that all requests with one piece of evidence share: evidence, runtimeData, initTimeData, nonce, draft policy.
 * Azure Attestation REST. Member names are matched without regard to case, as Microsoft's own clients need.
 */
import type { TSchema } from 'typebox';
import { type Bytes, fromBase64 } from '../bytes/index.ts';
import type { Json, JsonObject } from '../claim.ts';
import type { Bound, Received } from '../contract.ts';
import { AttestError, Malformed, printable } from '../errors.ts';
import { isObject } from '../json/index.ts';

const boundData = {
  type: 'object',
  properties: {
    data: { type: 'string', description: 'base64url' },
    dataType: { enum: ['Binary', 'JSON'] },
  },
} as const;

/** Schema of such a body, for documentation. @param evidence the member that carries the evidence */
export const envelopeSchema = (evidence: string, description: string): TSchema => ({
  type: 'object',
  required: [evidence],
  properties: {
    [evidence]: { type: 'string', description },
    runtimeData: boundData,
    initTimeData: boundData,
    draftPolicyForAttestation: { type: 'string', description: 'Policy text to try; the token is unsecured' },
    nonce: { type: 'string', description: 'Echoed in the token' },
  },
});

/** A nonce is an echo: long enough for any purpose, short enough for a token. */
const longestNonce = 1024;

/** @throws {AttestError} RequestMalformed or OperationInvalid, naming the member */
export function readEnvelope(body: Json, evidence: string): Received {
  const get = members(body, '');
  const runtime = readBoundData(get('runtimeData'), 'runtimeData');
  const init = readBoundData(get('initTimeData'), 'initTimeData');
  const draft = get('draftPolicyForAttestation');
  if (draft !== undefined && typeof draft !== 'string')
    throw wrong('draftPolicyForAttestation', 'must be a string of policy text');
  const nonce = readNonce(get('nonce'));
  return {
    submission: { evidence: readBytes(get(evidence), evidence), ...(runtime && { runtime }), ...(init && { init }) },
    ...(nonce !== undefined && { nonce }),
    ...(draft !== undefined && { draft }),
  };
}

export const wrong = (path: string, problem: string): AttestError =>
  new AttestError('RequestMalformed', `${path} ${problem}`, { where: { path } });

/** Looks members up whatever their case; a name in two spellings, or null, is not taken for one of them. */
export function members(value: Json, path: string): (name: string) => Json | undefined {
  if (!isObject(value)) throw wrong(path || 'The request body', 'must be a JSON object');
  const object: JsonObject = value;
  const spellings = new Map<string, string>();
  for (const name of Object.keys(object)) {
    const known = spellings.get(name.toLowerCase());
    if (known !== undefined)
      throw wrong(
        path ? `${path}.${shown(name)}` : shown(name),
        `is given twice: as «${shown(known)}» and as «${shown(name)}»`,
      );
    spellings.set(name.toLowerCase(), name);
  }
  return (name) => {
    const spelling = spellings.get(name.toLowerCase());
    const found = spelling === undefined ? undefined : object[spelling];
    return found === null ? undefined : found;
  };
}

function readBytes(value: Json | undefined, path: string): Bytes {
  if (value === undefined) throw wrong(path, 'is missing: expected base64url text');
  if (typeof value !== 'string') throw wrong(path, 'must be a string of base64url text');
  try {
    return fromBase64(value, 'either', path);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const character = value[error.offset ?? -1];
    const foreign = character !== undefined && error.problem.endsWith('character');
    const said = foreign
      ? `Unknown base64 character: ${value.charCodeAt(error.offset ?? 0)} ('${named(character)}'). `
      : '';
    throw new AttestError('OperationInvalid', `${said}${error.message}`, {
      where: { path, ...(error.offset !== undefined && { offset: error.offset }) },
      cause: error,
    });
  }
}

/** The client's own name of a member, for messages. */
const shown = (name: string): string => printable(name.length > 64 ? `${name.slice(0, 64)}…` : name);

/** A character for messages, anything but plain ASCII by its number. */
const named = (character: string): string =>
  /^[\x20-\x7e]$/.test(character)
    ? character
    : `U+${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0').toUpperCase()}`;

function readBoundData(value: Json | undefined, path: string): Bound | undefined {
  if (value === undefined) return undefined;
  const get = members(value, path);
  const data = get('data');
  const kind = get('dataType') ?? 'Binary';
  if (kind !== 'Binary' && kind !== 'JSON') throw wrong(`${path}.dataType`, 'must be «Binary» or «JSON»');
  return { bytes: data === undefined ? new Uint8Array() : readBytes(data, `${path}.data`), kind };
}

function readNonce(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  const integer = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  if (typeof value !== 'string' && !integer) throw wrong('nonce', 'must be a string');
  const text = String(value);
  if (text.length > longestNonce) throw wrong('nonce', `has ${text.length} characters, at most ${longestNonce}`);
  return text;
}
