/**
 * JMESPath for one evaluation: documents are parsed once however many rules read them, queries compiled once, and the
 * steps of all searches together are bounded.
 */
import type { Json } from '../claim.ts';
import { AttestError, Malformed } from '../errors.ts';
import { readDocument } from './documents.ts';
import { compileQuery, type Query } from './jmespath.ts';
import { spend, textOf } from './jmespath-values.ts';
import { deepestQuery } from './limits.ts';

export class Queries {
  readonly #documents = new Map<string, Json>();
  readonly #compiled: Map<string, Query>;
  readonly #steps = { taken: 0 };

  /** @param compiled queries known before the evaluation */
  constructor(compiled: ReadonlyMap<string, Query> = new Map()) {
    this.#compiled = new Map(compiled);
  }

  /** @throws {AttestError} when the text is not JSON */
  read(text: string): Json {
    const known = this.#documents.get(text);
    if (known !== undefined) return known;
    this.scan(text);
    try {
      const json = readDocument(text);
      this.#documents.set(text, json);
      return json;
    } catch (error) {
      if (error instanceof Malformed)
        throw new AttestError('PolicyDenied', `not JSON: ${error.message}`, { cause: error });
      throw error;
    }
  }

  /** Pays for looking at all of a text. @throws {AttestError} when too much has been looked at */
  scan(text: string): void {
    spend(this.#steps, text.length >> 4);
  }

  /**
   * @returns the result as compact JSON text, members in byte order
   * @throws {AttestError} for a bad query, a failing function, and results or searches beyond their bounds
   */
  search(json: string, query: string): string {
    const value = this.compile(query)(this.read(json), this.#steps);
    const { text, depth } = textOf(value, this.#steps);
    // Rules filter first and look closer later: what was just written need not be parsed to be read.
    if (depth > 0 && depth < deepestQuery) this.#documents.set(text, value);
    return text;
  }

  /** @throws {AttestError} for a query that is malformed or outside the dialect */
  compile(query: string): Query {
    const known = this.#compiled.get(query);
    if (known !== undefined) return known;
    const compiled = compileQuery(query);
    this.#compiled.set(query, compiled);
    return compiled;
  }

  /** All queries compiled so far, by text. */
  get compiled(): ReadonlyMap<string, Query> {
    return this.#compiled;
  }
}
