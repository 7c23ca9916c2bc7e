/** The service's HTTP face: the route table, what holds for every request, and how answers and failures travel. */

import { AttestError } from '@assay/core';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import { account, fail, greet } from './answers.ts';
import type { Deps } from './deps.ts';
import type { Tls } from './keys/tls.ts';
import { clientLimit, gate, loopDelay } from './limits.ts';
import { openapiOptions } from './openapi.ts';
import { addRoute, type Guards } from './register.ts';
import { requestId } from './request-id.ts';
import { appraisalRoutes } from './routes/appraisals.ts';
import { attestRoutes, previewRoutes } from './routes/attest.ts';
import { healthRoutes } from './routes/health.ts';
import { metadataRoutes } from './routes/metadata.ts';
import type { Route } from './routes/route.ts';
import { answerBroken } from './sockets.ts';
import { logFetch, loggerOptions } from './telemetry/log.ts';

/** Every route there is. */
const routeTable = (deps: Deps): readonly Route[] => [
  ...attestRoutes(deps),
  ...previewRoutes(deps),
  ...metadataRoutes(deps),
  ...healthRoutes(deps),
  ...appraisalRoutes(deps),
];

/** @param tls absent: plain HTTP */
export async function buildApp(deps: Deps, tls: Tls | undefined): Promise<FastifyInstance> {
  const { limits, cors, log } = deps.config;
  const app = Fastify({
    ...serverOptions(deps, tls),
    logger: loggerOptions(log.level, deps.logTo),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: Math.ceil(limits.requestSeconds * 1000),
    keepAliveTimeout: 65_000,
    // Those that are under way are finished when the service stops, also when they come on an open connection.
    return503OnClosing: false,
    genReqId: ({ headers }) => requestId(headers['traceparent']),
    clientErrorHandler: answerBroken,
    routerOptions: { caseSensitive: false, maxParamLength: 256 },
    frameworkErrors(error, request, reply) {
      greet(deps, request, reply);
      fail(deps, error, request, reply);
    },
  }) as unknown as FastifyInstance;
  app.server.maxConnections = limits.connections;

  app.decorateRequest('appraisal', undefined);
  app.decorateRequest('failure', undefined);
  app.setErrorHandler((error, request, reply) => fail(deps, error, request, reply));
  app.setNotFoundHandler(() => {
    throw new AttestError('NotFound', 'This service has no such route.');
  });
  // Bodies stay bytes: what they mean is for core's strict parsers to say. Schemas are documentation.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (answer) => JSON.stringify(answer));

  app.addHook('onRequest', async (request, reply) => {
    greet(deps, request, reply);
    if (request.raw.rawHeaders.length / 2 > limits.headers)
      throw new AttestError('HeadersTooLarge', `The request has more than ${limits.headers} headers.`);
  });
  app.addHook('onSend', async (_request, reply) => {
    if (deps.phase.current === 'stopping') reply.header('connection', 'close');
  });
  app.addHook('onResponse', async (request, reply) => account(deps, request, reply));

  await app.register(swagger, openapiOptions(deps));
  const delay = loopDelay();
  app.addHook('onClose', async () => {
    delay.stop();
    deps.collateral.close?.();
  });
  deps.collateral.listen?.((event) => logFetch(app.log, event));
  deps.collateral.start?.();
  const guards: Guards = {
    enter: gate(limits.inFlight, limits.loopDelayMilliseconds, delay.milliseconds),
    limit: clientLimit(limits.clientRequestsPerSecond, () => performance.now()),
    origins: new Set(cors.origins),
  };
  for (const route of routeTable(deps)) addRoute(app, route, guards);
  const document = {
    method: 'GET',
    url: '/openapi.json',
    summary: 'This document',
    answers: { 200: 'OpenAPI 3.1' },
  } as const;
  addRoute(app, { ...document, isShared: true, handle: () => ({ body: JSON.stringify(app.swagger()) }) }, guards);
  return app;
}

/** Options of Node's own servers. */
function serverOptions({ config: { limits } }: Deps, tls: Tls | undefined) {
  const milliseconds = Math.ceil(limits.requestSeconds * 1000);
  const options = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: milliseconds,
    // How often Node looks for requests that take too long.
    connectionsCheckingInterval: Math.min(5000, Math.max(50, milliseconds / 4)),
  };
  if (!tls) return { http: options };
  return {
    https: {
      ...options,
      cert: tls.cert,
      key: tls.key,
      minVersion: 'TLSv1.2' as const,
      handshakeTimeout: Math.min(10_000, milliseconds),
    },
  };
}
