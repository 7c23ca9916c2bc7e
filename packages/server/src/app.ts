/** The service's HTTP face: the route table, what holds for every request, and how answers and failures travel. */
import { METHODS } from 'node:http';
import { AttestError } from '@assay/core';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
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
import { answerBroken, refuseTunnel } from './sockets.ts';
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
  const { limits, cors, log, listen } = deps.config;
  const app = Fastify({
    ...serverOptions(deps, tls),
    logger: loggerOptions(log.level, deps.logTo),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limits.bodyBytes,
    requestTimeout: Math.ceil(limits.requestSeconds * 1000),
    keepAliveTimeout: 65_000,
    trustProxy: listen.trustedProxies.length > 0 && [...listen.trustedProxies],
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
  // What Node would answer by itself, and without a word.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.server.on('connect', refuseTunnel);
  // A method that no route has is as wrong on a route as any other, not a route that is absent.
  for (const method of METHODS) if (!isKnown(app, method)) app.addHttpMethod(method);

  app.decorateRequest('appraisal', undefined);
  app.decorateRequest('failure', undefined);
  app.setErrorHandler((error, request, reply) => fail(deps, error, request, reply));
  const named = deps.offered.map(({ type }) => type.name).join(', ');
  app.setNotFoundHandler(({ url }) => {
    throw new AttestError(
      'NotFound',
      /^\/attest\//i.test(url)
        ? `This service has no such attestation type: it has ${named}.`
        : 'This service has no such route: GET /openapi.json lists those that it has.',
    );
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
    requireOrdinary(request);
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
    gate: gate(limits.inFlight, limits.loopDelayMilliseconds, delay.milliseconds),
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

/** CONNECT makes no request that Fastify sees. */
const isKnown = ({ supportedMethods }: FastifyInstance, method: string): boolean =>
  method === 'CONNECT' || supportedMethods.includes(method);

/** What HTTP/1.1 itself demands of a request (RFC 9110 §10.1.1, RFC 9112 §3.2). */
function requireOrdinary({ headers, raw }: FastifyRequest): void {
  if (headers.host === undefined && raw.httpVersion === '1.1')
    throw new AttestError('RequestMalformed', 'The request has no header Host.');
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== '100-continue')
    throw new AttestError('RequestMalformed', 'Nothing can be expected here but «100-continue».');
}

/** Options of Node's own servers. */
function serverOptions({ config: { limits } }: Deps, tls: Tls | undefined) {
  const milliseconds = Math.ceil(limits.requestSeconds * 1000);
  const options = {
    maxHeaderSize: limits.headerBytes,
    // Its absence is answered as every other mistake is.
    requireHostHeader: false,
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
