/** What operators and their machines read: health, readiness, metrics. */
import type { Deps } from '../deps.ts';
import { together } from '../telemetry/together.ts';
import { type Route, unkept } from './route.ts';

export const healthRoutes = ({ phase, insecure, version, metrics, peers }: Deps): readonly Route[] => [
  {
    method: 'GET',
    url: '/servicehealth',
    summary: 'Whether the service answers',
    answers: { 204: 'It does' },
    handle: () => ({ status: 204, body: '', headers: unkept }),
  },
  {
    method: 'GET',
    url: '/healthz',
    summary: 'Whether the process is alive',
    answers: { 200: 'It is' },
    handle: () => ({ body: '{"status":"alive"}', headers: unkept }),
  },
  {
    method: 'GET',
    url: '/readyz',
    summary: 'Whether the service takes requests, and which insecure settings are on',
    answers: { 200: 'It does', 503: 'It starts or stops' },
    handle: () => ({
      status: phase.current === 'ready' ? 200 : 503,
      body: JSON.stringify({ status: phase.current, version, insecure: insecure.names }),
      headers: unkept,
    }),
  },
  {
    method: 'GET',
    url: '/metrics',
    summary: 'Metrics for Prometheus',
    answers: { 200: 'In the text format' },
    handle: async () => ({
      body: await together(metrics.registry, await peers.ask({ metrics: true })),
      contentType: metrics.registry.contentType,
      headers: unkept,
    }),
  },
];
