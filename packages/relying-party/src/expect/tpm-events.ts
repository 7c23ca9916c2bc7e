/**
 * Expectations of what a machine measured while it booted, by JMESPath. Tokens carry events only where the policy issues
 * them (`c:[type=="events"] => issue(type="events", value=c.value)`); the service hands policies only events that the
 * quote covers and the log explains.
 */
import { isDeepStrictEqual } from 'node:util';
import { isObject, type JsonObject, JsonRefused, member, parseObject, shownJson } from '../json.ts';
import { type Problem, problem } from '../problem.ts';
import type { Expectation } from './expectation.ts';

export interface TpmEventsExpectation {
  /**
   * `search(document, query)` of a JMESPath library, such as `@jmespath-community/jmespath`: this package brings none.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each library has a type of its own for JSON
  readonly search: (document: any, query: string) => unknown;
  /** What each query must find: JSON, compared as a whole. A query that finds nothing gives null. */
  readonly queries: Readonly<Record<string, unknown>>;
  /** The claim that the policy issues them by. Default `events`. */
  readonly claim?: string;
}

/**
 * @throws {TypeError} for an expectation without queries: it would accept anything
 */
export function tpmEvents({ search, queries, claim = 'events' }: TpmEventsExpectation): Expectation {
  const wanted = Object.entries(queries);
  if (wanted.length === 0)
    throw new TypeError('an expectation of events needs queries: without them it accepts any boot');
  return {
    problems(claims) {
      const issued = member(claims, 'x-ms-policy');
      const told = isObject(issued) ? member(issued, claim) : undefined;
      const document = eventsIn(told);
      if (!document)
        return [problem('tpm.events', `the policy did not issue events as «${claim}»`, '{"Events": […]}', told)];
      return wanted.flatMap(([query, expected]) => queryProblems(search, document, query, expected));
    },
  };
}

/** The claim is text of JSON: policies cannot make an object of it. */
function eventsIn(told: unknown): JsonObject | undefined {
  try {
    const document = typeof told === 'string' ? parseObject(Buffer.from(told, 'utf8')) : {};
    return Array.isArray(member(document, 'Events')) ? document : undefined;
  } catch (error) {
    if (error instanceof JsonRefused) return undefined;
    throw error;
  }
}

function queryProblems(
  search: TpmEventsExpectation['search'],
  document: JsonObject,
  query: string,
  expected: unknown,
): readonly Problem[] {
  let found: unknown;
  try {
    found = search(document, query) ?? null;
  } catch (error) {
    return [
      problem('tpm.events', `the query ${query} fails`, expected, error instanceof Error ? error.message : error),
    ];
  }
  // As JSON: libraries make objects of their own.
  const isSame = isDeepStrictEqual(JSON.parse(shownJson(found)), JSON.parse(shownJson(expected)));
  return isSame ? [] : [problem('tpm.events', `the events are others by the query ${query}`, expected, found)];
}
