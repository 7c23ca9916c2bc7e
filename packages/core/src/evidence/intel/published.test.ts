import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refusal } from '../../appraisal.ts';
import { type Bytes, hex, utf8 } from '../../bytes/index.ts';
import type { NeedName } from '../../contract.ts';
import { parseCertificate, toPem } from '../../pki/index.ts';
import { issuersOf, needsOf } from './collateral.ts';
import { forgeIntel, type World } from './forge.ts';
import { nameOfPublished, type Published, publishedAs, vouchCollateral } from './published.ts';

const at = new Date('2026-03-01T12:00:00Z');
const day = 86_400_000;
const nothing = new Uint8Array();
const forged = forgeIntel({ at });
const info: NeedName = 'intel/tcb-info-sgx-00906ed50000';
const names = [...needsOf('sgx', '00906ed50000', 'platform', 0), ...needsOf('tdx', '00906ed50000', 'platform', 0)]
  .map(({ name }) => name)
  .filter((name) => !name.endsWith('-issuers'));

const published = (name: NeedName): Published => publishedAs(name) ?? expect.fail(name);

/** The chain that a source serves beside a piece. */
function issuers(name: NeedName, from = forged): Bytes {
  if (name === 'intel/crl-root') return nothing;
  if (!name.includes('/crl-')) return from.collateral.get(issuersOf(name)) ?? nothing;
  const { issuer, root } = from.certificates;
  return utf8(toPem('CERTIFICATE', issuer) + toPem('CERTIFICATE', root));
}
const bytesOf = (name: NeedName, from = forged): Bytes => from.collateral.get(name) ?? expect.fail(name);

/** The check that refuses. */
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error.check.id;
    throw error;
  }
  return 'none';
}
const judged = (name: NeedName, from: World, ground = forged.anchor, of = name): string => {
  const world = forgeIntel(from);
  return refusal(() =>
    vouchCollateral(published(of), bytesOf(name, world), issuers(name, world), { anchors: [ground] }),
  );
};

describe('names', () => {
  test('of everything that can be asked for, there and back', () => {
    for (const name of [...names, 'intel/crl-processor' as const]) expect(nameOfPublished(published(name))).toBe(name);
  });

  test('T40: no other name is one', () => {
    for (const name of [`${info}-issuers`, `${info}/`, ` ${info}`, `${info}\n`, 'intel/tcb-info-sgx-00906ED50000', ''])
      expect(publishedAs(name)).toBeUndefined();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const found = publishedAs(text);
        expect(found === undefined || nameOfPublished(found) === text).toBe(true);
      }),
    );
  });
});

describe('what is vouched for', () => {
  test.each([...new Set(names)])('%s', (name) => {
    const vouched = vouchCollateral(published(name), bytesOf(name), issuers(name), { anchors: [forged.anchor] });
    const dates = { from: at.getTime() - day, until: at.getTime() + 30 * day };
    expect(vouched).toMatchObject({ name, issued: dates.from, until: dates.until, usable: dates });
    expect(vouched.evaluation).toBe(name.includes('/crl-') ? undefined : 17);
  });

  test('a CRL in each of its spellings', () => {
    for (const name of ['intel/crl-root', 'intel/crl-platform'] as const)
      for (const spelt of [utf8(hex(bytesOf(name))), utf8(toPem('X509 CRL', bytesOf(name)))])
        expect(vouchCollateral(published(name), spelt, issuers(name), { anchors: [forged.anchor] }).name).toBe(name);
  });

  test('what is signed by a chain that ends sooner is usable until then', () => {
    const until = at.getTime() + 3 * day;
    const world = forgeIntel({ at, certificates: { signer: { notAfter: until } } });
    const { usable, until: own } = vouchCollateral(published(info), bytesOf(info, world), issuers(info, world), {
      anchors: [forged.anchor],
    });
    expect([usable.until, own]).toEqual([until, at.getTime() + 30 * day]);
  });
});

describe('what is refused', () => {
  test('T1: each piece under another root', () => {
    const stranger = { at, seed: 'a stranger' };
    expect(judged(info, stranger)).toBe('intel.signing.path');
    expect(judged('intel/qe-identity-tdx', stranger)).toBe('intel.signing.path');
    expect(judged('intel/crl-root', stranger)).toBe('intel.root-crl.signed');
    expect(judged('intel/crl-platform', stranger)).toBe('intel.pck-crl.signed');
    expect(judged(info, stranger, forgeIntel(stranger).anchor)).toBe('none');
  });

  test('T1: each piece with any one bit of it changed', () => {
    for (const name of new Set(names)) {
      const bytes = bytesOf(name);
      for (let i = 0; i < bytes.length; i += 7) {
        const changed = Uint8Array.from(bytes);
        changed[i] = (bytes[i] ?? 0) ^ (1 << (i % 8));
        const verdict = refusal(() =>
          vouchCollateral(published(name), changed, issuers(name), { anchors: [forged.anchor] }),
        );
        // Hexadecimal has two spellings of a letter, and the signature is outside what it signs.
        if (verdict === 'none')
          expect(new TextDecoder().decode(changed).toLowerCase()).toBe(new TextDecoder().decode(bytes).toLowerCase());
        else expect(verdict).toMatch(/signed$|content$/);
      }
    }
  });

  test('a piece about something else', () => {
    const other = { at, fmspc: '00a067110000' };
    expect(judged('intel/tcb-info-sgx-00a067110000', other, undefined, info)).toBe('intel.tcb-info.subject');
    expect(judged('intel/tcb-info-tdx-00906ed50000', { at }, undefined, info)).toBe('intel.tcb-info.subject');
    expect(judged('intel/qe-identity-tdx', { at }, undefined, 'intel/qe-identity-sgx')).toBe(
      'intel.qe-identity.subject',
    );
    expect(judged('intel/crl-processor', { at, ca: 'processor' }, undefined, 'intel/crl-platform')).toBe(
      'intel.pck-crl.signed',
    );
    expect(judged('intel/crl-platform', { at }, undefined, 'intel/crl-root')).toBe('intel.root-crl.signed');
    expect(judged('intel/qe-identity-sgx', { at }, undefined, info)).toBe('intel.tcb-info.signed');
  });

  test('a document signed by a certificate that Intel never meant to sign it', () => {
    const { leaf, root } = forged.certificates;
    const chain = utf8(toPem('CERTIFICATE', leaf) + toPem('CERTIFICATE', root));
    const verdict = refusal(() => vouchCollateral(published(info), bytesOf(info), chain, { anchors: [forged.anchor] }));
    expect(verdict).toBe('intel.signing.path');
  });

  test('a list without an end, or with extensions that narrow it', () => {
    expect(judged('intel/crl-root', { at, crls: { root: { nextUpdate: undefined } } })).toBe('intel.root-crl.signed');
    expect(judged('intel/crl-platform', { at, crls: { pck: { extensions: [] } } })).toBe('intel.pck-crl.signed');
  });

  test('T14: with the root CRL at hand, what a revoked certificate signed', () => {
    const revoking = (who: 'signer' | 'issuer'): Bytes => {
      const { serialHex } = parseCertificate(forged.certificates[who]);
      const serial = Number.parseInt(serialHex, 16);
      return bytesOf(
        'intel/crl-root',
        forgeIntel({ at, crls: { root: { revoked: [{ serial, at: at.getTime() - day }] } } }),
      );
    };
    const verdict = (name: NeedName, rootCrl: Bytes): string =>
      refusal(() =>
        vouchCollateral(published(name), bytesOf(name), issuers(name), { anchors: [forged.anchor], rootCrl }),
      );
    expect(verdict(info, bytesOf('intel/crl-root'))).toBe('none');
    expect(verdict(info, revoking('signer'))).toBe('intel.signing.standing');
    expect(verdict('intel/crl-platform', revoking('signer'))).toBe('none');
    expect(verdict('intel/crl-platform', revoking('issuer'))).toBe('intel.ca.standing');
    expect(verdict(info, bytesOf('intel/crl-root', forgeIntel({ at, seed: 'a stranger' })))).toBe(
      'intel.root-crl.signed',
    );
  });
});
