/** The reference of the policy language and the guide: their examples run, their lists are made of the code. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Claim, isObject, type Json } from '@assay/core';
import { check, compile, evaluate } from '@assay/core/policy';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { expectDocument } from '../setup/document.ts';
import { code, table } from './table.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(at(path), 'utf8');

interface Block {
  readonly kind: string;
  readonly argument: string;
  readonly text: string;
  readonly line: number;
}
function blocksOf(document: string): readonly Block[] {
  return [...document.matchAll(/^```([\w-]+) ?(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [, kind = '', argument = '', text = ''] = match;
    return { kind, argument, text, line: document.slice(0, match.index).split('\n').length };
  });
}

interface Case {
  readonly claims?: Record<string, Json> | readonly Record<string, Json>[];
  readonly ruling?: string;
  readonly issued?: Record<string, Json>;
  readonly properties?: Record<string, Json>;
  readonly message?: string;
}
const claimsOf = (given: Case['claims'] = {}): readonly Claim[] =>
  (Array.isArray(given)
    ? given.map(({ type, ...more }) => ({ ...more, name: type, to: 'policy' }))
    : Object.entries(given).map(([name, value]) => ({ name, value, to: 'policy' }))) as readonly Claim[];

const wrap = (rules: string): string => `version=1.2;authorizationrules{=> permit();};issuancerules{\n${rules}};`;

describe.each(['docs/reference/policy-language.md', 'docs/guides/policies.md'])('%s', (path) => {
  const blocks = blocksOf(read(path));
  const policies = blocks
    .map((block, i) => ({ ...block, next: blocks[i + 1] }))
    .filter(({ kind }) => ['policy', 'rules', 'policy-error'].includes(kind));
  test('has examples', () => expect(policies.length).toBeGreaterThan(0));

  test.each(policies)('line $line: $kind', ({ kind, argument, text, next }) => {
    if (kind === 'policy-error') {
      expect(check(text, { type: 'SgxEnclave' }).map((finding) => finding.code)).toContain(argument);
      expect(() => compile(text, { type: 'SgxEnclave' })).toThrow();
      return;
    }
    const program = compile(kind === 'rules' ? wrap(text) : text, { type: 'SgxEnclave' });
    if (next?.kind !== 'yaml') return;
    const given: unknown = parseYaml(next.text);
    // A file of tests has its cases in a member, with expectations of their own.
    const suite =
      isObject(given as Json) && Array.isArray((given as { cases?: unknown }).cases)
        ? (given as { claims: Record<string, Json>; cases: { claims?: Record<string, Json>; expect: Case }[] })
        : undefined;
    const cases = suite
      ? suite.cases.map((each): Case => ({ ...each.expect, claims: { ...suite.claims, ...each.claims } }))
      : ([given].flat() as readonly Case[]);
    for (const each of cases) {
      const { decision, issued, properties, why, explanation } = evaluate(program, claimsOf(each.claims));
      expect(decision, explanation).toBe(each.ruling ?? 'permit');
      if (each.issued) expect(Object.fromEntries(issued.map(({ name, value }) => [name, value]))).toEqual(each.issued);
      if (each.properties) expect(properties).toEqual(each.properties);
      if (each.message !== undefined) expect(`${why} ${explanation}`).toContain(each.message);
    }
  });
});

test('every code of a finding is explained, and none that there is not', () => {
  const source = read('packages/core/src/policy/finding.ts');
  const codes = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, name]) => name);
  expect(codes.length).toBeGreaterThan(30);
  const page = read('docs/reference/policy-language.md');
  const checked = page.slice(page.indexOf('## What is checked'), page.indexOf('## Limits'));
  const explained = [...checked.matchAll(/^\| ((?:`[a-z0-9-]+`(?:, )?)+) \|/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect([...explained].sort()).toEqual([...codes, 'not-utf8'].sort());
});

/** Exported constants and functions of a file, each with the comment before it. */
function explainedIn(
  source: string,
): readonly { readonly name: string; readonly text: string; readonly value: string; readonly part: string }[] {
  const rows: { name: string; text: string; value: string; part: string }[] = [];
  let [part, text] = ['', ''];
  for (const [line] of source.matchAll(/^(?:\/\/ .*|\/\*\*[\s\S]*?\*\/|export const \w+.*)$/gm)) {
    if (line.startsWith('// ')) part = line.slice(3);
    else if (line.startsWith('/**')) text = line.replace(/^\/\*\*\s*|\s*\*\/$/g, '').replace(/\s*\n \* ?/g, ' ');
    else {
      const [, name = '', value = ''] = /^export const (\w+)[^=]*= ?(.*?);?$/.exec(line) ?? [];
      rows.push({ name, text, value, part });
    }
  }
  return rows;
}

test('the lists of limits and of open points are up to date', () => {
  const limits = explainedIn(read('packages/core/src/policy/limits.ts'));
  expect(limits.length).toBeGreaterThan(15);
  expectDocument(
    'docs/reference/policy-language.md',
    'limits',
    table(
      ['limit', 'is', 'why'],
      limits.map(({ name, value, text }) => [code(name), value.replaceAll('_', ' ').replaceAll('*', '×'), text]),
    ),
  );
  const open = explainedIn(read('packages/core/src/policy/undocumented.ts'));
  expect(open.length).toBeGreaterThan(20);
  for (const { text, name } of open) expect(text.length, name).toBeGreaterThan(20);
  const intro =
    '## Where no source decides\n\nNeither documentation nor recorded traffic settles these points. Each is one name in [`undocumented.ts`](../../packages/core/src/policy/undocumented.ts), so that it can be changed in one place.';
  expectDocument(
    'docs/reference/policy-language.md',
    'undocumented',
    `${intro}\n\n${table(
      ['point', 'about', 'our choice'],
      open.map(({ name, part, text }) => [code(name), part, text]),
    )}`,
  );
});
