/** JMESPath (specification of 2015) with `equals_ignore_case`: queries to functions from JSON to JSON text. */

import type { Json } from '../claim.ts';
import { parseQuery } from './jmespath-parse.ts';
import { buildQuery } from './jmespath-search.ts';
import { type Steps, textOf } from './jmespath-values.ts';

/**
 * Compact text of what a query finds, members in byte order.
 * @throws {AttestError} when a function fails, or the search or its result is too large
 */
export type Query = (json: Json, steps: Steps) => string;

/** @throws {AttestError} for what is no query of the dialect */
export function compileQuery(query: string): Query {
  const search = buildQuery(parseQuery(query));
  return (json, steps) => textOf(search(json, steps), steps);
}
