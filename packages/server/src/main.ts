/**
 * The service's life: configuration, keys, app, listening; on SIGTERM it stops taking connections, finishes every request
 * that it accepted, and ends.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { AttestError } from '@assay/core';
import { buildApp } from './app.ts';
import type { Config } from './config.ts';
import { type Deps, makeDeps, type Parts } from './deps.ts';
import { collateralFolderOf } from './follows.ts';
import { developmentTls, ownTls, type Tls } from './keys/tls.ts';
import { misconfigured } from './misconfigured.ts';
import { connectionsOf } from './sockets.ts';

export interface Served {
  /** Where it listens. */
  readonly url: string;
  /** The issuer in tokens and metadata. */
  readonly issuer: string;
  /** The file with the development CA's certificate, for clients; absent with an own certificate or without TLS. */
  readonly authority?: string;
  /** The insecure settings that are on. */
  readonly insecure: readonly string[];
  /** What else whoever runs it should know at once, in sentences. */
  readonly warnings: readonly string[];
  /** Stops: no new connections, requests under way finished, for so long as the configuration allows. */
  readonly close: () => Promise<void>;
}

/**
 * Starts the service.
 * @throws {AttestError} ConfigurationInvalid before anything listens
 */
export async function serve(given: Config, parts: Parts = {}): Promise<Served> {
  const config = await withPort(given);
  const deps = makeDeps(config, parts);
  const isPlain = config.insecure.plainHttp || config.tls.terminated;
  const tls = isPlain ? undefined : tlsOf(config, deps);
  const app = await buildApp(deps, tls);
  const connections = connectionsOf(app.server);
  const { host, port } = config.listen;
  for (const name of deps.insecure.names)
    app.log.warn({ insecure: name }, `INSECURE SETTING IS ON: ${name}. Never in production`);
  const warnings = (await deps.collateral.isBare?.()) ? [bare(config)] : [];
  for (const warning of warnings) app.log.warn(warning);
  await app.listen({ host, port, listenTextResolver: () => 'listening' }).catch((cause: unknown) => {
    throw cannotListen(host, port, cause);
  });
  deps.phase.current = 'ready';
  const url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const authority = tls?.authority;
  app.log.info(
    { url, issuer: deps.issuer, pid: process.pid, ...(authority !== undefined && { developmentCa: authority }) },
    'ready',
  );

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    deps.phase.current = 'stopping';
    app.log.info('stopping');
    await seconds(config.limits.noticeSeconds);
    const deadline = setTimeout(() => {
      app.log.warn('requests are still under way, and are cut off');
      connections.destroyAll();
    }, config.limits.drainSeconds * 1000);
    const closed = app.close();
    connections.destroySilent();
    await closed;
    clearTimeout(deadline);
  };
  return {
    url,
    issuer: deps.issuer,
    ...(authority !== undefined && { authority }),
    insecure: deps.insecure.names,
    warnings,
    close: () => (stopped ??= stop()),
  };
}

/** Serves until SIGTERM or SIGINT; a second signal ends the process at once. */
export async function serveUntilStopped(
  config: Config,
  started: (served: Served) => void,
  parts: Parts = {},
): Promise<void> {
  const served = await serve(config, { processMetrics: true, ...parts });
  started(served);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
  await served.close();
}

function bare(config: Config): string {
  const own = collateralFolderOf(config);
  const folders = new Set(config.collateral.sources.map(({ folder = own }) => folder));
  const where = [...folders].join(', ') || own;
  return `There is no collateral in ${where}: every attestation of a quote will be answered 503 until some is imported with «assay collateral import»`;
}

function tlsOf({ tls, data }: Config, { issuer, now }: Deps): Tls {
  const { certificate, key } = tls;
  if (certificate !== undefined && key !== undefined) return ownTls(certificate, key);
  return developmentTls(join(data.folder, 'keys'), issuer, now());
}

/** Port 0 becomes a free port before anything is made: the issuer has the port in it. */
export async function withPort(config: Config): Promise<Config> {
  if (config.listen.port !== 0) return config;
  const { host } = config.listen;
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve)).catch((cause) => {
    throw cannotListen(host, 0, cause);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  const port = typeof address === 'object' && address ? address.port : 0;
  return { ...config, listen: { ...config.listen, port } };
}

const cannotListen = (host: string, port: number, cause: unknown): AttestError =>
  misconfigured(`The service cannot listen on ${host} (listen.host), port ${port} (listen.port)`, cause);

const seconds = (count: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, count * 1000));
