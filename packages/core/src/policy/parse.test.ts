import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deepestExpression, mostFindings } from './limits.ts';
import { parse } from './parse.ts';

const wrong = (text: string) =>
  parse(text).findings.map(({ code, line, column, symbol, rule }) => `${line}:${column} ${code} ${symbol} (${rule})`);
const rule = (text: string) => wrong(`version=1.2;authorizationrules{\n${text}\n};`);

test('a whole policy', () => {
  const { tree, findings } = parse(
    'version= 1.1; // one\nconfigurationrules{=> issueproperty(type="p", value="v");};authorizationrules{=> permit();};issuancerules{!c:[type=="a"] && [] => issue(value=true, type="x", valueType="Boolean");};',
  );
  expect(findings).toEqual([]);
  expect(tree.version.text).toBe('1.1');
  expect(tree.sections.map(({ name, rules }) => [name, rules.length])).toEqual([
    ['configurationrules', 1],
    ['authorizationrules', 1],
    ['issuancerules', 1],
  ]);
  expect(tree.comments.map(({ text }) => text)).toEqual(['// one']);
  expect(tree.sections[2]?.rules[0]).toMatchObject({
    conditions: [
      { negation: { text: '!' }, identifier: { text: 'c' }, tests: [{ property: 'type', operator: '==' }] },
      { tests: [] },
    ],
    action: {
      verb: 'issue',
      claim: { kind: 'made', type: { value: 'x' }, value: { value: true }, valueType: { value: 'Boolean' } },
    },
  });
});

test.each([
  ['version=1.0;authorizationrules{};', 'no rules'],
  ['VERSION=1.0;AuthorizationRules{};IssuanceRules{};', 'keywords in any case'],
  [
    '\uFEFFversion\n=\t1.0 // c\n;\r\nauthorizationrules // c\n{ // c\n} // c\n;// c',
    'white space and comments anywhere',
  ],
  ['version=1.2;authorizationrules{value:[value==value.value]=>permit();};', 'properties as identifiers'],
])('%j is grammatical: %s', (text) => expect(wrong(text)).toEqual([]));

test.each([
  ['', '1:1 mismatched-input <EOF> (policy > versionInfo)'],
  ['authorizationrules{};', '1:1 mismatched-input authorizationrules (policy > versionInfo)'],
  ['version=1.3;authorizationrules{};', '1:9 unknown-version 1.3 (policy > versionInfo)'],
  ['version=1;authorizationrules{};', '1:9 unknown-version 1 (policy > versionInfo)'],
  ['version=01.0;authorizationrules{};', '1:9 unknown-version 01.0 (policy > versionInfo)'],
  ['version=1. 0;authorizationrules{};', '1:9 unknown-version 1 (policy > versionInfo)'],
  ['version=1.0;', '1:13 mismatched-input <EOF> (policy)'],
  ['version=1.0;issuancerules{};', '1:13 mismatched-input issuancerules (policy)'],
  ['version=1.1;authorizationrules{};configurationrules{};', '1:34 mismatched-input configurationrules (policy)'],
  ['version=1.0;authorizationrules{};authorizationrules{};', '1:34 mismatched-input authorizationrules (policy)'],
  ['version=1.0;authorizationrules{};issuancerules{};issuancerules{};', '1:50 mismatched-input issuancerules (policy)'],
  ['version=1.0;authorizationrules{};x', '1:34 mismatched-input x (policy)'],
  ['version=1.0;authorizationrules{}', '1:33 mismatched-input <EOF> (policy > authzSection)'],
  ['version=1.0;authorizationrules{', '1:32 mismatched-input <EOF> (policy > authzSection)'],
  [
    'version=1.0;authorizationrules{=>permit();;};',
    '1:43 mismatched-input ; (policy > authzSection > rule > conditionList > condition)',
  ],
])('%j: %s', (text, first) => expect(wrong(text)[0]).toBe(first));

const action = 'policy > authzSection > rule > action';
test.each([
  ['=> premit();', `2:4 unknown-action premit (${action})`],
  ['=> Permit();', `2:4 unknown-action Permit (${action})`],
  ['=> permit("x");', `2:11 mismatched-input "x" (${action})`],
  ['=> add(type="x");', `2:16 mismatched-input ) (${action} > claimSpec)`],
  ['=> add();', `2:8 mismatched-input ) (${action} > claimSpec)`],
  ['=> add("x", value=1);', `2:8 mismatched-input "x" (${action} > claimSpec)`],
  ['=> add(type="x", type="y", value=1);', `2:18 mismatched-input type (${action} > claimSpec)`],
  ['=> add(claim=c, value=1);', `2:15 mismatched-input , (${action})`],
  ['=> add(type="x", value=1, valueKind="Integer");', `2:27 mismatched-input valueKind (${action} > claimSpec)`],
  [
    '[typ=="x"] => permit();',
    '2:2 unknown-property typ (policy > authzSection > rule > conditionList > condition > propCondition)',
  ],
  [
    '[type="x"] => permit();',
    '2:6 mismatched-input = (policy > authzSection > rule > conditionList > condition > propCondition)',
  ],
  ['c:[] => add(type="x", value=c.values);', `2:31 unknown-property values (${action} > claimSpec > expression)`],
  ['c:[] => add(type="x", value=c);', `2:30 mismatched-input ) (${action} > claimSpec > expression)`],
  ['permit:[] => permit();', '2:1 mismatched-input permit (policy > authzSection > rule > conditionList > condition)'],
  ['!! [] => permit();', '2:2 mismatched-input ! (policy > authzSection > rule > conditionList > condition)'],
  ['[] [] => permit();', '2:4 mismatched-input [ (policy > authzSection > rule)'],
  [
    '[value==1.5] => permit();',
    '2:9 mismatched-input 1.5 (policy > authzSection > rule > conditionList > condition > propCondition > expression)',
  ],
  [
    '[value=="a\\nb"] => permit();',
    '2:9 bad-escape "a\\nb" (policy > authzSection > rule > conditionList > condition > propCondition > expression)',
  ],
  [
    '=> add(type="x", value=JmesPath("{}" "a"));',
    `2:38 mismatched-input "a" (${action} > claimSpec > expression > functionCall)`,
  ],
])('%s is refused', (text, found) => expect(rule(text)).toEqual([found]));

test('one upload reports the errors of all rules and sections, in order', () => {
  expect(
    wrong(
      [
        'version=1.0',
        'authizationrules',
        '{',
        ' [type="a"] => permit();',
        ' => permit()',
        ' => deny()',
        '};',
        'issuancerules={',
        ' => isue(type="x", value=1);',
        ' => issue(type="x", value=1);',
        ' => issue(type=“x”, value=1);',
        '};',
      ].join('\n'),
    ).map((line) => line.replace(/ \(.*/, '')),
  ).toEqual([
    '2:1 mismatched-input authizationrules',
    '2:1 mismatched-input authizationrules',
    '4:7 mismatched-input =',
    '6:2 mismatched-input =>',
    '7:1 mismatched-input }',
    '8:14 mismatched-input =',
    '9:5 unknown-action isue',
    '11:16 bad-character “',
  ]);
});

test('rules with errors are left out of the tree, and the others are kept', () => {
  const { tree } = parse('version=1.0;authorizationrules{=>permit(;=>deny();};');
  expect(tree.sections[0]?.rules.map(({ action: { verb } }) => verb)).toEqual(['deny']);
});

test('T35: functions nest to a stated depth and no deeper', () => {
  const nested = (depth: number) => `=> add(type="x", value=${'NegateBool('.repeat(depth)}true${')'.repeat(depth)});`;
  expect(rule(nested(deepestExpression))).toEqual([]);
  expect(rule(nested(deepestExpression + 1))[0]).toContain('nesting-too-deep NegateBool');
  expect(rule(nested(10_000))).toHaveLength(1);
});

test('findings are bounded', () => {
  expect(parse(`version=1.0;authorizationrules{${'x;'.repeat(10_000)}};`).findings).toHaveLength(mostFindings);
  expect(parse('};'.repeat(10_000)).findings.length).toBeLessThanOrEqual(mostFindings);
});

test('nothing makes it throw, and every finding points into the text', () => {
  const words = [
    'version',
    '=',
    '1.2',
    ';',
    'authorizationrules',
    '{',
    '}',
    '=>',
    'permit',
    '(',
    ')',
    '[',
    'type',
    '==',
    '"x"',
    ']',
    '&&',
    '!',
    'c',
    ':',
    '.',
    ',',
    'issue',
    'claim',
    '-1',
    '“',
    '//\n',
    ' ',
  ];
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((each) => each.join('')),
      ),
      (text) => {
        for (const { range, line, column, message, excerpt } of parse(text).findings) {
          expect(range.start.offset).toBeLessThanOrEqual(text.length);
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
          expect(message).not.toBe('');
          expect(excerpt.split('\n')).toHaveLength(2);
        }
      },
    ),
  );
});
