/** How a path can fail, and when one holds. */

export type PathProblem =
  | 'path-empty'
  | 'path-too-long'
  | 'untrusted'
  | 'issuer-name'
  | 'issuer-key'
  | 'algorithm'
  | 'signature'
  | 'not-a-ca'
  | 'path-length'
  | 'key-usage'
  | 'purpose'
  | 'critical-extension'
  | 'constraint'
  | 'crl-missing'
  | 'crl-signature'
  | 'crl-critical-extension'
  | 'crl-without-end'
  | 'revoked';

export interface BadPath {
  readonly ok: false;
  readonly problem: PathProblem;
  /** Which certificate of the path, leaf 0. */
  readonly index: number;
  /** A sentence with names and numbers. */
  readonly detail: string;
}

export const bad = (problem: PathProblem, index: number, detail: string): BadPath => ({
  ok: false,
  problem,
  index,
  detail,
});

/** Milliseconds since 1970, both inclusive. Empty where the end comes first. */
export interface Span {
  readonly from: number;
  readonly until: number;
}
/** When both hold. */
export const meet = (a: Span, b: Span): Span => ({ from: Math.max(a.from, b.from), until: Math.min(a.until, b.until) });
/** No bound on either side. */
export const always: Span = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
