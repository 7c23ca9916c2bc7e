/** What a relying party demands of a verified token's claims. */
import type { JsonObject } from '../json.ts';
import type { Problem } from '../problem.ts';

export interface Expectation {
  /** @returns everything that is not as expected; nothing when all is */
  readonly problems: (claims: JsonObject) => readonly Problem[];
}
