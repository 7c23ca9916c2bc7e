/** Why a policy decided as it did, in sentences: which rule denied, or what held back each rule that could have permitted. */
import type { PolicyClaim } from './claims.ts';
import { longestSymbol } from './limits.ts';
import type { Reason } from './run.ts';
import { cut } from './source.ts';
import type { Value } from './values.ts';

/** How many rules and claims one explanation names; the trace has more. */
const most = 4;

/** The rule on line 3 denied: [type=="debug", value==true] found debug = true. */
export const whyDecided = ({ rule, condition, match }: Reason, verb: 'denied' | 'permitted'): string =>
  `The rule on line ${rule.range.start.line} ${verb}${condition && match ? `: ${found({ rule, condition, match })}` : ' without conditions'}.`;

/** No rule permitted. On line 4, [type=="debug", value==false] found debug = true. */
export function whyNotPermitted(held: readonly Reason[]): string {
  if (held.length === 0) return 'The policy has no rule that permits.';
  const shown = held.slice(0, most).map((reason) => `on line ${reason.rule.range.start.line}, ${found(reason)}`);
  const more = held.length > most ? `; and ${held.length - most} more` : '';
  return `No rule permitted: ${shown.join('; ')}${more}.`;
}

/** What a condition saw: its claims, the nearest misses, or nothing. */
export function found({ condition, match }: Reason): string {
  if (!condition || !match) return 'it has no conditions';
  const { claims, misses, type } = match;
  const seen = claims.length > 0 ? claims : misses;
  const what =
    seen.length > 0 ? listed(seen) : type === undefined ? 'no such claim' : `no claim of type '${short(type)}'`;
  return `${cut(condition.text, 2 * longestSymbol)} found ${what}`;
}

function listed(claims: readonly PolicyClaim[]): string {
  const shown = claims.slice(0, most).map(({ type, value, issuer }) => {
    const from = issuer === 'AttestationService' ? '' : ` (issued by ${issuer})`;
    return `${short(type)} = ${valueText(value)}${from}`;
  });
  return claims.length > most ? `${shown.join(', ')} and ${claims.length - most} more` : shown.join(', ');
}

const short = (text: string): string => cut(text, longestSymbol);
const valueText = (value: Value): string => (typeof value === 'string' ? `"${short(value)}"` : String(value));
