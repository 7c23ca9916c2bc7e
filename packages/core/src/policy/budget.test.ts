/** Whatever takes time is paid for: steps are counted here, never time. */
import { expect, test } from 'vitest';
import { Budget } from './budget.ts';
import { compile, evaluate } from './index.ts';
import { compileToText } from './jmespath.ts';
import { longestPolicy, mostSteps } from './limits.ts';
import { Queries } from './queries.ts';

function stepsOf(query: string, json: string): number {
  const [steps, unpaid] = [{ taken: 0 }, { taken: 0 }];
  compileToText(`type(${query})`)(JSON.parse(json), steps);
  compileToText('type(`1`)')(JSON.parse(json), unpaid);
  return steps.taken - unpaid.taken;
}

const text = (n: number): string => JSON.stringify('a'.repeat(n));
const texts = (n: number): string => JSON.stringify(['a'.repeat(n), `${'a'.repeat(n - 1)}b`]);
const numbers = (n: number): string => JSON.stringify(Array.from({ length: n }, (_, i) => (i * 7919) % n));
const members = (n: number): string =>
  JSON.stringify(Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i])));

test.each([
  ['length(@)', text, 1 / 4],
  ['reverse(@)', text, 2],
  ['equals_ignore_case(@, @)', text, 1 / 4],
  [`contains(@, '${'b'.repeat(100)}')`, text, 1 / 2],
  ['contains(@, @)', text, 1],
  ['starts_with(@, @)', text, 1 / 16],
  ['ends_with(@, @)', text, 1 / 16],
  ['@ == @', text, 1 / 32],
  ['join(@, [@, @])', text, 1],
  ['to_string([@])', text, 1 / 2],
  ['to_number(@)', text, 1],
  ['max(@)', texts, 1 / 4],
  ['min(@)', texts, 1 / 4],
  ['sort(@)', texts, 1 / 4],
  ['sort_by(@, &@)', texts, 1 / 4],
  ['max_by(@, &@)', texts, 1 / 4],
  ['min_by(@, &@)', texts, 1 / 4],
  ['sort(@)', numbers, 4 * 8],
  ['sort_by(@, &@)', numbers, 4 * 8],
  ['sum(@)', numbers, 10],
  ['avg(@)', numbers, 10],
  ['map(&@, @)', numbers, 4],
  ['[*].[@]', numbers, 6],
  ['[?@ == `1`]', numbers, 6],
  ['[@, @][]', numbers, 2],
  ['[::-1]', numbers, 1],
  ['[*].{a: @}', numbers, 20],
  ['[*].to_number(to_string(@))', numbers, 60],
  ['to_string(@)', numbers, 4],
  ['@ == @', numbers, 1],
  ['contains(@, `-1`)', numbers, 1],
  ['length(@)', members, 16],
  ['keys(@)', members, 16 + 8],
  ['values(@)', members, 16 + 8],
  ['merge(@, @)', members, 40],
  ['*', members, 16 + 8],
  ['@ == @', members, 32],
  ['!@', members, 16],
  ['@ && @', members, 16],
  ['to_string(@)', members, 20],
] as const)('T35: %s over %o pays for what it looks at', (query, json, least) => {
  const n = 2_000;
  expect(stepsOf(query, json(n))).toBeGreaterThanOrEqual(least * n);
  expect(stepsOf(query, json(2 * n))).toBeGreaterThanOrEqual(least * 2 * n);
});

test('T35: integers of many digits are written in time that is paid for', () => {
  const steps = { taken: 0 };
  compileToText('to_string(@)')([10n ** 399n], steps);
  expect(steps.taken).toBeGreaterThan(2 * 400);
});

test.each([
  ['a character', text(4_000), 4_000],
  ['a member', `{${Array.from({ length: 1_000 }, (_, i) => `"${i}":1`).join(',')}}`, 17_000],
  ['an array', `[${'[],'.repeat(1_000)}1]`, 23_000],
  ['an object', `[${'{},'.repeat(1_000)}1]`, 23_000],
  ['a character that the engine may misread', `[ ${text(4_000)}]`, 52_000],
  ['an integer beyond 2^53', `[${'12345678901234567890,'.repeat(1_000)}1]`, 51_000],
])('T35: reading JSON pays for %s', (_, json, least) => {
  const budget = new Budget();
  new Queries(budget).read(json);
  expect(budget.taken).toBeGreaterThanOrEqual(least);
});

test('T35: compiling a query is paid for, once', () => {
  const budget = new Budget();
  const queries = new Queries(budget);
  const query = `a${'.a'.repeat(1_000)}`;
  queries.compile(query);
  const { taken } = budget;
  expect(taken).toBeGreaterThanOrEqual(60 * query.length);
  queries.compile(query);
  expect(budget.taken).toBe(taken);
});

/** Policies as hostile as they can be: each would run for seconds. */
const many = JSON.stringify(Array.from({ length: 9_000 }, (_, i) => i.toString(36)));
const quoted = (json: string): string => `"${json.replaceAll('"', '\\"')}"`;
const set = `=> add(type="set", value=JsonToClaimValue(${quoted(many)}));`;
const doubled = (seed: string, times: number): string =>
  Array.from(
    { length: times },
    (_, i) => `c:[type=="s${i}"] => add(type="s${i + 1}", value=AppendString(c.value, c.value));`,
  ).reduce((rules, rule) => rules + rule, `=> add(type="s0", value="${seed}");`);
const repeated = (rule: string | ((i: number) => string), joined: string, times: number): string =>
  Array.from({ length: times }, (_, i) => (typeof rule === 'string' ? rule : rule(i))).join(joined);
const longs = `${doubled('a'.repeat(1_024), 4)}${repeated(
  (i) => `c:[type=="s4"] => add(type="x", value=AppendString(c.value, "${1_000 + i}"));`,
  '',
  600,
)}`;

test.each([
  [
    'sets built for conditions',
    `${set}c:[type=="set"] && ${repeated('![type=="none", value==c.value]', ' && ', 1_500)} => permit();`,
  ],
  [
    'sets built for functions',
    `${set}${repeated('c:[type=="set"] => add(type="b", value=IsSubsetOf(c.value, c.value));', '', 500)}`,
  ],
  ['claims taken', `${set}${repeated('c:[type=="set"] => add(claim=c);', '', 500)}`],
  ['claims bound', `${set}${repeated('[type=="set"]', ' && ', 3_000)} => permit();`],
  [
    'long values of one length',
    `${longs}c:[type=="x"] && ${repeated('![type=="none", value==c.value]', ' && ', 500)} => permit();`,
  ],
  [
    'long values compared',
    `${longs}=> add(type="y", value="y"); c:[type=="s4"] => add(type="k", value=AppendString(c.value, "zzzz")); c:[type=="k"] && ${repeated('![type=="x", value==c.value]', ' && ', 1_000)} => permit();`,
  ],
  [
    'queries made',
    `${doubled('a.', 12)}${repeated((i) => `c:[type=="s12"] => add(type="q", value=JmesPath("{}", AppendString(c.value, "a${i}")));`, '', 200)}`,
  ],
  [
    'documents read',
    `${doubled('1,', 14)}${repeated((i) => `c:[type=="s14"] => add(type="q", value=JmesPath(AppendString("[", AppendString(c.value, "${i}]")), "type(@)"));`, '', 200)}`,
  ],
  [
    'numbers looked for fractions',
    `${doubled(' '.repeat(128), 12)}c:[type=="s12"] => add(type="d", value=AppendString("[1", AppendString(c.value, "]")));${repeated('c:[type=="d"] => add(type="q", value=JsonToClaimValue(c.value));', '', 200)}`,
  ],
])('T35: a policy is stopped: %s', (_, rules) => {
  const policy = `version=1.2;authorizationrules{${rules}};`;
  expect(policy.length).toBeLessThan(longestPolicy);
  const { decision, why } = evaluate(compile(policy), []);
  expect([decision, why]).toEqual(['error', expect.stringContaining(`more than ${mostSteps} steps in one evaluation`)]);
});

test('T35: what is issued long and often is paid for', () => {
  const issued = repeated(
    (i) => `c:[type=="s4"] => issue(type="x", value=AppendString(c.value, "${1_000 + i}"));`,
    '',
    600,
  );
  const rules = `version=1.2;authorizationrules{=> permit();};issuancerules{${doubled('a'.repeat(1_024), 4)}${issued.repeat(2)}};`;
  expect(evaluate(compile(rules), []).why).toContain(`more than ${mostSteps} steps`);
});

test('types of claims stay short', () => {
  const rules = `version=1.2;authorizationrules{${doubled('a'.repeat(1_024), 1)}c:[type=="s1"] => add(type=c.value, value=1);};`;
  expect(evaluate(compile(rules), []).why).toContain('the type of a claim is longer than 1024 characters');
});

test('T35: what the upload computes is bounded too, together with the configuration rules', () => {
  const query = `[${repeated('sort(@)', ',', 700)}]`;
  const rule = `=> add(type="a", value=JmesPath(${quoted(`[${repeated((i) => String((i * 7919) % 2_000), ',', 2_000)}]`)}, "${query}"));`;
  expect(() => compile(`version=1.2;configurationrules{${rule}};authorizationrules{=>permit();};`)).toThrow(
    `more than ${mostSteps} steps`,
  );
});
