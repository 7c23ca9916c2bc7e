import { expect, test } from 'vitest';
import type { Claim, Json } from '../claim.ts';
import { compile, evaluate } from './index.ts';
import { longestValue } from './limits.ts';

type Given = readonly (readonly [name: string, value: Json, more?: Partial<Claim>])[];
const claimsOf = (given: Given): Claim[] =>
  given.map(([name, value, more]) => ({ name, value, to: 'policy', ...more }));

/** Runs rules as issuancerules, permitted. */
const issued = (rules: string, given: Given = []) => {
  const ruling = evaluate(
    compile(`version=1.2;authorizationrules{=>permit();};issuancerules{${rules}};`),
    claimsOf(given),
  );
  return ruling.decision === 'permit'
    ? Object.fromEntries(ruling.issued.map(({ name, value }) => [name, value]))
    : ruling.why;
};
/** Whether a condition holds. */
const holds = (condition: string, given: Given = []) =>
  issued(`${condition} => issue(type="held", value=true);`, given) as { held?: boolean };
const authorized = (rules: string, given: Given = []) =>
  evaluate(compile(`version=1.2;authorizationrules{${rules}};`), claimsOf(given));

const a1: Given = [['a', 1]];
test.each([
  ['[type=="a"]', a1, true],
  ['[type=="b"]', a1, false],
  ['![type=="b"]', a1, true],
  ['![type=="a"]', a1, false],
  ['[]', a1, true],
  ['[]', [], false],
  ['![]', [], true],
  ['[value==1]', a1, true],
  ['[type!="a"]', a1, false],
  ['[type=="a", value==1, value!=2]', a1, true],
  ['[type=="a", value==1, value==2]', a1, false],
  ['[type=="a"] && [type=="b"]', a1, false],
  ['[type=="a", issuer=="AttestationService"]', a1, true],
  ['[type=="a", issuer=="AttestationPolicy"]', a1, false],
  ['[type=="a", valueType=="Integer"]', a1, true],
  ['[type=="a", valueType=="String"]', a1, false],
  // Kinds
  ['[value=="1"]', a1, false],
  ['[value!="1"]', a1, true],
  ['[value==true]', a1, false],
  ['[value=="True"]', [['a', true]], false],
  ['[value=="ab"]', [['a', 'AB']], false],
  // Order
  ['[value<2]', a1, true],
  ['[value<1]', a1, false],
  ['[value<=1]', a1, true],
  ['[value>=1]', a1, true],
  ['[value>1]', a1, false],
  ['[value>0]', a1, true],
  ['[value<5]', [['a', '1']], false],
  ['[value>=0]', [['a', true]], false],
  // 64 bits
  ['[value==9007199254740993]', [['a', 9007199254740993n]], true],
  ['[value==9007199254740992]', [['a', 9007199254740993n]], false],
  ['[value>9007199254740992]', [['a', 9007199254740993n]], true],
  ['[value==0x7FFFFFFFFFFFFFFF]', [['a', 9223372036854775807n]], true],
] as [string, Given, boolean][])('%s (%#)', (condition, given, expected) => {
  expect(holds(condition, given)).toEqual(expected ? { held: true } : {});
});

const sets: Given = [
  ['few', [1, 2]],
  ['many', [2, 3]],
  ['none', 9],
];
test.each([
  ['f:[type=="few"] && [type=="many", value==f.value]', true],
  ['f:[type=="few"] && [type=="none", value==f.value]', false],
  ['f:[type=="few"] && [type=="many", value!=f.value]', true],
  ['f:[type=="few"] && [type=="few", value!=f.value]', false],
  ['f:[type=="few"] && [type=="none", value!=f.value]', true],
  ['f:[type=="many"] && [type=="few", value<f.value]', true],
  ['f:[type=="few"] && [type=="many", value<f.value]', false],
  ['f:[type=="few"] && [type=="many", value<=f.value]', true],
  ['f:[type=="many"] && [type=="few", value>f.value]', false],
  ['f:[type=="few"] && [type=="many", value>f.value]', true],
  // An empty right side: no claim satisfies, so `!` holds.
  ['[type=="none", value==JsonToClaimValue("null")]', false],
  ['[type=="none", value!=JsonToClaimValue("null")]', false],
  ['![type=="none", value==JsonToClaimValue("[]")]', true],
])('%s: %s', (condition, expected) => expect(holds(condition, sets)).toEqual(expected ? { held: true } : {}));

test('an identifier stands for all claims of its condition, and the action runs once', () => {
  expect(
    issued('c:[type=="few"] && d:[type=="many"] => issue(type=c.type, value=IsSubsetOf(c.value, d.value));', sets),
  ).toEqual({ few: false });
  expect(issued('c:[type=="few"] => issue(type="all", value=c.value);', sets)).toEqual({ all: [1, 2] });
  expect(
    issued('c:[] => issue(type="kinds", value=c.valueType);', [
      ['x', 1],
      ['y', '1'],
      ['z', 2],
    ]),
  ).toEqual({ kinds: ['Integer', 'String'] });
});

test('values group by type in order of issue, equal ones fold, kinds stay apart', () => {
  expect(
    issued(
      '=> issue(type="a", value=2); => issue(type="b", value="x"); => issue(type="a", value="2"); => issue(type="a", value=2); => issue(type="b", value="x");',
    ),
  ).toEqual({ a: [2, '2'], b: 'x' });
});

test('a type called __proto__ is a type like any other', () => {
  const { issued: claims, properties } = evaluate(
    compile(
      'version=1.2;authorizationrules{=>permit();};issuancerules{=>issue(type="__proto__",value=1);=>issueproperty(type="__proto__",value=2);};',
    ),
    [],
  );
  expect(claims).toEqual([{ name: '__proto__', value: 1 }]);
  expect(Object.entries(properties)).toEqual([['__proto__', 2]]);
});

test('claim=c takes claims as they are, issuer included', () => {
  const rules =
    'c:[type=="a"] => issue(claim=c); [type=="a", issuer=="AttestationPolicy"] => issue(type="forged", value=true);';
  expect(issued(rules, a1)).toEqual({ a: 1 });
});

test('each rule sees what earlier ones added, across sections, and none runs twice', () => {
  const text =
    'version=1.2;configurationrules{=>add(type="z",value=0);};authorizationrules{[type=="later"]=>deny();[type=="z"]=>add(type="a",value=1);[type=="a"]=>permit();=>add(type="later",value=1);};issuancerules{c:[]=>issue(claim=c);};';
  const ruling = evaluate(compile(text), claimsOf([['e', 5]]));
  expect(ruling.decision).toBe('permit');
  // Configuration's claims come first, the evidence's after them.
  expect(ruling.issued.map(({ name }) => name)).toEqual(['z', 'e', 'a', 'later']);
});

test('an empty value adds, issues and sets nothing', () => {
  expect(
    issued(
      '=> issue(type="x", value=JsonToClaimValue("null")); => issueproperty(type="y", value=JsonToClaimValue("[]")); ![type=="x"] => issue(type="x", value="default");',
    ),
  ).toEqual({ x: 'default' });
});

test('deny wins over permit in either order, and every rule runs', () => {
  for (const rules of ['=>deny(); =>permit();', '=>permit(); =>deny();']) {
    expect(authorized(rules)).toMatchObject({
      decision: 'deny',
      why: 'A Deny claim was issued, authorization failed.',
      issued: [],
    });
  }
  expect(authorized('=>deny(); =>permit();').by?.start.column).toBe(32);
  expect(authorized('=>deny(); c:[] => add(type="x", value=NegateBool(c.value));', a1).decision).toBe('error');
});

test('without a permit there is no token', () => {
  const noPermit = 'No Permit claim was issued in the authorizationrules section, authorization failed.';
  expect(authorized('')).toMatchObject({ decision: 'deny', why: noPermit });
  expect(authorized('[type=="b"] => permit();', a1)).toMatchObject({ decision: 'deny', why: noPermit });
  expect(authorized('')).not.toHaveProperty('by');
});

test('a denied or failed policy issues nothing', () => {
  expect(
    evaluate(compile('version=1.2;authorizationrules{=>deny();};issuancerules{=>issue(type="x",value=1);};'), [])
      .issued,
  ).toEqual([]);
  const failing = compile(
    'version=1.2;authorizationrules{=>permit();};issuancerules{=>issue(type="x",value=1);c:[type=="a"]=>issue(type="y",value=NegateBool(c.value));};',
  );
  expect(evaluate(failing, claimsOf(a1))).toMatchObject({ decision: 'error', issued: [] });
});

test('an error says which function failed, why, and where', () => {
  const ruling = authorized('=>permit();\n  c:[type=="a"] => add(type="x", value=NegateBool(c.value));', a1);
  expect(ruling.why).toBe(
    'NegateBool: b must be a single Boolean, not of kind Integer (in the rule on line 2, column 3, of authorizationrules)',
  );
  expect(ruling.by?.start).toMatchObject({ line: 2, column: 3 });
});

test('issue in authorizationrules behaves as add', () => {
  const text =
    'version=1.2;authorizationrules{=>issue(type="x",value=1);[type=="x", issuer=="AttestationPolicy"]=>permit();};issuancerules{};';
  expect(evaluate(compile(text), [])).toMatchObject({ decision: 'permit', issued: [] });
});

const pcrs: Given = [
  ['pcrs', '{"a":"x","b":true}', { readOnly: true }],
  ['free', 'x'],
];
test.each([
  ['c:[type=="pcrs"] => issue(type="x", value=c.value);', false],
  ['c:[type=="pcrs"] => issue(claim=c);', false],
  ['c:[] => issue(type="x", value=c.value);', false],
  ['c:[type=="pcrs"] => issue(type="x", value=JmesPath(c.value, "a"));', false],
  ['c:[type=="pcrs"] => issue(type="x", value=JsonToClaimValue(JmesPath(c.value, "a")));', false],
  ['c:[type=="pcrs"] => issue(type="x", value=NegateBool(JsonToClaimValue(JmesPath(c.value, "b"))));', false],
  ['c:[type=="pcrs"] => issue(type="x", value=AppendString("", c.value));', false],
  ['c:[type=="pcrs"] => issue(type=c.value, value=1);', false],
  ['c:[type=="pcrs"] => issueproperty(type="x", value=c.value);', false],
  ['c:[type=="pcrs"] => add(type="y", value=c.value); d:[type=="y"] => issue(type="x", value=d.value);', false],
  // Folding two equal claims keeps the mark.
  [
    'c:[type=="pcrs"] => add(type="y", value=JmesPath(c.value, "a")); => add(type="y", value="\\"x\\""); d:[type=="y"] => issue(type="x", value=d.value);',
    false,
  ],
  ['c:[type=="pcrs"] => issue(type="x", value=c.type);', true],
  ['c:[type=="pcrs"] => issue(type="x", value=c.issuer);', true],
  ['c:[type=="pcrs"] => issue(type="x", value=c.valueType);', true],
  ['c:[type=="pcrs"] => issue(type="x", value=IsSubsetOf(c.value, c.value));', true],
  ['c:[type=="pcrs"] => issue(type="x", value=ContainsOnlyValue(c.value, c.value));', true],
  ['[type=="pcrs"] => issue(type="x", value=true);', true],
  ['c:[type=="free"] => issue(type="x", value=c.value);', true],
])('what comes from a read-only claim is not issued: %s', (rules, allowed) => {
  const outcome = issued(rules, pcrs);
  if (allowed) expect(outcome).toHaveProperty('x');
  else expect(outcome).toMatch(/comes from a read-only claim and cannot be issued/);
});

test.each([
  ['c:[] => issue(type=c.value, value=1);', 'the type of a claim must be a single String, not of kind Integer'],
  ['c:[type!="a"] => issue(type=c.value, value=1);', 'the type of a claim must be a single String, not a set of 2'],
  ['=> issue(type=JsonToClaimValue("null"), value=1);', 'the type of a claim must be a single String, not empty'],
  [
    'c:[type=="a"] => issue(type="x", value=c.value, valueType="String");',
    "valueType is 'String', but the value of 'x' is of kind Integer",
  ],
  [
    'c:[type=="a"] => issueproperty(type="omit_x5c", value=c.value);',
    "the property 'omit_x5c' is of kind Boolean, not Integer",
  ],
])('%s: %s', (rules, why) => {
  expect(issued(rules, rules.includes('!=') ? [...a1, ['b', 'x'], ['b', 'y']] : a1)).toContain(why);
});

test('properties: the last value counts, the other section is ignored, and they are claims to later rules', () => {
  const text = `version=1.2;configurationrules{=>issueproperty(type="x-ms-sgx-tcbidentifier",value="11");=>issueproperty(type="x-ms-sgx-tcbidentifier",value="12");=>issueproperty(type="omit_x5c",value=true);};
    authorizationrules{[type=="x-ms-sgx-tcbidentifier", value=="11", issuer=="AttestationPolicy"]=>permit();};
    issuancerules{=>issueproperty(type="report_validity_in_minutes",value=5);=>issueproperty(type="required_pcr_mask",value=1);};`;
  const program = compile(text);
  expect(program.properties).toEqual({ 'x-ms-sgx-tcbidentifier': '12' });
  expect(evaluate(program, [])).toMatchObject({
    decision: 'permit',
    properties: { 'x-ms-sgx-tcbidentifier': '12', report_validity_in_minutes: 5 },
  });
});

const statuses = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
];
test('T24: every status is a value of its own to a policy, in a condition, in a set and in a function', () => {
  for (const status of statuses) {
    for (const asked of statuses) {
      const given: Given = [['attester_tcb_status', status]];
      const decision = status === asked ? 'permit' : 'deny';
      expect(authorized(`[type=="attester_tcb_status", value=="${asked}"] => permit();`, given).decision).toBe(
        decision,
      );
      expect(authorized(`![type=="attester_tcb_status", value!="${asked}"] => permit();`, given).decision).toBe(
        decision,
      );
      const inSet = `=> add(type="good", value="${asked}"); g:[type=="good"] && [type=="attester_tcb_status", value==g.value] => permit();`;
      expect(authorized(inSet, given).decision).toBe(decision);
      const subset = `=> add(type="good", value="${asked}"); g:[type=="good"] && s:[type=="attester_tcb_status"] => add(type="ok", value=IsSubsetOf(s.value, g.value)); [type=="ok", value==true] => permit();`;
      expect(authorized(subset, given).decision).toBe(decision);
    }
  }
});

test('T35: a value doubled by every rule stops at a stated length', () => {
  const text = `=> add(type="v0", value="xxxxxxxxxxxxxxxx");${Array.from({ length: 40 }, (_, i) => `c:[type=="v${i}"] => add(type="v${i + 1}", value=AppendString(c.value, c.value));`).join('')}`;
  expect(issued(text)).toMatch(
    /AppendString: the result is longer than 8388608 characters|more than 33554432 characters/,
  );
  expect(longestValue).toBe(8388608);
});

test('comparisons are bounded', () => {
  const text = `c:[type=="json"] => add(type="n", value=JsonToClaimValue(c.value));${'[value==-1] => add(type="x", value=1);'.repeat(600)}`;
  const json = `[${Array.from({ length: 9000 }, (_, i) => i).join(',')}]`;
  expect(issued(text, [['json', json]])).toMatch(/more than 5000000 steps/);
});

test('too many claims of evidence are an error, not a fault of ours', () => {
  const ruling = authorized('=>permit();', [['many', Array.from({ length: 10_001 }, (_, i) => i)]]);
  expect(ruling).toMatchObject({ decision: 'error', why: 'more than 10000 claims in one evaluation' });
});

test('the same program evaluates any number of times', () => {
  const program = compile(
    'version=1.2;authorizationrules{c:[type=="a"]=>add(type="b",value=c.value);[type=="b",value==1]=>permit();};',
  );
  for (const [value, decision] of [
    [1, 'permit'],
    [2, 'deny'],
    [1, 'permit'],
  ] as const) {
    expect(evaluate(program, claimsOf([['a', value]])).decision).toBe(decision);
  }
});
