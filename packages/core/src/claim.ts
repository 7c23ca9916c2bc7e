/** A fact under its wire name: what policies test and tokens carry. */
import type { Json } from './json/value.ts';

export type { Json, JsonObject } from './json/value.ts';

/** Who says so (Azure's names): the service from evidence, a policy rule, or the client. */
export type Issuer = 'AttestationService' | 'AttestationPolicy' | 'CustomClaim';

export interface Claim {
  readonly name: string;
  readonly value: Json;
  /** What `value` is the text of, where that is at hand: nobody need read it again. */
  readonly json?: Json;
  /** Whether policies see it, the token carries it, or both. */
  readonly to: 'policy' | 'token' | 'both';
  /** Policies may test it but not issue it (policy language 1.2). */
  readonly readOnly?: true;
  /** Absent: `AttestationService`. */
  readonly issuer?: Issuer;
}
