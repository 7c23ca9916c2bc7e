import { expect, test } from 'vitest';
import { AttestError } from '../errors.ts';
import { check, compile, defaultPolicies, longestPolicy } from './index.ts';
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

test('every default policy compiles for its type', () => {
  for (const [type, text] of Object.entries(defaultPolicies)) expect(refusal(text ?? '', type)).toBeUndefined();
  expect(compile(defaultPolicies['SgxEnclave'] ?? '').properties).toEqual({ 'x-ms-sgx-tcbidentifier': 'azuredefault' });
  expect(defaultPolicies['Tpm']).toBeUndefined();
});
