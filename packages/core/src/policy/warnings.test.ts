import { expect, test } from 'vitest';
import { check, defaultPolicies, type KnownType } from './index.ts';

const known: KnownType = {
  type: 'SgxEnclave',
  incoming: [
    { name: 'x-ms-sgx-svn', kind: 'Integer' },
    { name: 'x-ms-sgx-mrsigner', kind: 'String' },
    { name: 'x-ms-sgx-is-debuggable', kind: 'Boolean' },
    { name: 'events' },
  ],
  reserved: ['secureboot'],
};
const warn = (text: string, given: KnownType = known) =>
  check(text, given).map(({ severity, code, line, column }) =>
    severity === 'warning' ? `${line}:${column} ${code}` : `${code}!`,
  );
const issuance = (rule: string, given?: KnownType) =>
  warn(`version=1.2;authorizationrules{[type=="x-ms-sgx-svn"]=>permit();};issuancerules{\n${rule}\n};`, given);
const condition = (text: string) => issuance(`${text} => add(type="x", value=1);`);

test.each([
  ['[value==true]', '2:2 value-without-type'],
  ['[type=="x-ms-sgx-svm"]', '2:8 unknown-claim'],
  ['[type=="$svn"]', '2:8 unknown-claim'],
  ['[type=="x-ms-sgx-svn", value=="5"]', '2:31 number-as-string'],
  ['[type=="x-ms-sgx-svn", value==true]', '2:31 different-kinds'],
  ['[type=="x-ms-sgx-is-debuggable", value=="false"]', '2:41 different-kinds'],
  ['[type=="x-ms-sgx-mrsigner", value!=5]', '2:36 different-kinds'],
  ['[type==5]', '2:8 different-kinds'],
  ['[type=="events", issuer==true]', '2:26 different-kinds'],
  ['[type=="events", type=="x-ms-sgx-svn"]', '2:24 never-holds'],
  ['[type=="events", value==1, value=="a"]', '2:35 never-holds'],
  ['[type=="events", issuer=="attestationService"]', '2:26 never-holds'],
  ['[type=="events", valueType=="string"]', '2:29 never-holds'],
  ['[type=="events", valueType=="Integer", value=="a"]', '2:47 never-holds'],
  ['[type=="x-ms-sgx-svn", value>5, value<=5]', '2:40 never-holds'],
  ['[type=="x-ms-sgx-svn", value==5, value<5]', '2:40 never-holds'],
])('%s gives %s', (text, found) => expect(condition(text)).toEqual([found]));

test.each([
  '[type=="x-ms-sgx-svn", value>=5, value<6, value!=7]',
  '[type=="x-ms-sgx-svn", value==5, valueType=="Integer"]',
  '[type=="events", value==1] && [type=="events", value=="1"]',
  '[type=="anything", issuer=="CustomClaim"]',
  '[]',
  'c:[type!="x"]',
])('%s is fine', (text) => expect(condition(text)).toEqual([]));

test('the nearest known name is offered', () => {
  const [wrong] = check('version=1.0;authorizationrules{[type=="x-ms-sgx-mrsinger"]=>permit();};', known);
  expect(wrong?.message).toContain("did you mean 'x-ms-sgx-mrsigner'?");
  const [far] = check('version=1.0;authorizationrules{[type=="entirely-else"]=>permit();};', known);
  expect(far?.message).not.toContain('did you mean');
});

test.each(['nonce', 'iss', 'x-ms-policy-hash', 'secureboot'])('%s stands in tokens only', (name) =>
  expect(condition(`[type=="${name}"]`)).toEqual(['2:8 never-incoming']),
);

test('what clients send under a prefix is not looked for', () =>
  expect(condition('[type=="https://assay.example/claims/custom/site"]')).toEqual([]));

test('what a rule before makes is known, with its kind; a computed type makes every name possible', () => {
  expect(issuance('=> add(type="mine", value=5); [type=="mine", value=="5"] => issue(type="y", value=1);')).toEqual([
    '2:53 number-as-string',
  ]);
  expect(
    issuance(
      '=> add(type="mine", value=5); => add(type="mine", value="5"); [type=="mine", value=="5"] => issue(type="y", value=1);',
    ),
  ).toEqual([]);
  expect(issuance('[type=="mine"] => issue(type="y", value=1); => add(type="mine", value=5);')).toEqual([
    '2:8 unknown-claim',
  ]);
  expect(issuance('c:[] => add(type=c.type, value=5); [type=="whatever"] => issue(type="y", value=1);')).toEqual([]);
});

test('without a list of claims no name is unknown', () => {
  expect(issuance('[type=="whatever"] => add(type="x", value=1);', {})).toEqual([]);
});

test.each([
  ['=> issue(type="x-ms-sgx-svn", value=1);', ['2:15 shadowed-claim']],
  ['=> issue(type="secureboot", value=1);', ['2:15 shadowed-claim']],
  ['=> issue(type="nonce", value=1);', ['2:15 shadowed-claim']],
  ['c:[type=="x-ms-sgx-svn"] => issue(claim=c);', ['2:41 shadowed-claim']],
  ['c:[type=="events"] => issue(claim=c);', []],
  ['=> add(type="x-ms-sgx-svn", value=1);', []],
  ['=> issue(type="svn", value=1);', []],
  ['=> issueproperty(type="nothing", value=1);', ['2:23 property-ignored']],
  ['=> issueproperty(type="x-ms-sgx-tcbidentifier", value="1");', ['2:23 property-ignored']],
  ['=> issueproperty(type="omit_x5c", value=true);', ['2:23 property-ignored']],
])('%s gives %j', (rule, found) => expect(issuance(rule)).toEqual(found));

test.each([
  ['a == true', true],
  ['[?a.b == null]', true],
  ['true != a', true],
  ['a == `true`', false],
  ["a == 'true'", false],
  ['a.true == `1`', false],
  ['null', false],
])('the query %s: %s', (query, odd) => {
  const found = issuance(`c:[type=="events"] => add(type="x", value=JmesPath(c.value, "${query}"));`);
  expect(found).toEqual(odd ? ['2:61 query-without-backticks'] : []);
});

test.each([
  ['=>permit();', ['1:34 always-permits']],
  ['=>permit();[type=="events"]=>deny();', []],
  ['[type=="events"]=>permit();', []],
  ['[] => permit();', ['1:38 always-permits']],
  ['=>deny();', []],
  ['=>deny();=>permit();', ['1:41 after-deny']],
  ['[type=="events"]=>deny();=>permit();', []],
])('%s gives %j', (rules, found) => expect(warn(`version=1.0;authorizationrules{${rules}};`)).toEqual(found));

test('default policies have no warning but that nothing guards their permit', () => {
  const incoming = [
    'x-ms-sgx-is-debuggable',
    'x-ms-sgx-mrsigner',
    'x-ms-sgx-mrenclave',
    'x-ms-sgx-product-id',
    'x-ms-sgx-svn',
    'x-ms-attestation-type',
  ];
  const codes = check(defaultPolicies['SgxEnclave'] ?? '', {
    type: 'SgxEnclave',
    incoming: incoming.map((name) => ({ name })),
  }).map(({ code }) => code);
  expect(codes).toEqual(['always-permits']);
  expect(check(defaultPolicies['AzureGuest'] ?? '')).toEqual([]);
});

test('errors and warnings come together, in text order', () => {
  expect(warn('version=1.0;authorizationrules{[value==1]=>premit();=>permit();=>add(claim=c);};')).toEqual([
    'unknown-action!',
    '1:55 always-permits',
    'unbound-identifier!',
  ]);
});
