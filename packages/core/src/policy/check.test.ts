import { expect, test } from 'vitest';
import { check } from './index.ts';

const wrong = (text: string, type?: string) =>
  check(text, type === undefined ? {} : { type })
    .filter(({ severity }) => severity === 'error')
    .map(({ code, line, column, symbol }) => `${line}:${column} ${code} ${symbol}`);
const issuance = (rule: string) => wrong(`version=1.2;authorizationrules{=>permit();};issuancerules{\n${rule}\n};`);

test.each([
  // Identifiers
  ['=> issue(claim=c);', '2:16 unbound-identifier c'],
  ['c:[] => issue(type="x", value=d.value);', '2:31 unbound-identifier d'],
  ['c:[type=="x", value==c.value] => issue(claim=c);', '2:22 unbound-identifier c'],
  ['[value==c.value] && c:[] => issue(claim=c);', '2:9 unbound-identifier c'],
  ['!c:[] => issue(claim=c);', '2:22 unbound-identifier c'],
  ['c:[] && c:[] => issue(claim=c);', '2:9 duplicate-identifier c'],
  ['c:[] && !c:[] => issue(type="x", value=1);', '2:10 duplicate-identifier c'],
  // Order
  ['[value<"x"] => issue(type="x", value=1);', '2:8 ordering-of-text "x"'],
  ['[value>=true] => issue(type="x", value=1);', '2:9 ordering-of-text true'],
  ['[type<"x"] => issue(type="x", value=1);', '2:6 ordering-of-text <'],
  ['[issuer>=1] => issue(type="x", value=1);', '2:8 ordering-of-text >='],
  ['[valueType>1] => issue(type="x", value=1);', '2:11 ordering-of-text >'],
  // Actions
  ['=> permit();', '2:4 action-not-allowed permit'],
  ['=> deny();', '2:4 action-not-allowed deny'],
  ['=> issue(type=1, value=1);', '2:15 wrong-kind 1'],
  ['=> issue(type="x", value=1, issuer="AttestationService");', '2:29 issuer-not-allowed issuer'],
  ['=> issue(type="x", value=1, valueType="String");', '2:39 value-type-disagrees "String"'],
  ['=> issue(type="x", value=1, valueType="integer");', '2:39 value-type-disagrees "integer"'],
  ['=> issue(type="x", value=1, valueType=1);', '2:39 wrong-kind 1'],
  ['c:[] => issue(type="x", value=NegateBool(c.value), valueType="String");', '2:62 value-type-disagrees "String"'],
  ['=> issueproperty(type="omit_x5c", value="true");', '2:41 wrong-kind "true"'],
  // Functions
  ['c:[] => issue(type="x", value=NegateBol(c.value));', '2:31 unknown-function NegateBol'],
  ['c:[] => issue(type="x", value=jmesPath(c.value, "a"));', '2:31 unknown-function jmesPath'],
  ['c:[] => issue(type="x", value=ContainsOnlyValue(100));', '2:31 wrong-arity ContainsOnlyValue'],
  ['=> issue(type="x", value=NegateBool());', '2:26 wrong-arity NegateBool'],
  ['[value==NegateBool(1)] => issue(type="x", value=1);', '2:20 wrong-kind 1'],
  ['c:[] => issue(type="x", value=AppendString(c.value, true));', '2:53 wrong-kind true'],
  ['c:[] => issue(type="x", value=JmesPath("", "a"));', '2:40 wrong-kind ""'],
  ['c:[] => issue(type="x", value=JmesPath(c.value, "a["));', '2:49 bad-query "a["'],
  ['c:[] => issue(type="x", value=JmesPath(c.value, "upper(a)"));', '2:49 bad-query "upper(a)"'],
  [
    'c:[] => issue(type="x", value=JmesPath(c.value, AppendString("a", "[")));',
    '2:49 bad-query AppendString("a", "[")',
  ],
  ['c:[] => issue(type="x", value=JmesPath("{", c.value));', '2:40 constant-error "{"'],
  ['=> issue(type="x", value=JsonToClaimValue("{}"));', '2:43 constant-error "{}"'],
  [
    '=> issue(type="x", value=JsonToClaimValue(JmesPath("{\\"a\\":1.5}", "a")));',
    '2:43 constant-error JmesPath("{\\"a\\":1.5}", "a")',
  ],
])('%s', (rule, found) => expect(issuance(rule)).toEqual([found]));

test.each([
  ['c:[] => issue(type=c.type, value=c.value, valueType=c.valueType);'],
  ['c1:[] && c2:[value==JsonToClaimValue(c1.value)] => add(claim=c2);'],
  ['!c:[] => add(value=1, type="x");'],
  ['=> issue(type="x", value=JsonToClaimValue(JmesPath("{\\"a\\":1}", "a")), valueType="Integer");'],
  ['[value < 5, value != "x", type != "y"] => add(type="x", value=-1);'],
  ['=> issueproperty(type="my-own", value=1);'],
  ['=> issueproperty(type="x-ms-sgx-tcbidentifier", value=1);'],
])('%s is right', (rule) => expect(issuance(rule)).toEqual([]));

test.each([
  ['configurationrules', '=> permit();', ['action-not-allowed']],
  ['configurationrules', '=> issue(type="x", value=1);', ['action-not-allowed']],
  ['configurationrules', '=> add(type="x", value=1);', []],
  ['authorizationrules', '=> issueproperty(type="x", value=1);', ['action-not-allowed']],
  ['authorizationrules', '=> issue(type="x", value=1);', []],
  ['authorizationrules', '=> deny();', []],
] as const)('in %s %s gives %j', (section, rule, codes) => {
  const other = section === 'configurationrules' ? `${section}{${rule}};authorizationrules{};` : `${section}{${rule}};`;
  expect(
    check(`version=1.2;${other}`)
      .filter(({ severity }) => severity === 'error')
      .map(({ code }) => code),
  ).toEqual(codes);
});

test.each([
  ['version=1.0;configurationrules{};authorizationrules{};', ['1:13 newer-version configurationrules']],
  ['version=1.1;configurationrules{};authorizationrules{};', []],
  ['version=1.1;authorizationrules{![] => permit();};', ['1:32 newer-version !']],
  ['version=1.1;authorizationrules{=> add(type="x", value=NegateBool(true));};', ['1:55 newer-version NegateBool']],
  ['version=1.2;authorizationrules{![] => add(type="x", value=NegateBool(true));};', []],
])('%s: %j', (text, found) => expect(wrong(text)).toEqual(found));

test.each([
  ['SgxEnclave', 'x-ms-sgx-tcbidentifier', '11', ['wrong-kind']],
  ['sgxenclave', 'x-ms-sgx-tcbidentifier', '11', ['wrong-kind']],
  ['SgxEnclave', 'x-ms-sgx-tcbidentifier', '"11"', []],
  ['Tpm', 'x-ms-sgx-tcbidentifier', '11', []],
  ['Tpm', 'required_pcr_mask', '"15"', ['wrong-kind']],
  ['SgxEnclave', 'required_pcr_mask', '"15"', []],
  [undefined, 'required_pcr_mask', '"15"', ['wrong-kind']],
  ['Tpm', 'unheard-of', '"15"', []],
] as const)('for %s the property %s = %s gives %j', (type, name, value, codes) => {
  const text = `version=1.1;configurationrules{=> issueproperty(type="${name}", value=${value});};authorizationrules{};`;
  expect(
    check(text, type === undefined ? {} : { type })
      .filter(({ severity }) => severity === 'error')
      .map(({ code }) => code),
  ).toEqual(codes);
});

test('syntax and static errors come together, in text order', () => {
  expect(
    wrong(
      'version=1.2;authorizationrules{\n=> add(claim=c);\n[type="x"] => permit();\n=> issueproperty(type="x", value=1);\n};',
    ),
  ).toEqual(['2:14 unbound-identifier c', '3:6 mismatched-input =', '4:4 action-not-allowed issueproperty']);
});

test('configuration rules that fail refuse the upload at their rule', () => {
  const text =
    'version=1.2;configurationrules{\n![] => add(type="a", value=1);\nc:[type=="a"] => add(type="b", value=NegateBool(c.value));\n};authorizationrules{};';
  expect(check(text).map(({ code, line, message }) => ({ code, line, message }))).toEqual([
    {
      code: 'evaluation-failed',
      line: 3,
      message: expect.stringContaining('NegateBool: b must be a single Boolean, not of kind Integer'),
    },
  ]);
});
