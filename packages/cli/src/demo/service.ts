/** The demo's first process: the service, started as `assay serve` starts it, on its embedded defaults. */
import { loadConfig, serveUntilStopped } from '@assay/server';
import { actor } from './actor.ts';
import type { ServiceOrder, Serving } from './messages.ts';

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

actor<ServiceOrder, Serving>(({ flags }, tell) =>
  serveUntilStopped(loadConfig({ flags }), ({ issuer, authority = '', insecure }) =>
    tell({ kind: 'serving', issuer, authority, insecure }),
  ),
);
