/** Properties of the whole language over random policies and claims. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Claim } from '../claim.ts';
import { AttestError, Malformed } from '../errors.ts';
import { formatJson, type Json, parseJson } from '../json/index.ts';
import { format } from './format.ts';
import { check, compile, type Expression, evaluate, type Program, parse } from './index.ts';
import { compileToText } from './jmespath.ts';

const names = fc.constantFrom('a', 'b', 'x-ms-"\\', '__proto__', 'events');
const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
const literal = fc.oneof(
  names.map(quoted),
  fc
    .string({ unit: 'grapheme', maxLength: 6 })
    .filter((text) => !/[\r\n]/.test(text))
    .map(quoted),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: 0, max: 3 }).map((n) => `0x0${n}`),
  fc.constantFrom('0', '1', '2', 'true', 'false', '"{\\"a\\":[1,true]}"'),
);

/** Expressions over identifiers already bound. */
function expression(bound: readonly string[], depth = 2): fc.Arbitrary<string> {
  const references = bound.map((name) =>
    fc.constantFrom('value', 'type', 'issuer', 'valueType').map((property) => `${name}.${property}`),
  );
  if (depth === 0 || bound.length === 0) return fc.oneof(literal, ...references);
  // Calls of constants alone mostly fail at upload: an argument comes from a claim.
  const inner = fc.oneof(...references, call(bound, depth - 1));
  return fc.oneof({ weight: 3, arbitrary: fc.oneof(literal, ...references) }, { weight: 1, arbitrary: inner });
}

function call(bound: readonly string[], depth: number): fc.Arbitrary<string> {
  const references = bound.map((name) => fc.constant(`${name}.value`));
  const inner: fc.Arbitrary<string> =
    depth === 0 ? fc.oneof(...references) : fc.oneof(...references, call(bound, depth - 1));
  return fc.oneof(
    fc
      .tuple(inner, fc.constantFrom('"a"', '"@"', '"a[0]"', '"[*]"'))
      .map(([json, query]) => `JmesPath(${json},${query})`),
    inner.map((json) => `JsonToClaimValue(${json})`),
    fc.tuple(inner, fc.oneof(inner, literal)).map(([a, b]) => `IsSubsetOf(${a} , ${b})`),
    fc.tuple(inner, fc.oneof(inner, names.map(quoted))).map(([a, b]) => `AppendString(${a},${b})`),
    inner.map((b) => `NegateBool( ${b} )`),
    fc.tuple(inner, fc.oneof(inner, literal)).map(([set, v]) => `ContainsOnlyValue(${set}, ${v})`),
  );
}

const condition = (bound: readonly string[], index: number): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('', '', '!'),
      fc.constantFrom(`c${index}:`, `c${index} :`, ''),
      fc.array(
        fc.oneof(
          names.map((name) => `type == ${quoted(name)}`),
          fc
            .tuple(
              fc.constantFrom('type', 'value', 'valueType', 'issuer'),
              fc.constantFrom('==', '!='),
              expression(bound, 1),
            )
            .map((parts) => parts.join('')),
          fc
            .tuple(fc.constantFrom('<', '<=', '>', '>='), fc.constantFrom('0', '1', '-5'))
            .map(([sign, value]) => `value ${sign} ${value}`),
        ),
        { maxLength: 3 },
      ),
    )
    .map(([negation, name, tests]) => `${negation}${name}[${tests.join(' , ')}]`);

const rule = (section: 'configuration' | 'authorization' | 'issuance'): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: 3 }).chain((count) => {
    const conditions = fc.tuple(...Array.from({ length: count }, (_, i) => condition([], i)));
    return conditions.chain((before) => {
      const bound = before.flatMap((text) => /^(c\d)/.exec(text)?.[1] ?? []);
      const last = condition(bound, count);
      return fc.tuple(fc.option(last, { nil: undefined, freq: 2 }), action(section, bound)).map(([after, made]) => {
        const all = [...before, ...(after === undefined ? [] : [after])];
        return `${all.join(' && ')} => ${made};`;
      });
    });
  });

function action(section: string, bound: readonly string[]): fc.Arbitrary<string> {
  const verbs =
    {
      configuration: ['add', 'issueproperty'],
      authorization: ['add', 'issue'],
      issuance: ['add', 'issue', 'issueproperty'],
    }[section] ?? [];
  const made = fc
    .tuple(fc.constantFrom(...verbs), names, expression(bound), fc.boolean())
    .map(
      ([verb, type, value, first]) =>
        `${verb}(${first ? `type=${quoted(type)}, value = ${value}` : `value=${value},type=${quoted(type)}`})`,
    );
  const taken = bound.map((name) => fc.constantFrom(...verbs).map((verb) => `${verb}(claim=${name})`));
  return fc.oneof(
    made,
    ...taken,
    ...(section === 'authorization' ? [fc.constantFrom('permit()', 'permit( )', 'permit()', 'deny()')] : []),
  );
}

const gap = fc.constantFrom('', '', ' ', '\n', '\r\n\t', '\n\n\n', ' // a; comment "\n', '\n// one\n  // two\n');
const section = (word: string, kind: 'configuration' | 'authorization' | 'issuance'): fc.Arbitrary<string> =>
  fc
    .tuple(gap, gap, fc.array(fc.tuple(rule(kind), gap), { maxLength: 5 }), gap, gap)
    .map(
      ([before, open, rules, close, after]) =>
        `${before}${word}${open}{${kind === 'authorization' && rules.length !== 2 ? '=> permit();' : ''}${rules.map(([text, behind]) => text + behind).join('')}${close}}${after};`,
    );

const policy = fc
  .tuple(
    gap,
    gap,
    fc.option(section('configurationrules', 'configuration'), { freq: 4 }),
    section('authorizationrules', 'authorization'),
    fc.option(section('issuancerules', 'issuance')),
    gap,
  )
  .map(
    ([before, inside, configuration, authorization, issuance, after]) =>
      `${before}version${inside}=1.2;${configuration ?? ''}${authorization}${issuance ?? ''}${after}`,
  );

const claims: fc.Arbitrary<Claim[]> = fc.array(
  fc.record({
    name: names,
    value: fc.oneof(
      fc.boolean(),
      fc.integer({ min: -2, max: 2 }),
      fc.constantFrom('a', '{"a":[1,true]}', '[1]', 'null'),
      fc.constant([1, 'a', true]),
    ) as fc.Arbitrary<Json>,
    to: fc.constantFrom('policy', 'both', 'token'),
  }),
  { maxLength: 6 },
);

const compiled = (text: string): Program | AttestError => {
  try {
    return compile(text);
  } catch (error) {
    if (error instanceof AttestError) return error;
    throw error;
  }
};

test('the format of a policy is a fixed point, keeps its comments, and means the same', () => {
  let ran = 0;
  fc.assert(
    fc.property(policy, claims, (text, incoming) => {
      const { tree, findings } = parse(text);
      expect(findings).toEqual([]);
      const formatted = format(tree);
      const again = parse(formatted);
      expect(again.findings).toEqual([]);
      expect(format(again.tree)).toBe(formatted);
      expect(again.tree.comments.map((each) => each.text.trim()).sort()).toEqual(
        tree.comments.map((each) => each.text.trim()).sort(),
      );
      const [one, other] = [compiled(text), compiled(formatted)];
      if (one instanceof AttestError || other instanceof AttestError) {
        expect([one, other].every((each) => each instanceof AttestError)).toBe(true);
        return;
      }
      ran++;
      const strip = (program: Program) => {
        const { decision, issued, properties } = evaluate(program, incoming);
        return formatJson({ decision, issued: issued.map(({ name, value }) => [name, value]), properties });
      };
      expect(strip(other)).toBe(strip(one));
    }),
    { numRuns: 300 },
  );
  expect(ran).toBeGreaterThan(30);
}, 60_000);

/**
 * The language once more, as plainly as its description reads and as slow: every condition looks at every claim, and
 * nothing is shared with the real one but the tree and JMESPath. Errors are `undefined`.
 */
function slowly({ tree }: Program, incoming: readonly Claim[]): Json | undefined {
  type Value = boolean | bigint | string;
  interface Held {
    readonly type: string;
    readonly value: Value;
    readonly valueType: string;
    readonly issuer: string;
  }
  class Failed extends Error {}
  const kind = (value: Value): string =>
    ({ boolean: 'Boolean', bigint: 'Integer', string: 'String' })[typeof value as 'string'];
  const held: Held[] = [];
  const add = (each: Held): void => {
    if (!held.some((other) => other.type === each.type && other.value === each.value && other.issuer === each.issuer))
      held.push(each);
  };
  const distinct = (values: readonly Value[]): Value[] => values.filter((value, i) => values.indexOf(value) === i);
  const single = (values: readonly Value[], type: string): Value => {
    const [value] = values;
    if (values.length !== 1 || value === undefined || (type !== '' && kind(value) !== type)) throw new Failed();
    return value;
  };
  const json = (text: string): Json => parseJson(new TextEncoder().encode(text));
  const primitive = (value: Json): Value[] => {
    if (value === null) return [];
    if (typeof value === 'object' || (typeof value === 'number' && !Number.isInteger(value))) throw new Failed();
    return [typeof value === 'number' ? BigInt(value) : value];
  };
  const values = (expression: Expression, bound: Map<string, Held[]>): Value[] => {
    if (expression.kind === 'reference')
      return distinct((bound.get(expression.identifier.text) ?? []).map((each) => each[expression.property]));
    if (expression.kind !== 'call') return [expression.value];
    const [a = [], b = []] = expression.arguments.map((argument) => values(argument, bound));
    switch (expression.name.text) {
      case 'IsSubsetOf':
        return [a.every((value) => b.includes(value))];
      case 'ContainsOnlyValue':
        return [[single(b, '')].every((only) => a.length > 0 && a.every((value) => value === only))];
      case 'NegateBool':
        return [!single(a, 'Boolean')];
      case 'AppendString':
        return [`${single(a, 'String')}${single(b, 'String')}`];
      case 'JmesPath': {
        const [text, query] = [String(single(a, 'String')), String(single(b, 'String'))];
        if (text === '' || query === '') throw new Failed();
        return [compileToText(query)(json(text), { taken: 0 })];
      }
      default: {
        const value = json(String(single(a, 'String')));
        return distinct(Array.isArray(value) ? value.flatMap(primitive) : primitive(value));
      }
    }
  };
  const compares = (left: Value, operator: string, right: Value): boolean => {
    if (operator === '==') return left === right;
    if (typeof left !== 'bigint' || typeof right !== 'bigint') return false;
    return { '<': left < right, '<=': left <= right, '>': left > right, '>=': left >= right }[operator] ?? false;
  };
  const outgoing: [string, Value][] = [];
  const properties: [string, Value][] = [];
  const markers = new Set<string>();
  const run = (name: string): void => {
    for (const { conditions, action } of tree.sections.find((each) => each.name === name)?.rules ?? []) {
      const bound = new Map<string, Held[]>();
      const fires = conditions.every(({ negation, identifier, tests }) => {
        const rights = tests.map(({ right }) => values(right, bound));
        const found = held.filter((each) =>
          tests.every(({ property, operator }, i) => {
            const right = rights[i] ?? [];
            if (operator === '!=') return right.length > 0 && right.every((value) => each[property] !== value);
            return right.some((value) => compares(each[property], operator, value));
          }),
        );
        if (identifier) bound.set(identifier.text, found);
        return negation ? found.length === 0 : found.length > 0;
      });
      if (!fires) continue;
      const { claim, verb } = action;
      if (!claim) {
        markers.add(verb);
        continue;
      }
      const made: Held[] =
        claim.kind === 'taken'
          ? (bound.get(claim.identifier.text) ?? [])
          : [single(values(claim.type, bound), 'String')].flatMap((type) =>
              values(claim.value, bound).map((value) => ({
                type: String(type),
                value,
                valueType: kind(value),
                issuer: 'AttestationPolicy',
              })),
            );
      for (const each of made) {
        add(each);
        if (verb === 'issue' && name === 'issuancerules') outgoing.push([each.type, each.value]);
        if (verb === 'issueproperty') properties.push([each.type, each.value]);
      }
    }
  };
  const plain = (value: Value): Json =>
    typeof value === 'bigint' && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
      ? Number(value)
      : value;
  try {
    run('configurationrules');
    for (const { name, value, to } of incoming) {
      const all = to === 'token' ? [] : Array.isArray(value) ? value.flatMap(primitive) : primitive(value);
      for (const each of all) add({ type: name, value: each, valueType: kind(each), issuer: 'AttestationService' });
    }
    run('authorizationrules');
    if (markers.has('deny') || !markers.has('permit')) return 'deny';
    run('issuancerules');
  } catch (error) {
    if (error instanceof Failed || error instanceof AttestError || error instanceof Malformed) return undefined;
    throw error;
  }
  const types = [...new Set(outgoing.map(([type]) => type))];
  return [
    types.map((type) => [
      type,
      ...distinct(outgoing.filter(([each]) => each === type).map(([, value]) => value)).map(plain),
    ]),
    [...new Map(properties)].map(([name, value]) => [name, plain(value)]),
  ];
}

test('a slow evaluator written from the description agrees', () => {
  const seen = { permit: 0, deny: 0, error: 0 };
  fc.assert(
    fc.property(policy, claims, (text, incoming) => {
      const program = compiled(text);
      if (program instanceof AttestError) return;
      const { decision, issued, properties } = evaluate(program, incoming);
      seen[decision]++;
      const found = slowly(program, incoming);
      if (decision !== 'permit') {
        expect(found).toBe(decision === 'deny' ? 'deny' : undefined);
        return;
      }
      const claimed = issued.map(({ name, value }) => [name, ...(Array.isArray(value) ? value : [value])]);
      expect(found).toEqual([claimed, Object.entries(properties)]);
    }),
    { numRuns: 1_000 },
  );
  // All three outcomes have been compared.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(0);
}, 60_000);

test('check and compile agree, and neither throws anything but its own error, on mutated policies', () => {
  const mutated = fc
    .tuple(policy, fc.nat(), fc.nat({ max: 12 }), fc.string({ maxLength: 4 }))
    .map(([text, at, length, put]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + put + text.slice(from + length);
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' })), claims, (text, incoming) => {
      const errors = check(text).filter(({ severity }) => severity === 'error');
      const program = compiled(text);
      expect(program instanceof AttestError).toBe(errors.length > 0);
      if (!(program instanceof AttestError))
        expect(['permit', 'deny', 'error']).toContain(evaluate(program, incoming).decision);
    }),
    { numRuns: 300 },
  );
}, 60_000);
