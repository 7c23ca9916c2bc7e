import { decode } from '@assay/core/bytes';
import { basicConstraints, extendedKeyUsage } from '@assay/core/pki';
import { forgeTpm } from '@assay/core/testing';
import { Public } from '@assay/core/tpm';
import { expect, test } from 'vitest';
import { endorsementProblem } from './endorsement.ts';

const at = new Date('2026-05-01T00:00:00Z');
const tpm = forgeTpm({ at });
const { root, issuer, ek } = tpm.certificates;
const area = decode(Public, tpm.endorsement);
const other = forgeTpm({ at, seed: 'another' });

test('a key that a maker vouches for', () => {
  expect(endorsementProblem(ek, area, [root, issuer])).toBeUndefined();
  expect(endorsementProblem(ek, area, [issuer, other.certificates.root, root])).toBeUndefined();
});

test('old chips outlive their certificates', () => {
  const old = forgeTpm({ at, certificates: { ek: { notAfter: 0, notBefore: 0 } } });
  expect(endorsementProblem(old.certificates.ek, decode(Public, old.endorsement), [root, issuer])).toBeUndefined();
});

test.each([
  ['another TPM’s key', ek, decode(Public, other.endorsement), [root, issuer], /is of another key/],
  ['no root', ek, area, [issuer], /./],
  ['no intermediate', ek, area, [root], /./],
  ['another root of the same name', ek, area, [other.certificates.root, issuer], /./],
  ['a certificate that is none', new Uint8Array(9), area, [root, issuer], /^ek certificate/],
] as const)('refused: %s', (_, der, key, roots, why) => {
  expect(endorsementProblem(der, key, roots)).toMatch(why);
});

test.each([
  ['a platform', extendedKeyUsage(['2.23.133.8.2']), /has not the purpose 2\.23\.133\.8\.1 of endorsement keys/],
  ['an attestation key', extendedKeyUsage(['2.23.133.8.3']), /has not the purpose/],
  ['a CA', basicConstraints({ ca: true }), /it is a CA/],
])('refused: a certificate over the same key, as %s', (_, extension, why) => {
  const made = forgeTpm({ at, certificates: { ek: { extensions: [extension] } } });
  expect(endorsementProblem(made.certificates.ek, area, [root, issuer])).toMatch(why);
});
