/** The incoming set of an evaluation: claims in the order they came, equal ones folded, found by type. */
import type { Claim, Issuer, Json } from '../claim.ts';
import { AttestError } from '../errors.ts';
import { formatJson } from '../json/index.ts';
import { mostClaims } from './limits.ts';
import { foldedReadOnly } from './undocumented.ts';
import { isInt64, type Value } from './values.ts';

/** A claim with one value: what conditions test. */
export interface PolicyClaim {
  readonly type: string;
  readonly value: Value;
  readonly issuer: Issuer;
  /** Policies may test it but not issue it. */
  readonly readOnly: boolean;
}

/**
 * A claim's JSON value in the language: booleans, integers and strings as they are; an array of such as several values
 * (nulls dropped); everything else (objects, other arrays, fractions, integers beyond 64 bits) as its compact text with
 * members in byte order.
 */
export function valuesOf(json: Json): readonly Value[] {
  if (Array.isArray(json)) {
    const items = (json as readonly Json[]).filter((item) => item !== null).map(plainValue);
    return items.includes(undefined) ? [formatJson(json, { sorted: true })] : (items as Value[]);
  }
  return json === null ? [] : [plainValue(json) ?? formatJson(json, { sorted: true })];
}

function plainValue(json: Json): Value | undefined {
  if (typeof json === 'boolean' || typeof json === 'string') return json;
  if (typeof json !== 'bigint' && !Number.isSafeInteger(json)) return undefined;
  const integer = BigInt(json as bigint | number);
  return isInt64(integer) ? integer : undefined;
}

/** What evidence (or the client) claims, as far as policies see it. */
export const policyClaims = (claims: readonly Claim[]): readonly PolicyClaim[] =>
  claims
    .filter(({ to }) => to === 'policy' || to === 'both')
    .flatMap(({ name, value, issuer = 'AttestationService', readOnly = false }) =>
      valuesOf(value).map((each): PolicyClaim => ({ type: name, value: each, issuer, readOnly })),
    );

export class ClaimSet {
  readonly #all: PolicyClaim[] = [];
  readonly #byType = new Map<string, number[]>();
  /** Where a claim stands, by issuer, type and value. */
  readonly #places = new Map<Issuer, Map<string, Map<Value, number>>>();

  /**
   * Adds a claim, unless one equal in type, value and issuer is there.
   * @throws {AttestError} when there are too many
   */
  add(claim: PolicyClaim): void {
    const places = inner(
      inner(this.#places, claim.issuer, () => new Map<string, Map<Value, number>>()),
      claim.type,
      () => new Map<Value, number>(),
    );
    const place = places.get(claim.value);
    const kept = place === undefined ? undefined : this.#all[place];
    if (place !== undefined && kept !== undefined) {
      const readOnly = foldedReadOnly(kept.readOnly, claim.readOnly);
      if (readOnly !== kept.readOnly) this.#all[place] = { ...kept, readOnly };
      return;
    }
    if (this.#all.length >= mostClaims)
      throw new AttestError('PolicyDenied', `more than ${mostClaims} claims in one evaluation`);
    places.set(claim.value, this.#all.length);
    inner(this.#byType, claim.type, () => []).push(this.#all.length);
    this.#all.push(claim);
  }

  /** All claims, or those of one type, in the order they came. */
  list(type?: string): readonly PolicyClaim[] {
    const all = this.#all;
    return type === undefined ? all : (this.#byType.get(type) ?? []).map((place) => all[place] as PolicyClaim);
  }
}

function inner<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
