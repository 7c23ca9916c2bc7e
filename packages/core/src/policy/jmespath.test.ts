import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AttestError } from '../errors.ts';
import { formatJson, parseJson } from '../json/index.ts';
import { compileToText } from './jmespath.ts';
import { deepestQuery, longestQuery, longestValue } from './limits.ts';

const search = (query: string, json = 'null'): string => {
  try {
    return compileToText(query)(parseJson(new TextEncoder().encode(json), { maxDepth: 100 }), { taken: 0 });
  } catch (error) {
    if (error instanceof AttestError) return error.message;
    throw error;
  }
};

const [small, odd, even, huge] = ['9007199254740991', '9007199254740993', '9007199254740992', '9223372036854775808'];
test.each([
  ['a == `9007199254740993`', `{"a":${odd}}`, 'true'],
  ['a == `9007199254740992`', `{"a":${odd}}`, 'false'],
  ['a != `9007199254740992`', `{"a":${odd}}`, 'true'],
  ['a > `9007199254740992`', `{"a":${odd}}`, 'true'],
  ['[?a == `9223372036854775808`].b', `[{"a":${huge},"b":1},{"a":${even},"b":2}]`, '[1]'],
  ['@', `[${huge},-${huge},6075990659671082565]`, `[${huge},-${huge},6075990659671082565]`],
  ['sort(@)', `[${huge},${odd},${even},1.5]`, `[1.5,${even},${odd},${huge}]`],
  ['sort_by(@, &a)[*].a', `[{"a":${odd}},{"a":${even}}]`, `[${even},${odd}]`],
  ['max(@)', `[${even},${odd}]`, odd],
  ['min(@)', `[${odd},${even}]`, even],
  ['max_by(@, &a).a', `[{"a":${even}},{"a":${odd}}]`, odd],
  ['min_by(@, &a).a', `[{"a":${odd}},{"a":${even}}]`, even],
  ['sum(@)', `[${small},1,1]`, odd],
  ['sum(@)', `[${odd},-${odd}]`, '0'],
  ['sum(@)', '[0.5,1]', '1.5'],
  ['avg(@)', `[${odd},${odd}]`, odd],
  ['avg(@)', '[1,2]', '1.5'],
  ['abs(@)', `-${huge}`, huge],
  ['floor(@)', huge, huge],
  ['ceil(`1.2`)', 'null', '2'],
  ['type(@)', huge, '"number"'],
  ['to_string(@)', huge, `"${huge}"`],
  ['to_number(@)', `"${huge}"`, huge],
  ['contains(@, `9007199254740993`)', `[${even}]`, 'false'],
  ['contains(@, `9007199254740993`)', `[${odd}]`, 'true'],
  ['[`1.0` == `1`, `1e3` == `1000`, `1.0`, `1e3`, `1e20` == `100000000000000000000`]', '0', '[true,true,1,1000,true]'],
])('exact integers: %s over %s gives %s', (query, json, text) => expect(search(query, json)).toBe(text));

test.each([
  ['`9223372036854775808`', '9223372036854775808'],
  ["'\\\\'", '"\\\\\\\\"'],
  ["'\\windows\\system32'", '"\\\\windows\\\\system32"'],
  ["'it\\'s'", '"it\'s"'],
  ['`"a\\`b"`', '"a`b"'],
  ['`{"b":1,"a":"é/"}`', '{"a":"é/","b":1}'],
])('the literal %s', (query, text) => expect(search(query)).toBe(text));

test.each([
  ["equals_ignore_case('\\Windows', '\\wINDOWS')", 'true'],
  ["equals_ignore_case('a', 'b')", 'false'],
  ["equals_ignore_case('É', 'é')", 'false'],
  ["equals_ignore_case('\u212a', 'k')", 'false'],
  ["equals_ignore_case(missing, 'k')", 'false'],
  ['equals_ignore_case(`1`, `1`)', 'false'],
  ["equals_ignore_case('a')", 'JMESPath invalid-arity: equals_ignore_case() takes 2 arguments, not 1'],
])('%s is %s', (query, text) => expect(search(query, '{}')).toBe(text));

test('a name between quotes may be a member that every object inherits elsewhere', () => {
  expect(search('[__proto__, constructor, toString, "hasOwnProperty"]', '{}')).toBe('[null,null,null,null]');
  expect(search('__proto__.a', '{"__proto__":{"a":1}}')).toBe('1');
  expect(search('{__proto__: @}', '1')).toBe('{"__proto__":1}');
  expect(search('merge(@, {__proto__: `2`})', '{"a":1}')).toBe('{"__proto__":2,"a":1}');
  expect(search('constructor(@)')).toMatch('unknown-function');
});

test('members come in byte order', () => {
  const json = '{"b":1,"a":2,"\u{1F600}":3,"\uFFFD":4}';
  expect(search('*', json)).toBe('[2,1,4,3]');
  expect(search('values(@)', json)).toBe('[2,1,4,3]');
  expect(search('keys(@)', json)).toBe('["a","b","\uFFFD","\u{1F600}"]');
});

test('`== true` without backticks compares with a field, as published queries do by mistake', () => {
  expect(search('a == true', '{"a":true}')).toBe('false');
  expect(search("a == '20'", '{"a":20}')).toBe('false');
  expect(search('missing != null', '{"a":1}')).toBe('false');
});

test.each([
  'let $a = b in $a',
  '$',
  '$.a',
  'a + b',
  'a - b',
  '-a',
  'a * b',
  'a × b',
  'a / b',
  'a // b',
  'a % b',
  'a ? b : c',
  'a = b',
  '[a b]',
  '[a, b,]',
  'f(a b)',
  'max(a,)',
  '{a: b c: d}',
  '[1 2]',
  '[1:2 3]',
  'a b',
  '@ @',
  '`1` `2`',
  '&a',
  'a || &b',
  '[&a]',
  '!&a',
  '`foo`',
  '`{"a":1,"a":2}`',
  '``',
  '`1',
  "'a",
  '"a',
  '"\\x"',
  'a.[',
  '',
  ' ',
  'a..b',
  '[?a',
  '{',
  '"f"(a)',
  'a#b',
])('%j is no query of the dialect', (query) => expect(search(query)).toMatch(/^JMESPath syntax: ./));

test.each([
  'upper(a)',
  'lower(a)',
  'split(a, b)',
  'items(a)',
  'group_by(a, &b)',
  'zip(a)',
  'find_first(a, b)',
  'pad_left(a, b)',
  'trim(a)',
  'replace(a, b, c)',
  'from_items(a)',
])('%s is a later addition', (query) => expect(search(query)).toMatch('unknown-function'));

test.each(['length()', 'length(a, b)', 'not_null()', 'merge()', 'sort_by(a)'])('%s has the wrong arity', (query) =>
  expect(search(query)).toMatch('invalid-arity'),
);
test.each([
  'sort_by(@, a)',
  'map(a, &b)',
  'length(&a)',
  'type(&a)',
  'not_null(&a)',
  'sum(`["1"]`)',
  'sort(`[1, "a"]`)',
])('%s has the wrong types', (query) => expect(search(query, '[]')).toMatch('invalid-type'));

test.each([
  ['brackets', (n: number) => `${'['.repeat(n)}@${']'.repeat(n)}`],
  ['parentheses', (n: number) => `${'('.repeat(n)}@${')'.repeat(n)}`],
  ['negations', (n: number) => `${'!'.repeat(n)}@`],
  ['flattenings', (n: number) => '[]'.repeat(n)],
  ['projections', (n: number) => '[*]'.repeat(n)],
  ['filters', (n: number) => `${'[?a'.repeat(n)}${']'.repeat(n)}`],
  ['filters in a row', (n: number) => '[?a]'.repeat(n)],
  ['wildcards', (n: number) => `a${'.*'.repeat(n)}`],
  ['comparisons', (n: number) => `a${' == a'.repeat(n)}`],
  ['functions', (n: number) => `${'to_array('.repeat(n)}@${')'.repeat(n)}`],
  ['hashes', (n: number) => `${'{a:'.repeat(n)}@${'}'.repeat(n)}`],
])('T35: %s nest to a stated depth', (_, nested) => {
  expect(search(nested(deepestQuery / 4))).not.toMatch('nests deeper');
  expect(search(nested(deepestQuery + 1))).toMatch(/too-much: the query nests deeper than 100 levels/);
  expect(search(nested(15_000))).toMatch(/too-much/);
});

test('chains may be as long as a query', () => {
  const long = (part: string) => part.repeat(Math.floor((longestQuery - 10) / part.length));
  expect(search(`a${long('.a')}`)).toBe('null');
  expect(search(`a${long('[0]').slice(0, 600)}`)).toMatch('nests deeper');
  expect(search(`a${long(' || a')}`)).toBe('null');
  expect(search(`@${long(' && @')}`, '1')).toBe('1');
  expect(search(`@${long(' | @')}`, '1')).toBe('1');
  expect(search('a'.repeat(longestQuery + 1))).toMatch('too-much');
});

test('what grows with every step is stopped: elements, text, depth', () => {
  expect(search(`@${' | [@, @][]'.repeat(60)}`, '[1]')).toMatch(/more than \d+ steps/);
  expect(search(`@${' | [@, @]'.repeat(60)}`, '[1]')).toMatch(/more than \d+ steps/);
  expect(search(`@${' | [@, @]'.repeat(5)}`, `"${'x'.repeat(longestValue / 31)}"`)).toMatch(
    /too-much: the result is longer/,
  );
  expect(search(`@${" | join('', [@, @])".repeat(60)}`, '"xxxxxxxx"')).toMatch(/more than \d+ steps/);
  expect(search("join('', [@, @])", `"${'x'.repeat(1 + longestValue / 2)}"`)).toMatch(/too-much: join\(\) makes more/);
  expect(search(`@${' | [@]'.repeat(5_000)}`, '1')).toMatch(/too-much: the result nests deeper/);
  expect(search(`@${' | [@]'.repeat(5_000)} | @ == @`, '1')).toMatch(/too-much/);
  expect(search(`@${' | [@]'.repeat(5_000)} | to_string(@)`, '1')).toMatch(/too-much/);
  const numbers = `[${Array.from({ length: 3_000 }, (_, i) => i).join(',')}]`;
  expect(search('a[*].[@, @][]', '{"a":[]}')).toBe('[]');
  expect(
    search(
      '[?@.b || `[1,2,3]`[?`[1,2,3]`[?`[1,2,3]`[?`[1,2,3]`[?`[1,2,3]`[?`[1,2,3]`[?`[1,2,3]`[?`[1,2,3]`[?@ == `4`]]]]]]]]]',
      numbers,
    ),
  ).toMatch(/more than \d+ steps/);
});

test('nothing but its own error comes out of any query over any JSON', () => {
  const words = [
    'a',
    '"b"',
    '.',
    '[',
    ']',
    '[]',
    '[*]',
    '[?',
    '*',
    '(',
    ')',
    '{',
    '}',
    ':',
    ',',
    '|',
    '||',
    '&&',
    '!',
    '==',
    '<',
    '@',
    '&',
    '`1`',
    "'x'",
    '0',
    '-1',
    ' ',
    'length',
    'sort_by',
    'merge',
    '$',
    '?',
    '+',
    '=',
    '\\',
  ];
  const query = fc.oneof(
    fc.string(),
    fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((each) => each.join('')),
  );
  fc.assert(
    fc.property(query, fc.json({ maxDepth: 4 }), (text, json) => {
      const found = search(text, json);
      if (!found.startsWith('JMESPath '))
        expect(formatJson(parseJson(new TextEncoder().encode(found)), { sorted: true })).toBe(found);
    }),
    { numRuns: 500 },
  );
});
