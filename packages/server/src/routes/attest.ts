/** `POST /attest/{type}`: every attestation type of the registry. */
import { AttestError, formatJson, type Json, Malformed, parseJson } from '@assay/core';
import type { FastifyRequest } from 'fastify';
import { type Attestation, attestation } from '../attestation.ts';
import type { Deps, Offered } from '../deps.ts';
import { previewAnswer, previewBody, requireBearer, requireToken } from './preview.ts';
import { type Answer, type Route, unkept } from './route.ts';
import { preview2018, versionOf, versions } from './versions.ts';

const answers = {
  200: 'The token',
  400: 'The request is wrong, or the evidence or the policy says no',
  503: 'Collateral is missing, or there is too much to do',
} as const;
const unauthorized = { 401: 'The bearer token is missing or wrong' } as const;

export const attestRoutes = (deps: Deps): readonly Route[] =>
  deps.offered.flatMap((offered) => {
    const { tpm } = deps.config;
    const { name, aliases = [], request: body, route: traits = {} } = offered.type;
    const all = traits.hasNoPreview ? versions : [...versions, preview2018];
    return [name, ...aliases].map(
      (segment): Route => ({
        method: 'POST',
        url: `/attest/${segment}`,
        summary: `Attest ${name} evidence`,
        versions: all,
        isHeavy: true,
        isShared: true,
        ...(traits.hasLongBody && { bodyBytes: deps.config.limits.longBodyBytes }),
        body,
        answers: { ...answers, ...unauthorized },
        before(request) {
          if (versionOf(request, all) === preview2018) requireBearer(deps, request);
          else if (traits.demandsBearer && tpm.authentication === 'Enabled') requireToken(tpm.bearerToken, request);
        },
        handle: (request) =>
          versionOf(request, all) === preview2018
            ? attestPreview(deps, offered, request)
            : attest(deps, offered, request),
      }),
    );
  });

/** The same under the paths of 2018. */
export const previewRoutes = (deps: Deps): readonly Route[] =>
  deps.offered
    .filter(({ type }) => !type.route?.hasNoPreview)
    .map((offered) => ({
      method: 'POST',
      url: `/attest/Tee/${offered.type.name}`,
      summary: `Attest ${offered.type.name} evidence (2018-09-01-preview)`,
      versions: [preview2018],
      isHeavy: true,
      answers: { ...answers, ...unauthorized },
      before: (request) => requireBearer(deps, request),
      handle: (request) => attestPreview(deps, offered, request),
    }));

async function attest(deps: Deps, offered: Offered, request: FastifyRequest): Promise<Answer> {
  return answerOf(
    await attestation(
      deps,
      offered,
      () => jsonOf(request.body),
      (answer) => formatJson(answer),
    ),
    request,
  );
}

async function attestPreview(deps: Deps, offered: Offered, request: FastifyRequest): Promise<Answer> {
  const read = (): Json => previewBody(offered.type, jsonOf(request.body));
  return answerOf(await attestation(deps, offered, read, previewAnswer), request);
}

function answerOf(ended: Attestation, request: FastifyRequest): Answer {
  request.appraisal = ended.appraisal;
  if ('failure' in ended) throw ended.failure;
  return { body: ended.body, headers: unkept };
}

/** How deep a request may nest: envelope, bound data, and room for what clients add. */
const deepest = 16;

/** @throws {AttestError} RequestMalformed, with the byte */
function jsonOf(body: unknown): Json {
  if (!(body instanceof Uint8Array) || body.length === 0)
    throw new AttestError('RequestMalformed', 'The request has no body: expected a JSON object.');
  try {
    return parseJson(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), { maxDepth: deepest });
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new AttestError('RequestMalformed', `The request body is not JSON: ${cause.message}.`, {
      where: { path: cause.path, ...(cause.offset !== undefined && { offset: cause.offset }) },
      cause,
    });
  }
}
