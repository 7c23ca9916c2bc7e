/** What the service counts, for Prometheus. One registry for each service, so that several can run in one process. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  readonly registry: Registry;
  readonly request: (route: string, method: string, status: number, seconds: number) => void;
  readonly attestation: (type: string, outcome: string, code: string) => void;
  readonly failedCheck: (check: string) => void;
  readonly defect: () => void;
  readonly memory: (hit: boolean) => void;
  readonly collateralUntil: (name: string, until: number) => void;
  readonly forgetCollateral: () => void;
}

/** @param process whether the runtime's own figures are told as well */
export function makeMetrics(process: boolean): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Histogram({
    name: 'assay_request_seconds',
    help: 'Time from the first byte of a request to the last of its answer',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
    registers,
  });
  const attestations = new Counter({
    name: 'assay_attestations_total',
    help: 'Attestation requests by how they ended',
    labelNames: ['type', 'outcome', 'code'],
    registers,
  });
  const checks = new Counter({
    name: 'assay_failed_checks_total',
    help: 'Checks that refused evidence',
    labelNames: ['check'],
    registers,
  });
  const defects = new Counter({
    name: 'assay_defects_total',
    help: 'Failures that are faults of this service',
    registers,
  });
  const memory = new Counter({
    name: 'assay_remembered_proofs_total',
    help: 'Questions to remembered cryptography',
    labelNames: ['found'],
    registers,
  });
  const collateral = new Gauge({
    name: 'assay_collateral_until_seconds',
    help: 'When a piece of collateral at hand ends, in seconds since 1970',
    labelNames: ['name'],
    aggregator: 'min',
    registers,
  });
  if (process) collectDefaultMetrics({ register: registry });
  return {
    registry,
    request: (route, method, status, seconds) => requests.observe({ route, method, status }, seconds),
    attestation: (type, outcome, code) => attestations.inc({ type, outcome, code }),
    failedCheck: (check) => checks.inc({ check }),
    defect: () => defects.inc(),
    memory: (hit) => memory.inc({ found: String(hit) }),
    collateralUntil: (name, until) => collateral.set({ name }, until / 1000),
    forgetCollateral: () => collateral.reset(),
  };
}
