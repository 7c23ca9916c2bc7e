/** The incoming set of an evaluation: claims in the order they came, equal ones folded, found by type. */
import type { Claim, Issuer, Json } from '../claim.ts';
import { AttestError } from '../errors.ts';
import { formatJson } from '../json/index.ts';
import type { Steps } from './budget.ts';
import { mostClaims } from './limits.ts';
import { same, Table } from './table.ts';
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
export function policyClaims(claims: readonly Claim[]): readonly PolicyClaim[] {
  const seen: PolicyClaim[] = [];
  const visible = claims.filter(({ to }) => to === 'policy' || to === 'both');
  for (const { name, value, issuer = 'AttestationService', readOnly = false } of visible) {
    if (typeof value === 'string' || typeof value === 'boolean') seen.push({ type: name, value, issuer, readOnly });
    else for (const each of valuesOf(value)) seen.push({ type: name, value: each, issuer, readOnly });
  }
  return seen;
}

/** Claims of one type: where they stand, and once there are many, by value. */
interface Typed {
  readonly places: number[];
  byValue?: Table<number[]>;
}

/** So many claims are compared one by one as fast as they are looked up. */
const few = 16;

export class ClaimSet {
  readonly #all: PolicyClaim[] = [];
  readonly #byType = new Map<string, Typed>();
  readonly #steps: Steps;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /**
   * Adds a claim, unless one equal in type, value and issuer is there.
   * @throws {AttestError} when there are too many
   */
  add(claim: PolicyClaim): void {
    const typed = this.#byType.get(claim.type);
    const place = typed && this.#find(claim, typed);
    if (place !== undefined) {
      const kept = this.#all[place] as PolicyClaim;
      const readOnly = foldedReadOnly(kept.readOnly, claim.readOnly);
      if (readOnly !== kept.readOnly) this.#all[place] = { ...kept, readOnly };
      return;
    }
    if (this.#all.length >= mostClaims)
      throw new AttestError('PolicyDenied', `more than ${mostClaims} claims in one evaluation`);
    const next = this.#all.push(claim) - 1;
    if (typed === undefined) this.#byType.set(claim.type, { places: [next] });
    else this.#enter(typed, claim.value, next);
  }

  #find({ value, issuer }: PolicyClaim, { places, byValue }: Typed): number | undefined {
    const candidates = byValue ? (byValue.get(value) ?? []) : places;
    return candidates.find((place) => {
      const kept = this.#all[place] as PolicyClaim;
      return kept.issuer === issuer && same(kept.value, value, this.#steps);
    });
  }

  #enter(typed: Typed, value: Value, place: number): void {
    typed.places.push(place);
    if (typed.places.length <= few) return;
    if (typed.byValue) addTo(typed.byValue, value, place);
    else {
      typed.byValue = new Table(this.#steps);
      for (const each of typed.places) addTo(typed.byValue, (this.#all[each] as PolicyClaim).value, each);
    }
  }

  /** All claims, or those of one type, in the order they came. */
  list(type?: string): readonly PolicyClaim[] {
    if (type === undefined) return this.#all;
    return this.#byType.get(type)?.places.map((place) => this.#all[place] as PolicyClaim) ?? [];
  }
}

function addTo(table: Table<number[]>, value: Value, place: number): void {
  const there = table.get(value);
  if (there) there.push(place);
  else table.add(value, [place]);
}
