/** The reference is made of the code's own tables: checks, errors, claims. */
import { attestChecks, type CheckTable, errorTable } from '@assay/core';
import { claimDestinations, sgxClaimNames, tdQuote } from '@assay/core/intel';
import { types } from '@assay/core/registry';
import { tpmClaimDestinations, tpmClaimNames } from '@assay/core/tpm';
import { expect, test } from 'vitest';
import { expectDocument } from '../setup/document.ts';
import { code, table } from './table.ts';

/** Who must act, in words. */
const actors = {
  caller: 'the client',
  evidence: 'nobody: not to be trusted',
  operator: 'the operator',
  us: 'Assay’s developers',
} as const;

const tables: readonly CheckTable[] = [attestChecks, ...types.map(({ verifier }) => verifier.checks), tdQuote.checks];
const checks = [...new Map(tables.flatMap((one) => Object.entries(one))).values()];

const familyOf = (id: string): string => id.split('.')[0] ?? id;

test('docs/reference/checks.md', () => {
  const families = [...new Set(checks.map(({ id }) => familyOf(id)))];
  const text = families.map((family) => {
    const members = checks.filter(({ id }) => familyOf(id) === family);
    const rows = members.map(({ id, code: error, title, source = '', remedy = '' }) => {
      const { actor, wire, status } = errorTable[error];
      return [code(id), title, actors[actor], `${code(wire)}, ${status}`, source, remedy];
    });
    return `## ${family}\n\n${table(['check', 'passes when', 'who must act', 'on the wire', 'source', 'remedy'], rows)}`;
  });
  expectDocument('docs/reference/checks.md', 'checks', text.join('\n\n'));
});

test('every check is declared under its own id, once', () => {
  for (const one of tables) for (const [id, check] of Object.entries(one)) expect(check.id).toBe(id);
  for (const { id, code: error } of checks) {
    const declared = tables.flatMap((one) => (one[id] ? [one[id]] : []));
    expect(new Set(declared).size, id).toBe(1);
    expect(errorTable, id).toHaveProperty(error);
  }
});

test('docs/reference/errors.md', () => {
  const rows = Object.entries(errorTable).map(([name, { actor, wire, status }]) => [
    code(name),
    actors[actor],
    code(wire),
    String(status),
  ]);
  expectDocument(
    'docs/reference/errors.md',
    'errors',
    table(['error', 'who must act', '`error.code`', 'status'], rows),
  );
});

test('docs/reference/claims.md', () => {
  const sections = [
    [
      types.filter(({ serviceClaims }) => serviceClaims === sgxClaimNames).map(({ name }) => name),
      claimDestinations.sgx,
    ],
    [['Quotes of TDX trust domains'], claimDestinations.tdx],
    [
      types.filter(({ serviceClaims }) => serviceClaims === tpmClaimNames).map(({ name }) => name),
      tpmClaimDestinations,
    ],
  ] as const;
  const text = sections.map(([names, destinations]) => {
    const rows = Object.entries(destinations).map(([name, to]) => [
      code(name),
      to === 'token' ? '' : 'yes',
      to === 'policy' ? '' : 'yes',
    ]);
    return `## ${names.join(', ')}\n\n${table(['claim', 'policies test it', 'tokens carry it'], rows)}`;
  });
  expectDocument('docs/reference/claims.md', 'claims', text.join('\n\n'));
});
