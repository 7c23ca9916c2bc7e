/** Policies and claims out of a seed: small names and values, so that conditions meet claims and rules meet each other. */
import type { Claim, Issuer, Json } from '../claim.ts';

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const names = ['a', 'a', 'b', 'b', 'c', 'x-ms-sgx-tcbidentifier', '__proto__'];
const texts = [
  '',
  'a',
  'b',
  'v',
  '1',
  'true',
  '{"a":[1,true,"v"],"b":{"a":1}}',
  '[1,"b",null]',
  '[1,[2]]',
  '9223372036854775807',
  '1.0',
  '"q"',
  '{',
  'null',
  '[]',
];
const queries = [
  'a',
  'b',
  '@',
  'a[0]',
  '[*]',
  'b.a',
  '[?@ == `1`]',
  'length(@)',
  'sort(@)',
  'keys(@)',
  'not_null(a, b)',
];

/** @param random numbers from 0 up to 1 */
export function randomPair(random: () => number): { readonly text: string; readonly claims: readonly Claim[] } {
  const below = (count: number): number => Math.floor(random() * count);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const chance = (part: number): boolean => random() < part;
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

  const literal = (): string =>
    pick([
      () => quoted(pick(names)),
      () => quoted(pick(texts)),
      () => String(below(4)),
      () => pick(['true', 'false']),
      () => pick(['-1', '0x2', '9223372036854775807', '-9223372036854775808']),
    ])();
  const reference = (bound: readonly string[]): string =>
    `${pick(bound)}.${chance(0.75) ? 'value' : pick(['type', 'issuer', 'valueType'])}`;
  const expression = (bound: readonly string[], depth: number): string => {
    if (bound.length === 0 || chance(0.35)) return literal();
    if (depth === 0 || chance(0.5)) return reference(bound);
    const inner = (): string => (chance(0.7) ? reference(bound) : expression(bound, depth - 1));
    return pick([
      () => `JmesPath(${inner()}, ${quoted(pick(queries))})`,
      () => `JsonToClaimValue(${inner()})`,
      () => `IsSubsetOf(${inner()}, ${expression(bound, depth - 1)})`,
      () => `AppendString(${inner()}, ${chance(0.5) ? quoted(pick(texts)) : inner()})`,
      () => `NegateBool(${inner()})`,
      () =>
        `ContainsOnlyValue(${chance(0.3) ? `JsonToClaimValue(${inner()})` : inner()}, ${expression(bound, depth - 1)})`,
      () => `IsSubsetOf(JsonToClaimValue(${inner()}), ${inner()})`,
    ])();
  };
  const test = (bound: readonly string[]): string => {
    if (chance(0.5)) return `type==${quoted(pick(names))}`;
    if (chance(0.15))
      return `issuer${pick(['==', '!='])}${quoted(pick(['AttestationService', 'AttestationPolicy', 'CustomClaim']))}`;
    if (chance(0.1)) return `valueType${pick(['==', '!='])}${quoted(pick(['String', 'Integer', 'Boolean']))}`;
    if (chance(0.3))
      return `value${pick(['<', '<=', '>', '>='])}${bound.length > 0 && chance(0.4) ? `${pick(bound)}.value` : below(4)}`;
    return `${chance(0.8) ? 'value' : 'type'}${pick(['==', '==', '!='])}${expression(bound, 1)}`;
  };
  const rule = (section: string): string => {
    const bound: string[] = [];
    const conditions: string[] = [];
    for (let i = below(4); i > 0; i--) {
      const negated = chance(0.2);
      const name = !negated && chance(0.6) ? `c${bound.length}` : undefined;
      const tests = Array.from({ length: below(3) + (chance(0.95) ? 1 : 0) }, () => test(bound));
      conditions.push(`${negated ? '!' : ''}${name === undefined ? '' : `${name}:`}[${tests.join(', ')}]`);
      if (name !== undefined) bound.push(name);
    }
    const made = (): string => {
      if (bound.length > 0 && chance(0.25)) return `claim=${pick(bound)}`;
      const type = bound.length > 0 && chance(0.1) ? `${pick(bound)}.type` : quoted(pick(names));
      const kind = chance(0.15) ? `, valueType=${quoted(pick(['String', 'Integer']))}` : '';
      return `type=${type}, value=${expression(bound, 2)}${kind}`;
    };
    const verbs = {
      configurationrules: ['add', 'issueproperty'],
      issuancerules: ['add', 'issue', 'issue', 'issueproperty'],
    };
    const action =
      section === 'authorizationrules'
        ? chance(0.45)
          ? pick(['permit()', 'permit()', 'permit()', 'deny()'])
          : `${pick(['add', 'issue'])}(${made()})`
        : `${pick(verbs[section as keyof typeof verbs])}(${made()})`;
    return `${conditions.join(' && ')} => ${action};`;
  };
  const section = (name: string, most: number): string =>
    `${name}{${Array.from({ length: below(most + 1) }, () => rule(name)).join('\n')}};`;

  const parts = [
    'version=1.2;',
    ...(chance(0.25) ? [section('configurationrules', 2)] : []),
    section('authorizationrules', 5).replace('};', chance(0.6) ? '=> permit();};' : '};'),
    ...(chance(0.8) ? [section('issuancerules', 5)] : []),
  ];
  const value = (): Json =>
    pick<() => Json>([
      () => pick(texts),
      () => pick(names),
      () => below(4),
      () => below(3),
      () => chance(0.5),
      () => 9223372036854775807n,
    ])();
  const claims = Array.from({ length: below(9) }, (): Claim => {
    const issuer: Issuer = pick(['AttestationService', 'AttestationService', 'AttestationPolicy', 'CustomClaim']);
    return { name: pick(names), value: value(), to: 'policy', issuer, ...(chance(0.25) && { readOnly: true }) };
  });
  return { text: parts.join('\n'), claims };
}
