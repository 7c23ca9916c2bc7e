/** How answers and failures travel: headers, bodies, the one line in the log and in the metrics. */
import { AttestError } from '@assay/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from './client.ts';
import type { Deps } from './deps.ts';
import type { Answer } from './routes/route.ts';
import { type WireError, wireBody, wireErrorOf } from './wire-errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Id of the appraisal that this request made. */
    appraisal: string | undefined;
    /** How it failed, for the log. */
    failure: WireError | undefined;
  }
}

const json = 'application/json; charset=utf-8';

/** What every answer carries. */
export function greet({ version, config }: Deps, request: FastifyRequest, reply: FastifyReply): void {
  reply.headers({
    'x-ms-request-id': request.id,
    'x-ms-maa-service-version': version,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    // With the development certificate the host is localhost, whose other ports must not be taken hostage.
    ...(config.tls.certificate !== undefined && { 'strict-transport-security': 'max-age=31536000' }),
  });
}

export function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { status = 200, contentType = json, headers, body }: Answer,
): FastifyReply {
  if (request.appraisal !== undefined) reply.header('x-assay-appraisal-id', request.appraisal);
  if (headers) reply.headers(headers);
  if (status === 204) return reply.code(status).send();
  return reply.code(status).type(contentType).send(body);
}

/** The error handler: every failure of every route ends here. */
export function fail(deps: Deps, failure: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = wireErrorOf(failure, deps.config.provider.exposeChecks);
  request.failure = error;
  if (error.code === 'Defect') deps.metrics.defect();
  if (error.code === 'Defect' || error.code === 'ConfigurationInvalid') {
    // Nobody outside is told. What was thrown on purpose says what is wrong, and quotes no client.
    const detail = failure instanceof AttestError ? { detail: failure.message } : {};
    request.log.error(
      { ...reported(request), ...detail, err: failure },
      error.code === 'Defect' ? 'defect' : 'misconfigured',
    );
  }
  reply.header('x-ms-error-code', error.wire).header('cache-control', 'no-store');
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds);
  if (error.code === 'Unauthorized') reply.header('www-authenticate', `Bearer realm="${deps.issuer}"`);
  return send(request, reply, { status: error.status, body: wireBody(error, request.appraisal) });
}

const reported = ({ method, routeOptions, appraisal }: FastifyRequest) => ({
  method,
  route: routeOptions.url ?? 'none',
  ...(appraisal !== undefined && { appraisal }),
});

/** One line in the log and one in the metrics for each request. */
export function account({ metrics }: Deps, request: FastifyRequest, reply: FastifyReply): void {
  const { statusCode, elapsedTime } = reply;
  const line = reported(request);
  metrics.request(line.route, line.method, statusCode, elapsedTime / 1000);
  const { failure } = request;
  const ending = failure && { code: failure.code, ...(failure.check !== undefined && { check: failure.check }) };
  request.log.info(
    {
      ...line,
      status: statusCode,
      milliseconds: Math.round(elapsedTime * 10) / 10,
      client: clientOf(request),
      ...ending,
    },
    'request',
  );
}
