/**
 * JMESPath for one evaluation: documents are parsed once however many rules read them, queries compiled once, and all of
 * it is paid for.
 */
import type { Json } from '../claim.ts';
import { AttestError, Malformed } from '../errors.ts';
import { type Budget, spend } from './budget.ts';
import { readDocument } from './documents.ts';
import { compileQuery, type Query } from './jmespath.ts';
import { textOf } from './jmespath-values.ts';
import { deepestQuery } from './limits.ts';
import { Table } from './table.ts';

/** What was worked out before an evaluation begins. */
export interface Known {
  /** Queries that the policy names. */
  readonly compiled?: ReadonlyMap<string, Query>;
  /** Queries that evaluations of the same policy put together: mostly the same each time. They are entered here. */
  readonly made?: Map<string, Query>;
  /** Texts that have been read, and what they say. */
  readonly documents?: readonly (readonly [text: string, json: Json])[];
}

/** So many queries of a policy are kept, and no longer ones: they may be made of what clients send. */
const mostMade = 64;
const longestMade = 1024;

export class Queries {
  readonly budget: Budget;
  readonly #documents: Table<Json>;
  readonly #compiled: Map<string, Query>;
  readonly #made: Map<string, Query>;

  constructor(budget: Budget, { compiled, made = new Map(), documents = [] }: Known = {}) {
    this.budget = budget;
    this.#made = made;
    this.#documents = new Table(budget);
    for (const [text, json] of documents) this.#documents.add(text, json);
    this.#compiled = new Map(compiled ?? []);
  }

  /** @throws {AttestError} when the text is not JSON */
  read(text: string): Json {
    const known = this.#documents.get(text);
    if (known !== undefined) return known;
    try {
      const json = readDocument(text, this.budget);
      this.#documents.add(text, json);
      return json;
    } catch (error) {
      if (error instanceof Malformed)
        throw new AttestError('PolicyDenied', `not JSON: ${error.message}`, { cause: error });
      throw error;
    }
  }

  /**
   * @returns the result as compact JSON text, members in byte order
   * @throws {AttestError} for a bad query, a failing function, and results or searches beyond their bounds
   */
  search(json: string, query: string): string {
    const value = this.compile(query)(this.read(json), this.budget);
    const { text, depth } = textOf(value, this.budget);
    // Rules filter first and look closer later: what was just written need not be parsed to be read.
    if (depth > 0 && depth < deepestQuery && this.#documents.get(text) === undefined) this.#documents.add(text, value);
    return text;
  }

  /** @throws {AttestError} for a query that is malformed or outside the dialect */
  compile(query: string): Query {
    const known = this.#compiled.get(query);
    if (known !== undefined) return known;
    // What it costs does not depend on who came before.
    spend(this.budget, compiling * (1 + query.length));
    const compiled = this.#made.get(query) ?? compileQuery(query);
    this.#compiled.set(query, compiled);
    if (this.#made.size < mostMade && query.length <= longestMade) this.#made.set(query, compiled);
    return compiled;
  }

  /** All queries compiled so far, by text. */
  get compiled(): ReadonlyMap<string, Query> {
    return this.#compiled;
  }
}

/** Steps that compiling a query takes for each of its characters. */
const compiling = 60;
