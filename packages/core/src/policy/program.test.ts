import { expect, test } from 'vitest';
import { AttestError } from '../errors.ts';
import { check, compile, defaultPolicies, evaluate, longestPolicy } from './index.ts';
import { utf8Length } from './program.ts';

const refusal = (text: string, type?: string) => {
  try {
    compile(text, type === undefined ? {} : { type });
    return undefined;
  } catch (error) {
    return error instanceof AttestError ? error : Promise.reject(error);
  }
};

test('the first error is told in the words of the wire, with its place', async () => {
  const error = await refusal('version=1.0;\nauthorizationrules{[type="a"]=>permit();=>premit();};');
  expect(error).toMatchObject({ code: 'PolicyMalformed', where: { path: 'policy', offset: 37, length: 1 } });
  expect(error?.message).toBe(
    "Policy Parser Exception Thrown: Offending symbol: '='\nLine: '2', Column: '25'\nFailure message: 'mismatched input '=' expecting {'==', '!=', '<', '<=', '>', '>='}'\nFailing rule: 'policy > authzSection > rule > conditionList > condition > propCondition'",
  );
});

test('a policy has a stated length, in bytes', async () => {
  const padded = (length: number) =>
    `version=1.0;authorizationrules{};//${'é'.repeat((length - 35) / 2)} `.padEnd(length);
  const most = `version=1.0;authorizationrules{};//${'x'.repeat(longestPolicy - 35)}`;
  expect(utf8Length(most)).toBe(longestPolicy);
  expect(refusal(most)).toBeUndefined();
  expect(await refusal(`${most}x`)).toMatchObject({ code: 'RequestMalformed' });
  expect(await refusal(padded(longestPolicy + 1))).toMatchObject({ code: 'RequestMalformed' });
  expect(check(`${most}x`).map(({ code }) => code)).toEqual(['policy-too-long']);
});

test('lengths are those of UTF-8', () => {
  for (const text of ['', 'a', 'é', '€', '😀', 'a\ud800b']) expect(utf8Length(text)).toBe(Buffer.byteLength(text));
});

test('configuration rules run once, over nothing, and leave properties and claims', () => {
  const program = compile(
    'version=1.1;configurationrules{=>issueproperty(type="p",value=1);[type=="p"]=>add(type="q",value=true);[type=="evidence"]=>add(type="r",value=1);};authorizationrules{};',
  );
  expect(program.properties).toEqual({ p: 1 });
  expect(program.added.map(({ type, value, issuer }) => [type, value, issuer])).toEqual([
    ['p', 1n, 'AttestationPolicy'],
    ['q', true, 'AttestationPolicy'],
  ]);
});

test('queries of literals are compiled with the policy', () => {
  const program = compile(
    'version=1.2;authorizationrules{c:[]=>add(type="x",value=JmesPath(c.value,AppendString("a",".b")));};',
  );
  expect([...program.queries.keys()]).toEqual(['a.b']);
});

test('queries that are put together while a policy runs are kept, but for a few and short ones', () => {
  const program = compile(
    'version=1.2;authorizationrules{c:[type=="name"]=>add(type="x",value=JmesPath("{}",AppendString("a.",c.value)));=>permit();};',
  );
  const rule = (value: string) => evaluate(program, [{ name: 'name', value, to: 'policy' }]);
  const first = rule('b');
  const [query] = program.made.values();
  expect([...program.made.keys()]).toEqual(['a.b']);
  expect(rule('b')).toEqual(first);
  expect([...program.made.values()]).toEqual([query]);
  for (let i = 0; i < 100; i++) expect(rule(`c${i}`).decision).toBe('permit');
  expect(program.made.size).toBe(64);
  const other = compile(program.text);
  evaluate(other, [{ name: 'name', value: 'b'.repeat(2000), to: 'policy' }]);
  expect(other.made.size).toBe(0);
});

test('a document that is handed over with its text is not read again', () => {
  const program = compile(
    'version=1.2;authorizationrules{c:[type=="events"]=>add(type="x",value=JsonToClaimValue(JmesPath(c.value,"a")));[type=="x",value==1]=>permit();};',
  );
  const claim = { name: 'events', value: '{"a":1}', to: 'policy' } as const;
  expect(evaluate(program, [claim]).decision).toBe('permit');
  expect(evaluate(program, [{ ...claim, json: { a: 2 } }]).decision).toBe('deny');
});

test('every default policy compiles for its type', () => {
  for (const [type, text] of Object.entries(defaultPolicies)) expect(refusal(text ?? '', type)).toBeUndefined();
  expect(compile(defaultPolicies['SgxEnclave'] ?? '').properties).toEqual({ 'x-ms-sgx-tcbidentifier': 'azuredefault' });
  expect(defaultPolicies['Tpm']).toBeUndefined();
});
