import { expect, test } from 'vitest';
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
