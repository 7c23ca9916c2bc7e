/**
 * x509-limbo: certification paths. `pathlen`, `pathological` and `rfc5280` are binding; `webpki` and `online` are about
 * web servers, whose names and profiles attestation PKIs do not have.
 */
import { expect, test } from 'vitest';
import { utf8 } from '../../packages/core/src/bytes/index.ts';
import { type Certificate, parseCertificate, pemBlocks } from '../../packages/core/src/pki/index.ts';
import { expectDocument } from '../setup/document.ts';
import { withVectors } from '../setup/vectors.ts';
import { type Answer, countTable, deviationTable, expectAnswers } from './deviations.ts';
import { chainsUp, verdict } from './paths.ts';

interface Case {
  readonly id: string;
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly validation_time: string | null;
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly extended_key_usage: readonly string[] | null;
  readonly max_chain_depth: number | null;
}

const constraint = 'name constraints are refused, critical or not';
const aki = 'AMD’s certificates have no authority key identifier; the issuer is found by name and signature';
const ski = 'subject key identifiers are only hints, and a root is known by its key';
const serverName = 'names of web servers are not compared here';
const serverPurpose = 'a purpose is demanded only by those callers that have one';
const profile = 'a rule for web servers, without a meaning for attestation';
const sha1 = 'the root signs itself with SHA-1, which is not supported';
const deviations = {
  'pathlen::max-chain-depth-1-self-issued': 'the limit counts all certificates, self-issued ones too',
  'rfc5280::aki::leaf-missing-aki': aki,
  'rfc5280::aki::intermediate-missing-aki': aki,
  'rfc5280::nc::': constraint,
  'rfc5280::san::noncritical-with-empty-subject': 'who a leaf is for is decided by the verifiers that know its kind',
  'rfc5280::serial::zero': 'AMD’s leaves have serial number 0',
  'rfc5280::ski::root-missing-ski': ski,
  'rfc5280::ski::intermediate-missing-ski': ski,
  'rfc5280::root-non-critical-basic-constraints': 'PKITS 4.6.4 wants them accepted',
  'webpki::aki::': profile,
  'webpki::eku::ee-anyeku': profile,
  'webpki::eku::ee-critical-eku': profile,
  'webpki::eku::ee-without-eku': serverPurpose,
  'webpki::eku::root-has-eku': profile,
  'webpki::nc::permitted-dns-match-noncritical': constraint,
  'webpki::san::san-critical-with-nonempty-subject': profile,
  'webpki::san::': serverName,
  'webpki::malformed-aia': 'addresses in certificates are never read',
  'webpki::forbidden-p192-spki-leaf': 'the leaf’s key is refused when it is used',
  'webpki::forbidden-dsa-spki-leaf': 'the leaf’s key is refused when it is used',
  'webpki::forbidden-signature-algorithm-in-leaf': 'the leaf’s key is refused when it is used',
  'webpki::v1-cert': 'versions below 3 are refused for CAs only',
  'webpki::ee-basicconstraints-ca': profile,
  'online::akamai.com': sha1,
  'online::facebook.com': sha1,
  'online::cloudflare.com': sha1,
};

const serverAuth = '1.3.6.1.5.5.7.3.1';
const groupOf = (name: string): string =>
  name
    .split('::')
    .slice(0, name.startsWith('online') ? 1 : -1)
    .join('::');
const spaceOf = (name: string): string => name.split('::')[0] ?? '';

withVectors('x509-limbo', 'conformance/x509-limbo', (folder) => {
  function certificate(pem: string): Certificate {
    const [der] = pemBlocks(utf8(pem), 'CERTIFICATE', 1);
    if (!der) expect.fail('a case has no certificate');
    return parseCertificate(der);
  }
  // Cases without a time of their own were made to be valid when the suite was published.
  const published = Date.UTC(2023, 11, 2);

  function answer(one: Case): Answer {
    const at = one.validation_time === null ? published : Date.parse(one.validation_time);
    const { ok, why } = verdict(at, () => {
      const roots = one.trusted_certs.map(certificate);
      const pool = one.untrusted_intermediates.map(certificate);
      return {
        chains: chainsUp(certificate(one.peer_certificate), pool, roots),
        options: {
          anchors: roots.map(({ spki }) => spki),
          crls: 'elsewhere',
          ...(one.extended_key_usage?.includes('serverAuth') && { purpose: serverAuth }),
          // The suite counts intermediates, we count leaf and root as well.
          ...(one.max_chain_depth !== null && { maxLength: one.max_chain_depth + 2 }),
        },
      };
    });
    return { name: one.id, want: one.expected_result.toLowerCase(), got: ok ? 'success' : 'failure', why };
  }
  const answers: readonly Answer[] = (folder.json('limbo.json').testcases as Case[]).map(answer);

  test.each(['pathlen', 'pathological', 'rfc5280', 'webpki', 'online'])('%s', (space) => {
    const inSpace = answers.filter(({ name }) => spaceOf(name) === space);
    const listed = Object.entries(deviations).filter(([prefix]) => spaceOf(prefix) === space);
    expect(inSpace.length).toBeGreaterThan(0);
    expectAnswers(inSpace, Object.fromEntries(listed));
  });

  test('what is answered otherwise is documented', () => {
    const text = `## x509-limbo

Certification paths. \`pathlen\`, \`pathological\` and \`rfc5280\` are binding; \`webpki\` and \`online\` are about web servers.

${countTable(answers, groupOf)}

${deviationTable(answers, deviations)}`;
    expectDocument('docs/explain/conformance.md', 'limbo', text);
  });
});
