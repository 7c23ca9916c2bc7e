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

export class Queries {
  readonly budget: Budget;
  readonly #documents: Table<Json>;
  readonly #compiled: Map<string, Query>;

  /** @param compiled queries known before the evaluation */
  constructor(budget: Budget, compiled: ReadonlyMap<string, Query> = new Map()) {
    this.budget = budget;
    this.#documents = new Table(budget);
    this.#compiled = new Map(compiled);
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
    spend(this.budget, compiling * (1 + query.length));
    const compiled = compileQuery(query);
    this.#compiled.set(query, compiled);
    return compiled;
  }

  /** All queries compiled so far, by text. */
  get compiled(): ReadonlyMap<string, Query> {
    return this.#compiled;
  }
}

/** Steps that compiling a query takes for each of its characters. */
const compiling = 60;
