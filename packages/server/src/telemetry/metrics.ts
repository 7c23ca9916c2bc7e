/** What the service counts, for Prometheus. One registry for each service, so that several can run in one process. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { FetchEvent, Held } from '../collateral/source.ts';

export interface Metrics {
  readonly registry: Registry;
  readonly request: (route: string, method: string, status: number, seconds: number) => void;
  readonly attestation: (type: string, outcome: string, code: string) => void;
  readonly failedCheck: (check: string) => void;
  readonly defect: () => void;
  readonly memory: (hit: boolean) => void;
  /** Names whom to ask, whenever metrics are read, what collateral is at hand. */
  readonly collateralHeld: (held: () => readonly Held[]) => void;
  readonly collateralFetch: (event: FetchEvent) => void;
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
  let held: () => readonly Held[] = () => [];
  const collateral = (name: string, help: string, timeOf: (one: Held) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['name'],
      aggregator: 'min',
      registers,
      collect() {
        this.reset();
        for (const one of newestOf(held())) this.set({ name: one.name }, timeOf(one) / 1000);
      },
    });
  collateral(
    'assay_collateral_until_seconds',
    'When a piece of collateral at hand ends, in seconds since 1970',
    ({ until }) => until,
  );
  collateral(
    'assay_collateral_issued_seconds',
    'When a piece of collateral at hand was issued, in seconds since 1970: its age is the time since',
    ({ issued }) => issued,
  );
  const fetches = new Counter({
    name: 'assay_collateral_fetches_total',
    help: 'Questions to sources of collateral by how they ended',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const failures = new Counter({
    name: 'assay_collateral_failures_total',
    help: 'Answers of sources of collateral that were refused, or did not come',
    labelNames: ['source', 'reason'],
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
    collateralHeld(by) {
      held = by;
    },
    collateralFetch({ source, outcome, reason }) {
      fetches.inc({ source, outcome });
      if (reason !== undefined) failures.inc({ source, reason });
    },
  };
}

/** Of several pieces of one name the one that ends last; those without an end have none to tell. */
function newestOf(held: readonly Held[]): Iterable<Held> {
  const newest = new Map<string, Held>();
  for (const one of held)
    if (Number.isFinite(one.until) && one.until > (newest.get(one.name)?.until ?? Number.NEGATIVE_INFINITY))
      newest.set(one.name, one);
  return newest.values();
}
