/** The attestation service, to be started by the command line or embedded. */
export { buildApp } from './app.ts';
export { type Config, Configuration } from './config.ts';
export { type Deps, makeDeps, type Parts } from './deps.ts';
export { foreignVariables, loadConfig, printConfig, type Sources, settings } from './load-config.ts';
export { type Served, serve, serveUntilStopped } from './main.ts';
export type { Ready } from './peers.ts';
export type { Setting } from './settings.ts';
export { serveWorkersUntilStopped } from './workers.ts';
