/** Metrics of several processes of one service as if they were of one: what is counted is added up. */
import { AggregatorRegistry, type Registry } from 'prom-client';

/** @param others what the other processes answered, as `getMetricsAsJSON` gave it there */
export async function together(own: Registry, others: readonly unknown[]): Promise<string> {
  if (others.length === 0) return own.metrics();
  const all = [await own.getMetricsAsJSON(), ...(others as object[])];
  return AggregatorRegistry.aggregate(all).metrics();
}
