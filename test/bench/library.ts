/** The bare JMESPath library beside which policies are measured, with the one function that it lacks. */
import { type Claim, formatJson } from '@assay/core';
import { evaluate, type Program } from '@assay/core/policy';
import { registerFunction, TYPE_ANY } from '@jmespath-community/jmespath';

const fold = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
const anything = { types: [TYPE_ANY] };
registerFunction('equals_ignore_case', (given) => fold(given[0]) === fold(given[1]), [anything, anything]);

export { compile as treeOf, search, TreeInterpreter } from '@jmespath-community/jmespath';

/** The queries that a policy makes, those that it puts together included, and the documents that it runs them over. */
export function queriesOf(
  program: Program,
  claims: readonly Claim[],
): readonly (readonly [document: string, query: string])[] {
  const seen: [string, string][] = [];
  evaluate(program, claims);
  const queries: Map<string, Query> = new Map();
  for (const [text, query] of [...program.queries, ...program.made])
    queries.set(text, (json, steps) => {
      seen.push([formatJson(json, { sorted: true }), text]);
      return query(json, steps);
    });
  evaluate({ ...program, queries }, claims);
  return seen;
}

type Query = Program['queries'] extends ReadonlyMap<string, infer Q> ? Q : never;
