/** Puts a row of the route table into effect: what is refused before a body is read, methods, and pages of other origins. */
import { AttestError } from '@assay/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { send } from './answers.ts';
import { clientOf } from './client.ts';
import type { Gate } from './limits.ts';
import { schemaOf } from './openapi.ts';
import type { Answer, Route } from './routes/route.ts';
import { versionOf } from './routes/versions.ts';

export interface Guards {
  readonly gate: Gate;
  readonly limit: (client: string) => void;
  readonly origins: ReadonlySet<string>;
}

export function addRoute(app: FastifyInstance, route: Route, { gate, limit, origins }: Guards): void {
  const { method, url, isHeavy, isShared, versions, before, bodyBytes } = route;
  app.route({
    method,
    url,
    schema: schemaOf(route),
    ...(bodyBytes !== undefined && { bodyLimit: bodyBytes }),
    async onRequest(request, reply) {
      if (isShared) share(request, reply, origins);
      if (isHeavy) {
        limit(clientOf(request));
        gate.look();
      }
      if (method === 'POST') requireJson(request);
      if (versions) versionOf(request, versions);
      before?.(request);
    },
    async handler(request, reply) {
      // Not before the body is whole: whoever sends it slowly, or never, keeps nobody else from being served.
      const leave = isHeavy ? gate.enter() : undefined;
      try {
        const answer: Answer = await route.handle(request);
        return send(request, reply, answer);
      } finally {
        leave?.();
      }
    },
  });
  const allow = method === 'GET' ? 'GET, HEAD' : method;
  app.route({
    method: app.supportedMethods.filter((one) => !allow.split(', ').includes(one)),
    url,
    schema: { hide: true },
    async onRequest(request, reply) {
      if (isShared && isPreflight(request) && share(request, reply, origins)) {
        reply.headers({
          'access-control-allow-methods': allow,
          'access-control-allow-headers': 'content-type, authorization, x-ms-client-request-id',
        });
        return reply.code(204).send();
      }
      reply.header('allow', allow);
      throw new AttestError('MethodNotAllowed', `This route answers ${allow}.`);
    },
    handler: async () => undefined,
  });
}

/** Lets a configured origin read the answer. */
function share({ headers: { origin } }: FastifyRequest, reply: FastifyReply, origins: ReadonlySet<string>): boolean {
  if (origins.size > 0) reply.header('vary', 'origin');
  if (origin === undefined || !origins.has(origin)) return false;
  reply.header('access-control-allow-origin', origin);
  reply.header('access-control-expose-headers', 'x-ms-request-id, x-assay-appraisal-id');
  return true;
}

const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

/** Before the body is read. Without a media type, or with an empty one, it is taken for JSON: it can be nothing else. */
function requireJson({ raw: { headers } }: FastifyRequest): void {
  if (headers['content-type'] === '') headers['content-type'] = undefined;
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type))
    throw new AttestError('MediaTypeUnsupported', 'The request body must be application/json.');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new AttestError(
      'MediaTypeUnsupported',
      'Compressed request bodies are not accepted: send the JSON as it is.',
    );
}
