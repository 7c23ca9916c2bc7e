import { describe, expect, test } from 'vitest';
import { readDer, write } from '../asn1/index.ts';
import { generateKey, type PrivateKey, publicSpki } from '../crypto/index.ts';
import { Malformed } from '../errors.ts';
import * as build from './build.ts';
import { type Certificate, parseCertificate } from './certificate.ts';
import { type Crl, parseCrl } from './crl.ts';
import { issueCertificate, issueCrl, type NewCertificate, type NewCrl } from './issue.ts';
import { type PathOptions, walkPath } from './path.ts';
import { isCrlIssuedBy } from './step.ts';

const day = 86_400_000;
const keys = {
  root: generateKey('P-256'),
  middle: generateKey('P-256'),
  leaf: generateKey('P-256'),
  other: generateKey('P-256'),
};
const names = { root: [['CN', 'Root']], middle: [['CN', 'Middle']], leaf: [['CN', 'Leaf']] } as const;
const signer = (key: PrivateKey) => ({ scheme: 'ecdsa-sha256', key }) as const;
const ca = [build.basicConstraints({ ca: true }), build.keyUsage(['keyCertSign', 'cRLSign'])];

const make =
  (usual: NewCertificate) =>
  (other: Partial<NewCertificate> = {}): Certificate =>
    parseCertificate(issueCertificate({ ...usual, ...other }));
const root = make({
  subject: names.root,
  issuer: names.root,
  serial: 1,
  notBefore: 0,
  notAfter: 100 * day,
  spki: publicSpki(keys.root),
  extensions: ca,
  signer: signer(keys.root),
});
const middle = make({
  subject: names.middle,
  issuer: names.root,
  serial: 2,
  notBefore: 10 * day,
  notAfter: 80 * day,
  spki: publicSpki(keys.middle),
  extensions: ca,
  signer: signer(keys.root),
});
const leaf = make({
  subject: names.leaf,
  issuer: names.middle,
  serial: 3,
  notBefore: 5 * day,
  notAfter: 90 * day,
  spki: publicSpki(keys.leaf),
  extensions: [build.keyUsage(['digitalSignature'])],
  signer: signer(keys.middle),
});
const list =
  (usual: NewCrl) =>
  (other: Partial<NewCrl> = {}): Crl =>
    parseCrl(issueCrl({ ...usual, ...other }));
const rootList = list({
  issuer: names.root,
  thisUpdate: 20 * day,
  nextUpdate: 60 * day,
  revoked: [],
  extensions: [],
  signer: signer(keys.root),
});
const middleList = list({
  issuer: names.middle,
  thisUpdate: 30 * day,
  nextUpdate: 50 * day,
  revoked: [],
  extensions: [],
  signer: signer(keys.middle),
});

const anchors = [publicSpki(keys.root)];
const chain = [leaf(), middle(), root()];
const walk = (path: readonly Certificate[], options: Partial<PathOptions> = {}) =>
  walkPath(path, { anchors, crls: 'elsewhere', ...options });
const opaque = (critical: boolean) => build.opaqueExtension('1.2.3.4', critical, 'x');
const entry = (serial: number) => ({ serial, at: 0 });

test('a good path says when it is valid, and leaves the judgement to others', () => {
  expect(walk(chain)).toEqual({ ok: true, path: chain, from: 10 * day, until: 80 * day, lists: undefined });
  expect(walk(chain, { crls: [middleList(), rootList()] })).toMatchObject({
    ok: true,
    lists: { from: 30 * day, until: 50 * day },
  });
  expect(walk([root()])).toMatchObject({ ok: true, from: 0, until: 100 * day });
});

describe('T13: anchors are keys', () => {
  test('another certificate of the same key will do', () => {
    const newer = root({ serial: 9, notBefore: 3 * day, notAfter: 200 * day });
    expect(walk([leaf(), middle(), newer])).toMatchObject({ ok: true });
  });

  test('a certificate of the same name with another key will not', () => {
    const impostor = root({ spki: publicSpki(keys.other), signer: signer(keys.other) });
    const issued = middle({ signer: signer(keys.other) });
    expect(walk([leaf(), issued, impostor])).toMatchObject({ ok: false, problem: 'untrusted', index: 2 });
    expect(walk(chain, { anchors: [] })).toMatchObject({ ok: false, problem: 'untrusted' });
    expect(walk(chain, { anchors: [publicSpki(keys.other)] })).toMatchObject({ ok: false, problem: 'untrusted' });
  });

  test('the key alone does not make a root: it must vouch for itself', () => {
    expect(walk([leaf(), middle(), root({ signer: signer(keys.other) })])).toMatchObject({
      ok: false,
      problem: 'signature',
      index: 2,
    });
    expect(walk([leaf(), middle(), root({ issuer: [['CN', 'Above']] })])).toMatchObject({
      ok: false,
      problem: 'issuer-name',
      index: 2,
    });
  });

  test('a chain that ends below its root is completed by roots given, if their key is an anchor’s', () => {
    const below = [leaf(), middle()];
    expect(walk(below)).toMatchObject({ ok: false, problem: 'untrusted', index: 1 });
    expect(walk(below, { roots: [root()] })).toMatchObject({ ok: true, from: 10 * day });
    expect(walk(chain, { roots: [root()] })).toMatchObject({ ok: true, path: chain });
    const impostor = root({ spki: publicSpki(keys.other), signer: signer(keys.other) });
    expect(walk([leaf(), middle({ signer: signer(keys.other) })], { roots: [impostor] })).toMatchObject({
      ok: false,
      problem: 'untrusted',
    });
    expect(walk(below, { roots: [root({ extensions: [] })] })).toMatchObject({
      ok: false,
      problem: 'not-a-ca',
      index: 2,
    });
  });
});

describe('refused', () => {
  const subCa = make({
    subject: [['CN', 'Sub']],
    issuer: names.middle,
    serial: 4,
    notBefore: 0,
    notAfter: 100 * day,
    spki: publicSpki(keys.other),
    extensions: ca,
    signer: signer(keys.middle),
  });
  const belowSub = leaf({ issuer: [['CN', 'Sub']], signer: signer(keys.other) });
  const limited = middle({
    extensions: [build.basicConstraints({ ca: true, pathLength: 0 }), build.keyUsage(['keyCertSign'])],
  });
  const policies = { oid: '2.5.29.36', critical: false, value: write.sequence(write.implicit(0, write.integer(0))) };
  const nameLimits = { oid: '2.5.29.30', critical: false, value: write.sequence() };
  const sha1 = write.sequence(write.oid('1.2.840.113549.1.1.5'), write.nothing());
  const tiny = write.sequence(
    write.sequence(write.oid('1.2.840.10045.2.1'), write.oid('1.3.132.0.10')),
    write.bitString(new Uint8Array(65)),
  );

  test.each<[string, readonly Certificate[], string, number]>([
    ['no certificate', [], 'path-empty', 0],
    ['more certificates than there may be', Array.from({ length: 11 }, () => root()), 'path-too-long', 10],
    ['an issuer of another name', [leaf({ issuer: [['CN', 'Muddle']] }), middle(), root()], 'issuer-name', 0],
    ['a chain out of order', [leaf(), root(), middle()], 'untrusted', 2],
    ['a leaf signed by another key', [leaf({ signer: signer(keys.other) }), middle(), root()], 'signature', 0],
    ['an issuer signed by another key', [leaf(), middle({ signer: signer(keys.other) }), root()], 'signature', 1],
    ['a key that is not supported', [leaf(), middle({ spki: tiny }), root()], 'issuer-key', 0],
    [
      'an issuer that is no CA',
      [leaf(), middle({ extensions: [build.basicConstraints({}), build.keyUsage(['digitalSignature'])] }), root()],
      'not-a-ca',
      1,
    ],
    [
      'an issuer without basic constraints',
      [leaf(), middle({ extensions: [build.keyUsage(['digitalSignature'])] }), root()],
      'not-a-ca',
      1,
    ],
    ['an issuer of version 1', [leaf(), middle({ version: 1, extensions: [] }), root()], 'not-a-ca', 1],
    ['a root that is no CA', [leaf(), middle(), root({ extensions: [] })], 'not-a-ca', 2],
    [
      'an issuer whose key may not sign certificates',
      [leaf(), middle({ extensions: [build.basicConstraints({ ca: true }), build.keyUsage(['cRLSign'])] }), root()],
      'key-usage',
      1,
    ],
    [
      'a leaf whose key may sign certificates',
      [leaf({ extensions: [build.keyUsage(['keyCertSign'])] }), middle(), root()],
      'key-usage',
      0,
    ],
    ['more CAs than the path may have', [belowSub, subCa(), limited, root()], 'path-length', 2],
    [
      'a critical extension that nobody knows, in the leaf',
      [leaf({ extensions: [opaque(true)] }), middle(), root()],
      'critical-extension',
      0,
    ],
    ['the same in an issuer', [leaf(), middle({ extensions: [...ca, opaque(true)] }), root()], 'critical-extension', 1],
    ['the same in the root', [leaf(), middle(), root({ extensions: [...ca, opaque(true)] })], 'critical-extension', 2],
    [
      'constraints on names, even if not critical',
      [leaf(), middle({ extensions: [...ca, nameLimits] }), root()],
      'constraint',
      1,
    ],
    [
      'constraints on policies, even if not critical',
      [leaf(), middle({ extensions: [...ca, policies] }), root()],
      'constraint',
      1,
    ],
    ['an issuer without a name', [leaf(), middle({ subject: [] }), root()], 'issuer-name', 0],
  ])('%s', (_, path, problem, index) => {
    expect(walk(path)).toMatchObject({ ok: false, problem, index });
  });

  test('an algorithm that is not supported', () => {
    const { tbs, signature } = leaf();
    // The algorithm is named inside as well.
    const parts = readDer(tbs)
      .children()
      .map(({ raw }, i) => (i === 2 ? sha1 : raw));
    const old = parseCertificate(write.sequence(write.sequence(...parts), sha1, write.bitString(signature)));
    expect(old.signatureAlgorithm).toEqual({ oid: '1.2.840.113549.1.1.5', scheme: undefined });
    expect(walk([old, middle(), root()])).toMatchObject({ ok: false, problem: 'algorithm', index: 0 });
  });

  test('critical extensions pass where the caller says that it processes them', () => {
    const path = [leaf({ extensions: [opaque(true)] }), middle(), root()];
    expect(walk(path, { understood: ['1.2.3.4'] })).toMatchObject({ ok: true });
    expect(walk([leaf({ extensions: [opaque(false)] }), middle(), root()])).toMatchObject({ ok: true });
  });

  test('a leaf for other purposes, where one is demanded', () => {
    const purposes = (...ids: string[]) => [leaf({ extensions: [build.extendedKeyUsage(ids)] }), middle(), root()];
    expect(walk(purposes('1.2.3'), { purpose: '1.2.4' })).toMatchObject({ ok: false, problem: 'purpose', index: 0 });
    expect(walk(purposes('1.2.3', '1.2.4'), { purpose: '1.2.4' })).toMatchObject({ ok: true });
    expect(walk(chain, { purpose: '1.2.4' })).toMatchObject({ ok: true });
  });

  test('self-issued certificates do not count for path lengths, and the leaf does not either', () => {
    const renewed = make({
      subject: names.middle,
      issuer: names.middle,
      serial: 5,
      notBefore: 0,
      notAfter: 100 * day,
      spki: publicSpki(keys.other),
      extensions: ca,
      signer: signer(keys.middle),
    });
    expect(walk([leaf({ signer: signer(keys.other) }), renewed(), limited, root()])).toMatchObject({ ok: true });
    expect(walk([subCa(), limited, root()])).toMatchObject({ ok: true });
    expect(walk([belowSub, subCa(), middle(), root()])).toMatchObject({ ok: true });
  });
});

describe('T14: revocation', () => {
  const crls = [middleList(), rootList()];
  const unknown = build.opaqueExtension('1.2.3.4', true, 'x');
  const onlyCas = { oid: '2.5.29.28', critical: true, value: write.sequence(write.implicit(2, write.boolean(true))) };
  test.each<[string, readonly Crl[], string, number]>([
    ['a revoked leaf', [middleList({ revoked: [entry(3)] }), rootList()], 'revoked', 0],
    ['a revoked intermediate', [middleList(), rootList({ revoked: [entry(2)] })], 'revoked', 1],
    ['no list at all', [], 'crl-missing', 1],
    ['no list for the leaf', [rootList()], 'crl-missing', 0],
    ['no list for the intermediate', [middleList()], 'crl-missing', 1],
    ['a list of another issuer', [middleList({ issuer: [['CN', 'Muddle']] }), rootList()], 'crl-missing', 0],
    ['a list signed by another key', [middleList({ signer: signer(keys.other) }), rootList()], 'crl-signature', 0],
    [
      'a list signed by the root in the intermediate’s name',
      [middleList({ signer: signer(keys.root) }), rootList()],
      'crl-signature',
      0,
    ],
    [
      'a list with a critical extension that nobody knows',
      [middleList({ extensions: [unknown] }), rootList()],
      'crl-critical-extension',
      0,
    ],
    [
      'a list with such an entry',
      [middleList({ revoked: [{ ...entry(9), extensions: [unknown] }] }), rootList()],
      'crl-critical-extension',
      0,
    ],
    ['a list for CAs only', [middleList({ extensions: [onlyCas] }), rootList()], 'crl-missing', 0],
    ['a list without an end', [middleList({ nextUpdate: undefined }), rootList()], 'crl-without-end', 0],
    [
      'the leaf on an older list',
      [middleList(), middleList({ thisUpdate: 0, revoked: [entry(3)] }), rootList()],
      'revoked',
      0,
    ],
    [
      'the leaf on a list that is not understood',
      [middleList(), middleList({ revoked: [entry(3)], extensions: [unknown] }), rootList()],
      'revoked',
      0,
    ],
  ])('%s refuses', (_, lists, problem, index) => {
    expect(walk(chain, { crls: lists })).toMatchObject({ ok: false, problem, index });
  });

  test('serial numbers of others, and lists that are forged or not understood, change nothing', () => {
    const forged = middleList({ revoked: [entry(3)], signer: signer(keys.other) });
    expect(walk(chain, { crls: [...crls, forged] })).toMatchObject({ ok: true });
    expect(walk(chain, { crls: [...crls, middleList({ extensions: [unknown] })] })).toMatchObject({ ok: true });
    expect(
      walk(chain, { crls: [middleList({ revoked: [entry(2)] }), rootList({ revoked: [entry(3)] })] }),
    ).toMatchObject({ ok: true });
  });

  test('the newest list decides how long', () => {
    const newer = middleList({ thisUpdate: 35 * day, nextUpdate: 45 * day });
    expect(walk(chain, { crls: [newer, ...crls] })).toMatchObject({ lists: { from: 35 * day, until: 45 * day } });
  });

  test('an issuer whose key may not sign lists does not vouch for them', () => {
    const silent = middle({ extensions: [build.basicConstraints({ ca: true }), build.keyUsage(['keyCertSign'])] });
    expect(isCrlIssuedBy(middleList(), silent)).toBe(false);
    expect(isCrlIssuedBy(middleList(), middle())).toBe(true);
    expect(isCrlIssuedBy(middleList(), root())).toBe(false);
    expect(walk([leaf(), silent, root()], { crls })).toMatchObject({ ok: false, problem: 'crl-signature', index: 0 });
  });

  test('another certificate of the issuer may sign its lists if its own path is good', () => {
    const listKey = make({
      subject: names.middle,
      issuer: names.root,
      serial: 6,
      notBefore: 0,
      notAfter: 100 * day,
      spki: publicSpki(keys.other),
      extensions: [build.keyUsage(['cRLSign'])],
      signer: signer(keys.root),
    });
    const lists = [middleList({ signer: signer(keys.other) }), rootList()];
    expect(walk(chain, { crls: lists, crlSigners: [[listKey(), root()]] })).toMatchObject({ ok: true });
    const dated = listKey({ notBefore: 33 * day, notAfter: 47 * day });
    expect(walk(chain, { crls: lists, crlSigners: [[dated, root()]] })).toMatchObject({
      lists: { from: 33 * day, until: 47 * day },
    });
    const forged = listKey({ signer: signer(keys.other) });
    for (const bad of [
      [forged, root()],
      [listKey()],
      [],
      [listKey({ extensions: [build.keyUsage(['digitalSignature'])] }), root()],
    ]) {
      expect(walk(chain, { crls: lists, crlSigners: [bad] })).toMatchObject({ ok: false, problem: 'crl-signature' });
    }
    const revoked = [lists[0] as Crl, rootList({ revoked: [entry(6)] })];
    expect(walk(chain, { crls: revoked, crlSigners: [[listKey(), root()]] })).toMatchObject({
      ok: false,
      problem: 'crl-signature',
    });
    // Two signers that vouch for each other's standing do not stand.
    const mutual = [[listKey({ issuer: names.middle, signer: signer(keys.middle) }), middle(), root()]];
    expect(walk(chain, { crls: lists, crlSigners: mutual })).toMatchObject({ ok: false, problem: 'crl-signature' });
  });
});

test('T5: a change of any byte of any certificate refuses the path', () => {
  const ders = chain.map(({ raw }) => raw);
  for (const [which, der] of ders.entries()) {
    for (let at = 0; at < der.length; at++) {
      const changed = Uint8Array.from(der);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at & 7));
      const outcome = (): boolean => walk(ders.map((one, i) => parseCertificate(i === which ? changed : one))).ok;
      try {
        expect(outcome()).toBe(false);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
    }
  }
});
