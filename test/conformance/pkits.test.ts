/** NIST PKITS 1.0.1: certification paths and revocation lists (RFC 3280, the forerunner of RFC 5280). */
import { expect, test } from 'vitest';
import { parseCertificate, parseCrl } from '../../packages/core/src/pki/index.ts';
import { expectDocument } from '../setup/document.ts';
import { withVectors } from '../setup/vectors.ts';
import { type Answer, countTable, deviationTable, expectAnswers } from './deviations.ts';
import { chainsUp, verdict } from './paths.ts';

interface Case {
  readonly id: string;
  readonly section: string;
  readonly endEntity: string;
  readonly intermediates: readonly string[];
  readonly crls: readonly string[];
  readonly trustAnchor: string;
  readonly expected: 'valid' | 'invalid';
}

const dsa = 'DSA is not supported';
const policy = 'policies are not processed: what constrains them is refused, critical or not';
const indirect = 'lists of other issuers’ certificates are not processed';
const reasons = 'lists for some reasons only are not put together';
const delta = 'delta lists are not processed: what the base list revokes stays revoked';
const deviations = {
  '4.1.4 ': dsa,
  '4.1.5 ': dsa,
  '4.8.': policy,
  '4.9.': policy,
  '4.10.': policy,
  '4.11.': policy,
  '4.12.': policy,
  '4.14.18 ': reasons,
  '4.14.19 ': reasons,
  '4.14.2': indirect,
  '4.14.3': indirect,
  '4.15.': delta,
};

/** Titles of the sections in the suite's own document. */
const sections: { readonly [section: string]: string } = {
  '4.1': 'signature verification',
  '4.2': 'validity periods',
  '4.3': 'name chaining',
  '4.4': 'basic certificate revocation',
  '4.5': 'self-issued certificates',
  '4.6': 'basic constraints',
  '4.7': 'key usage',
  '4.8': 'certificate policies',
  '4.9': 'require explicit policy',
  '4.10': 'policy mappings',
  '4.11': 'inhibit policy mapping',
  '4.12': 'inhibit any policy',
  '4.14': 'distribution points',
  '4.15': 'delta lists',
  '4.16': 'private certificate extensions',
};
const sectionOf = (name: string): string => {
  const section = name.split('.').slice(0, 2).join('.');
  return `${section} ${sections[section]}`;
};

withVectors('PKITS', 'conformance/pkits', (folder) => {
  const data = 'tests/fixtures/nist_pkits';
  const certificate = (name: string) => parseCertificate(folder.bytes(`${data}/certs/${name}`));
  const crl = (name: string) => parseCrl(folder.bytes(`${data}/crls/${name}`));
  // All sound certificates of the suite are valid at this time.
  const at = Date.UTC(2020, 0, 1);

  function answer(one: Case): Answer {
    const { ok, why } = verdict(at, () => {
      const root = certificate(one.trustAnchor);
      const pool = one.intermediates.map(certificate);
      return {
        chains: chainsUp(certificate(one.endEntity), pool, [root]),
        options: {
          anchors: [root.spki],
          crls: one.crls.map(crl),
          crlSigners: pool.flatMap((signer) => chainsUp(signer, pool, [root])),
        },
      };
    });
    return { name: `${one.section} ${one.id}`, want: one.expected, got: ok ? 'valid' : 'invalid', why };
  }
  const byNumber = (a: Case, b: Case): number => (a.id < b.id ? -1 : 1);
  const answers: readonly Answer[] = [...(folder.json('expected.json').cases as Case[])].sort(byNumber).map(answer);

  test.each([...new Set(answers.map(({ name }) => sectionOf(name)))])('%s', (section) => {
    const inSection = answers.filter(({ name }) => sectionOf(name) === section);
    const listed = Object.entries(deviations).filter(([prefix]) =>
      inSection.some(({ name }) => name.startsWith(prefix)),
    );
    expect(inSection.length).toBeGreaterThan(0);
    expectAnswers(inSection, Object.fromEntries(listed));
  });

  test('nothing that the suite calls invalid is accepted, in scope or not', () => {
    expect(answers.filter(({ want, got }) => want === 'invalid' && got === 'valid')).toEqual([]);
    expect(answers.length).toBe(174);
  });

  test('what is out of scope is documented', () => {
    const text = `## NIST PKITS

Certification paths with revocation, NIST's suite 1.0.1. No path that the suite calls invalid is accepted.

${countTable(answers, sectionOf)}

${deviationTable(answers, deviations)}`;
    expectDocument('docs/explain/conformance.md', 'pkits', text);
  });
});
