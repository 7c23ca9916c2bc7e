import { expect, test } from 'vitest';
import { format } from './format.ts';
import { parse } from './parse.ts';

const formatted = (text: string): string => format(parse(text).tree);

test('one layout, whatever the white space', () => {
  expect(
    formatted(
      'version= 1.2;configurationrules{=>issueproperty(value="v" , type="p");};authorizationrules{c:[type == "a",value>=0x10]&&![ ]=>permit( );};issuancerules{};',
    ),
  ).toBe(
    `version=1.2;

configurationrules
{
    => issueproperty(type="p", value="v");
};

authorizationrules
{
    c:[type=="a", value>=0x10] && ![] => permit();
};

issuancerules
{
};
`,
  );
});

test('long rules get a line for each condition', () => {
  const type = 'x'.repeat(60);
  expect(formatted(`version=1.0;authorizationrules{a:[type=="${type}"]&&[type=="${type}"]=>add(claim=a);};`)).toBe(
    `version=1.0;

authorizationrules
{
    a:[type=="${type}"] &&
    [type=="${type}"]
    => add(claim=a);
};
`,
  );
});

test('comments and single empty lines stay where they are', () => {
  const text = `// who

// what
version=1.0; // version

// before
authorizationrules
{
    // first
    => permit(); // beside

    // apart
    => deny();
    // last
}; // behind

// end
`;
  expect(formatted(text)).toBe(text);
});

test('a comment within a rule moves above it', () => {
  expect(formatted('version=1.0;authorizationrules{[ // why\n] => // how\npermit();};')).toBe(
    'version=1.0;\n\nauthorizationrules\n{\n    // why\n    // how\n    [] => permit();\n};\n',
  );
});

test('strings keep their escapes', () => {
  expect(formatted('version=1.0;authorizationrules{[type=="a\\"\\\\b"]=>permit();};')).toContain('[type=="a\\"\\\\b"]');
});
