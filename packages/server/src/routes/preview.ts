/** The attest routes of 2018-09-01-preview: other member names, a bearer token, and an answer that is a JSON string. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type AnyType, AttestError, isObject, type Json } from '@assay/core';
import type { FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';

/** Demands the token of this api-version. @throws {AttestError} Unauthorized */
export const requireBearer = ({ config }: Pick<Deps, 'config'>, request: Pick<FastifyRequest, 'headers'>): void =>
  requireToken(config.preview.bearerToken, request);

/**
 * Demands a bearer token; where none is configured, nobody has one.
 * @throws {AttestError} Unauthorized
 */
export function requireToken(wanted: string | undefined, { headers }: Pick<FastifyRequest, 'headers'>): void {
  const [, given] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  if (given === undefined)
    throw new AttestError('Unauthorized', 'This route demands a bearer token in the header Authorization.');
  if (wanted === undefined || !isSame(given, wanted))
    throw new AttestError('Unauthorized', 'The bearer token is not valid here.');
}

/** Digests have one length, and comparing them takes one time. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What members of that time are called now. */
const renamed: { readonly [name: string]: (value: Json, evidence: string) => readonly [string, Json] } = {
  quote: (value, evidence) => [evidence, value],
  enclavehelddata: (data) => ['runtimeData', { data, dataType: 'Binary' }],
  draftpolicyforattestation: (value) => ['draftPolicyForAttestation', value],
};

/**
 * The body as the current routes have it.
 * @throws {AttestError} RequestMalformed
 */
export function previewBody({ request }: Pick<AnyType, 'request'>, body: Json): Json {
  if (!isObject(body)) throw new AttestError('RequestMalformed', 'The request body must be a JSON object.');
  const evidence = evidenceMember(request);
  const out = new Map<string, Json>();
  const spellings = new Map<string, string>();
  for (const [name, value] of Object.entries(body)) {
    const rename = Object.hasOwn(renamed, name.toLowerCase()) ? renamed[name.toLowerCase()] : undefined;
    if (!rename || value === null) continue;
    const [current, now] = rename(value, evidence);
    const other = spellings.get(current);
    if (other !== undefined)
      throw new AttestError('RequestMalformed', `${name} is given twice: as «${other}» and as «${name}»`, {
        where: { path: name },
      });
    spellings.set(current, name);
    out.set(current, now);
  }
  if (!out.has(evidence))
    throw new AttestError('RequestMalformed', 'Quote is missing: expected base64url text', {
      where: { path: 'Quote' },
    });
  return Object.fromEntries(out);
}

/** The member that carries the evidence: the one that a body must have. */
const evidenceMember = (schema: { readonly required?: readonly string[] }): string => schema.required?.[0] ?? 'quote';

/** The bare token. */
export function previewAnswer(answer: Json): string {
  const token = isObject(answer) ? answer['token'] : undefined;
  if (typeof token !== 'string')
    throw new AttestError('Defect', 'This attestation type has no answer of 2018-09-01-preview');
  return JSON.stringify(token);
}
