/** Every published policy, and what Azure Attestation (or its documentation) says it does. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Claim } from '../../packages/core/src/claim.ts';
import { isObject, type Json } from '../../packages/core/src/json/index.ts';
import { check, compile, defaultPolicies, evaluate, wireMessage } from '../../packages/core/src/policy/index.ts';
import { type Folder, withVectors } from '../setup/vectors.ts';

/** `x-ms-policy-hash`: over the base64url text of the policy, not over the policy. */
const hashOf = (text: string): string =>
  createHash('sha256').update(Buffer.from(text, 'utf8').toString('base64url')).digest('base64url');

test('the default policies have their known hashes', () => {
  const hashes = Object.fromEntries(Object.entries(defaultPolicies).map(([type, text = '']) => [type, hashOf(text)]));
  expect(hashes).toEqual({
    SgxEnclave: 'ViVGS4BYl70X8eUrgryHg0TtbEk9WtIc6DtTBEFxaWc',
    OpenEnclave: 'ViVGS4BYl70X8eUrgryHg0TtbEk9WtIc6DtTBEFxaWc',
    SevSnpVm: '9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco',
    TdxVm: '9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco',
    // Not Azure's, whose bytes are unknown.
    AzureGuest: 'vmB1ZWrfuA3lrwdRAvkEXo1ChhLg8twDGUeMJ56G6cg',
  });
});

interface Row {
  readonly file: string;
  readonly verdict: string;
  readonly notes: string;
}

/** The table of files in the folder's README. */
function rowsOf(readme: string): readonly Row[] {
  const lines = readme.slice(readme.indexOf('## Files')).split('\n');
  return lines
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter((cells) => cells[1]?.endsWith('.txt'))
    .map(([, file = '', verdict = '', , notes = '']) => ({ file, verdict, notes }));
}

const wrap = (rules: string): string => `version=1.2;authorizationrules{=> permit();};issuancerules{${rules}};`;
const policyIn = (folder: Folder, file: string): string =>
  file.endsWith('.rules.txt') ? wrap(folder.text(file)) : folder.text(file);

withVectors('published policies', 'policies', (folder) => {
  const rows = rowsOf(folder.text('README.md'));
  test('the table lists 92 policies', () => expect(rows).toHaveLength(92));

  test.each(rows)('$file: $verdict', ({ file, verdict, notes }) => {
    const text = policyIn(folder, file);
    const findings = check(text).filter(({ severity }) => severity === 'error');
    const refused = verdict.startsWith('reject') || notes.includes('reject at upload');
    if (!refused) {
      expect(findings.map(wireMessage)).toEqual([]);
      expect(compile(text).text).toBe(text);
      return;
    }
    expect(findings).not.toEqual([]);
    const [first] = findings;
    // Positions of lexical errors are those of another tokenizer.
    const line = /^reject \(line (\d+)/.exec(verdict)?.[1];
    if (line !== undefined) expect(String(first?.line)).toBe(line);
    expect(() => compile(text)).toThrow(
      expect.objectContaining({ code: 'PolicyMalformed', message: first && wireMessage(first) }),
    );
  });

  test('a missing semicolon is answered as Azure answers it', () => {
    expect(() => compile(folder.text('neg-missing-version-semicolon.txt'))).toThrow(
      "Policy Parser Exception Thrown: Offending symbol: '['\nLine: '2', Column: '1'\nFailure message: 'mismatched input '[' expecting ';''\nFailing rule: 'policy > versionInfo'",
    );
  });

  const hashes = rows.flatMap(({ file, notes }) => {
    const [, hash] = /x-ms-policy-hash ([\w-]{43})/.exec(notes) ?? [];
    return hash === undefined ? [] : [[file, hash] as const];
  });
  test.each(hashes)('%s hashes to %s', (file, hash) => expect(hashOf(folder.text(file))).toBe(hash));
});

interface Case {
  readonly name: string;
  readonly policy?: string;
  readonly rules?: string;
  readonly incoming: readonly {
    readonly type: string;
    readonly value?: Json;
    readonly valueFromFile?: string;
    readonly issuer?: Claim['issuer'];
  }[];
  readonly expect?: {
    readonly decision: 'permitted' | 'denied' | 'evaluation-error';
    readonly message?: string;
    readonly outgoing?: Record<string, Json | { readonly valueFromFile: string }>;
  };
  readonly expectAdded?: readonly { readonly type: string; readonly value: Json }[];
}

withVectors('policies evaluated', 'policies', (folder) => {
  const cases: readonly Case[] = folder.json('expected.json');
  test('there are 28 cases', () => expect(cases).toHaveLength(28));

  test.each(cases)('$name', (each) => {
    const incoming = each.incoming.map(
      ({ type, value, valueFromFile, issuer = 'CustomClaim' }): Claim => ({
        name: type,
        value: valueFromFile === undefined ? (value ?? null) : folder.text(valueFromFile),
        to: 'policy',
        issuer,
      }),
    );
    // What rules add becomes visible when a last rule issues it.
    const text =
      each.rules === undefined
        ? folder.text(each.policy ?? '')
        : wrap(`${each.rules}\n c:[issuer=="AttestationPolicy"] => issue(claim=c);`);
    const ruling = evaluate(compile(text), incoming);
    if (each.expectAdded) {
      expect(ruling.decision).toBe('permit');
      expect(ruling.issued).toEqual(groupedByType(each.expectAdded));
      return;
    }
    const { decision, message, outgoing } = each.expect ?? { decision: 'permitted' };
    expect(ruling.decision, ruling.why).toBe(
      { permitted: 'permit', denied: 'deny', 'evaluation-error': 'error' }[decision],
    );
    if (message !== undefined) expect(ruling.why).toBe(message);
    const wanted = Object.entries(outgoing ?? {}).map(([name, value]) => [name, fromFile(folder, value)]);
    expect(Object.fromEntries(ruling.issued.map(({ name, value }) => [name, value]))).toEqual(
      Object.fromEntries(wanted),
    );
  });
});

function fromFile(folder: Folder, value: Json | { readonly valueFromFile: string }): Json {
  return isObject(value) && typeof value['valueFromFile'] === 'string' ? folder.text(value['valueFromFile']) : value;
}

function groupedByType(
  claims: readonly { readonly type: string; readonly value: Json }[],
): { name: string; value: Json }[] {
  const names = [...new Set(claims.map(({ type }) => type))];
  return names.map((name) => {
    const values = claims.filter(({ type }) => type === name).map(({ value }) => value);
    return { name, value: values.length === 1 && values[0] !== undefined ? values[0] : values };
  });
}
