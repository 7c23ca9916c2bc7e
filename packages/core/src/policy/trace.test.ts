import { describe, expect, test } from 'vitest';
import type { Claim } from '../claim.ts';
import { compile, evaluate } from './index.ts';

const claim = (name: string, value: Claim['value']): Claim => ({ name, value, to: 'both' });
const run = (text: string, ...claims: Claim[]) => evaluate(compile(text), claims);

test('each rule says whether it fired, what matched, what nearly did, and what it made', () => {
  const { trace } = run(
    'version=1.2;authorizationrules{\n  c:[type=="svn", value>=3] && [type=="debug", value==false] => permit();\n ![type=="svn"] => deny();\n => add(type="x", value=1);\n};',
    claim('svn', 5),
    claim('debug', true),
  );
  const svn = { type: 'svn', value: 5, issuer: 'AttestationService' };
  expect(trace).toEqual([
    {
      section: 'authorizationrules',
      line: 2,
      column: 3,
      action: 'permit',
      fired: false,
      conditions: [
        { text: 'c:[type=="svn", value>=3]', holds: true, matched: 1, claims: [svn] },
        {
          text: '[type=="debug", value==false]',
          holds: false,
          matched: 0,
          claims: [],
          misses: [{ type: 'debug', value: true, issuer: 'AttestationService' }],
        },
      ],
      why: '[type=="debug", value==false] found debug = true',
    },
    {
      section: 'authorizationrules',
      line: 3,
      column: 2,
      action: 'deny',
      fired: false,
      conditions: [{ text: '![type=="svn"]', holds: false, matched: 1, claims: [svn] }],
    },
    {
      section: 'authorizationrules',
      line: 4,
      column: 2,
      action: 'add',
      fired: true,
      conditions: [],
      added: [{ type: 'x', value: 1, issuer: 'AttestationPolicy' }],
      count: 1,
    },
  ]);
});

test('a failing rule carries its error and ends the trace', () => {
  const { trace } = run(
    'version=1.2;authorizationrules{c:[]=>add(type="x",value=NegateBool(c.value));=>permit();};',
    claim('a', 1),
  );
  expect(trace).toMatchObject([{ fired: false, error: 'NegateBool: b must be a single Boolean, not of kind Integer' }]);
});

test('values are cut at a stated length', () => {
  const { trace } = run('version=1.0;authorizationrules{[type=="a"]=>permit();};', claim('a', 'x'.repeat(300_000)));
  expect(trace).toMatchObject([{ conditions: [{ claims: [{ value: `${'x'.repeat(200)}… (300000 characters)` }] }] }]);
});

test('the whole trace is bounded, and says what is missing', () => {
  const rules = '[value!=-1] && [value!=-1] => add(type="x", value=1);'.repeat(2_400);
  const { trace } = run(
    `version=1.0;authorizationrules{${rules}};`,
    claim(
      'a',
      Array.from({ length: 50 }, (_, i) => `${i} ${'y'.repeat(500)}`),
    ),
  );
  expect(Array.isArray(trace) && trace).toHaveLength(501);
  expect(Array.isArray(trace) && trace.at(-1)).toEqual({ omittedRules: 1_900 });
  expect(JSON.stringify(trace).length).toBeLessThan(1_500_000);
});

describe('the decision explains itself', () => {
  const policy = (rules: string): string => `version=1.2;authorizationrules{\n${rules}\n};`;

  test('the deciding rule is marked, with its range', () => {
    const { trace, by } = run(policy('=> permit();\n[type=="debug", value==true] => deny();'), claim('debug', true));
    expect(trace).toMatchObject([
      { action: 'permit' },
      { action: 'deny', line: 3, column: 1, decides: true, end: { line: 3, column: 39 } },
    ]);
    expect(JSON.stringify(trace).match(/decides/g)).toHaveLength(1);
    expect(by).toMatchObject({ start: { line: 3, column: 1 }, end: { line: 3, column: 39 } });
  });

  test.each([
    [
      '[type=="debug", value==true] => deny();',
      'The rule on line 2 denied: [type=="debug", value==true] found debug = true.',
    ],
    ['=> deny();', 'The rule on line 2 denied without conditions.'],
    ['=> add(type="a", value=1);', 'The policy has no rule that permits.'],
    ['[type=="svn", value>=6] => permit();', 'No rule permitted: on line 2, [type=="svn", value>=6] found svn = 5.'],
    [
      '[type=="nothing"] => permit();',
      'No rule permitted: on line 2, [type=="nothing"] found no claim of type \'nothing\'.',
    ],
    ['[value=="x"] => permit();', 'No rule permitted: on line 2, [value=="x"] found no such claim.'],
    ['![type=="debug"] => permit();', 'No rule permitted: on line 2, ![type=="debug"] found debug = true.'],
    [
      '[type=="debug"] && [type=="svn", value==1] && [type=="z"] => permit(); [type=="z"] => permit();',
      'No rule permitted: on line 2, [type=="svn", value==1] found svn = 5; on line 2, [type=="z"] found no claim of type \'z\'.',
    ],
    [
      '=> add(type="mine", value="v"); [type=="mine", value=="w"] => permit();',
      'No rule permitted: on line 2, [type=="mine", value=="w"] found mine = "v" (issued by AttestationPolicy).',
    ],
    ['[type=="z"] => permit();'.repeat(6), /and 2 more\.$/],
    ['[type=="debug"] => permit();', 'The rule on line 2 permitted: [type=="debug"] found debug = true.'],
    [
      'c:[type=="debug"] => add(type="x", value=AppendString(c.value, "y"));',
      /^The evaluation failed: AppendString: .*line 2/,
    ],
  ])('%s', (rules, explanation) => {
    const ruling = run(policy(rules), claim('svn', 5), claim('debug', true));
    if (typeof explanation === 'string') expect(ruling.explanation).toBe(explanation);
    else expect(ruling.explanation).toMatch(explanation);
  });

  test('long values and many claims are cut', () => {
    const many = Array.from({ length: 50 }, (_, i) => `${i}${'v'.repeat(5_000)}`);
    const { explanation } = run(policy('[type=="a", value=="x"] => permit();'), claim('a', many));
    expect(explanation.length).toBeLessThan(700);
    expect(explanation).toContain('and 46 more');
  });
});
