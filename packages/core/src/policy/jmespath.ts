/** JMESPath (specification of 2015) with `equals_ignore_case`: queries to functions on JSON. */

import type { Json } from '../claim.ts';
import type { Steps } from './budget.ts';
import { parseQuery } from './jmespath-parse.ts';
import { buildQuery, type Search } from './jmespath-search.ts';
import { textOf } from './jmespath-values.ts';

/**
 * What a query finds.
 * @throws {AttestError} when a function fails, or the search is too large
 */
export type Query = Search;

/** @throws {AttestError} for what is no query of the dialect */
export const compileQuery = (query: string): Query => buildQuery(parseQuery(query));

/** A query to its result as compact text, members in byte order. */
export function compileToText(query: string): (json: Json, steps: Steps) => string {
  const search = compileQuery(query);
  return (json, steps) => textOf(search(json, steps), steps).text;
}
