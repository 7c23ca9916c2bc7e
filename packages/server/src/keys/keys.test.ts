import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  certificateKeyId,
  commonName,
  exportPkcs8,
  fromBase64,
  generateKey,
  keyId,
  parseCertificate,
  toPem,
  utf8,
} from '@assay/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { madeOnce, privateFolder, readPrivate } from './files.ts';
import { sealing } from './sealing.ts';
import { signingKeys } from './signing.ts';
import { developmentTls, namesOf, ownTls } from './tls.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = new Date('2026-01-01T00:00:00Z');
const named = { issuer: 'https://assay.example', name: 'assay' };
const mode = (path: string): number => statSync(path).mode & 0o777;

test('T39: keys are readable by their owner alone, and so is their folder', () => {
  const keys = join(folder, 'data', 'keys');
  privateFolder(keys);
  signingKeys(keys, 'ES256', named, now);
  sealing(keys, 'assay');
  developmentTls(keys, named.issuer, now);
  expect(mode(keys)).toBe(0o700);
  const files = readdirSync(keys);
  expect(files.length).toBeGreaterThan(5);
  for (const file of files) expect([file, mode(join(keys, file))]).toEqual([file, 0o600]);
});

test('T39: a key that others may read is not used', () => {
  signingKeys(folder, 'ES256', named, now);
  chmodSync(join(folder, 'signing-p-256-key.pem'), 0o644);
  expect(() => signingKeys(folder, 'ES256', named, now)).toThrow(/may be read by others: run chmod 600/);
});

test('T39: a folder that others may enter is closed to them', () => {
  const open = join(folder, 'open');
  mkdirSync(open, { mode: 0o755 });
  privateFolder(open);
  expect(mode(open)).toBe(0o700);
});

test('a file is made once, whoever comes first', () => {
  const path = join(folder, 'a', 'file');
  expect(madeOnce(path, () => 'first')).toBe('first');
  expect(madeOnce(path, () => 'second')).toBe('first');
  expect(readdirSync(join(folder, 'a'))).toEqual(['file']);
  // Another process was faster between the look and the making.
  const raced = join(folder, 'raced');
  const made = madeOnce(raced, () => {
    writeFileSync(raced, 'theirs', { mode: 0o600 });
    return 'ours';
  });
  expect(made).toBe('theirs');
  expect(readPrivate(join(folder, 'none'))).toBeUndefined();
});

test.each(['RS256', 'PS256', 'ES256', 'ES384'] as const)(
  '%s: what it signs verifies by the published certificate',
  async (alg) => {
    const { signer, x5c, published } = signingKeys(folder, alg, named, now);
    const certificate = parseCertificate(fromBase64(x5c[0] ?? '', 'base64'));
    const data = utf8('signed');
    const signature = await signer.sign(data);
    const key = createPublicKey({ key: Buffer.from(certificate.spki), format: 'der', type: 'spki' });
    const how = alg === 'PS256' ? { padding: 6, saltLength: 32 } : { dsaEncoding: 'ieee-p1363' as const };
    expect(verify(alg === 'ES384' ? 'sha384' : 'sha256', data, { key, ...how }, signature)).toBe(true);
    expect(verify(alg === 'ES384' ? 'sha384' : 'sha256', utf8('other'), { key, ...how }, signature)).toBe(false);
    const kty = alg.startsWith('ES') ? 'EC' : 'RSA';
    const names = [keyId(certificate.spki), certificateKeyId(certificate.raw)];
    expect(published).toEqual(names.map((kid) => ({ x5c, kid, kty })));
    expect(signer).toMatchObject({ alg, kid: keyId(certificate.spki) });
  },
);

test('the certificate speaks for the public URL, from now for ten years, and carries no quote', () => {
  const { x5c } = signingKeys(folder, 'ES256', named, now);
  const certificate = parseCertificate(fromBase64(x5c[0] ?? '', 'base64'));
  expect([commonName(certificate.subject), commonName(certificate.issuer)]).toEqual([named.issuer, named.issuer]);
  expect([certificate.notBefore, certificate.notAfter]).toEqual([now.getTime(), Date.parse('2036-01-01T00:00:00Z')]);
  expect(certificate.basicConstraints?.ca).toBe(false);
  expect(certificate.serial.length).toBe(16);
  expect([...certificate.extensions.keys()].filter((oid) => !oid.startsWith('2.5.29.'))).toEqual([]);
});

test('a URL too long for a common name stands in the alternative name alone', () => {
  const issuer = `https://${'a'.repeat(60)}.example`;
  const { x5c } = signingKeys(folder, 'ES256', { issuer, name: 'provider-name' }, now);
  const certificate = parseCertificate(fromBase64(x5c[0] ?? '', 'base64'));
  expect(commonName(certificate.subject)).toBe('provider-name');
  expect(Buffer.from(certificate.extensions.get('2.5.29.17')?.value ?? []).toString('latin1')).toContain(issuer);
});

test('key and certificate stay over restarts; another URL or the end of its life make another certificate of the same key', () => {
  const first = signingKeys(folder, 'ES256', named, now);
  expect(signingKeys(folder, 'ES256', named, new Date('2030-01-01')).x5c).toEqual(first.x5c);
  const moved = signingKeys(folder, 'ES256', { ...named, issuer: 'https://other.example' }, now);
  expect(moved.x5c).not.toEqual(first.x5c);
  expect(moved.signer.kid).toBe(first.signer.kid);
  const later = signingKeys(folder, 'ES256', named, new Date('2037-01-01'));
  expect(later.signer.kid).toBe(first.signer.kid);
  expect(signingKeys(folder, 'ES256', named, new Date('2037-06-01')).x5c).toEqual(later.x5c);
});

test('a broken key file is named, and not replaced', () => {
  const path = join(folder, 'signing-p-256-key.pem');
  for (const text of ['', 'no key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n']) {
    writeFileSync(path, text, { mode: 0o600 });
    expect(() => signingKeys(folder, 'ES256', named, now)).toThrow(/signing-p-256-key\.pem holds no private key/);
    expect(readFileSync(path, 'utf8')).toBe(text);
  }
});

test('what is sealed opens after a restart, and nothing else does', () => {
  const plain = utf8('round');
  const sealed = sealing(folder, 'a').seal(plain);
  const again = sealing(folder, 'a');
  expect(again.unseal(sealed)).toEqual(plain);
  expect(again.seal(plain)).not.toEqual(sealed);
  expect(sealing(folder, 'b').unseal(sealed)).toBeUndefined();
  expect(again.sealedBy).toMatch(/^[0-9A-F]{64}$/);
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  expect(again.unseal(sealed)).toBeUndefined();
  expect(again.unseal(new Uint8Array())).toBeUndefined();
});

test('the development certificate names this machine and the public URL’s host', () => {
  expect(namesOf('https://assay.example:8443/providers/a')).toEqual([
    { dns: 'localhost' },
    { ip: Uint8Array.of(127, 0, 0, 1) },
    { ip: Uint8Array.of(...new Array<number>(15).fill(0), 1) },
    { dns: 'assay.example' },
  ]);
  expect(namesOf('https://[2001:db8::8:800]')[3]).toEqual({
    ip: Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 0),
  });
  expect(namesOf('https://10.1.2.3')[3]).toEqual({ ip: Uint8Array.of(10, 1, 2, 3) });
  expect(namesOf('https://localhost')).toHaveLength(3);
});

test('the development certificate is renewed in time, under the same CA', () => {
  const first = developmentTls(folder, named.issuer, now);
  expect(developmentTls(folder, named.issuer, now)).toEqual(first);
  const authority = readFileSync(String(first.authority), 'utf8');
  const later = developmentTls(folder, named.issuer, new Date('2027-01-15'));
  expect(later.cert).not.toBe(first.cert);
  expect(later.cert.endsWith(authority)).toBe(true);
  expect(developmentTls(folder, 'https://other.example', now).cert).not.toBe(first.cert);
});

test('an operator’s own certificate is taken as it is, if it fits its key', () => {
  const { cert, key } = developmentTls(folder, named.issuer, now);
  const [certificate, own, other] = ['own.pem', 'own-key.pem', 'other-key.pem'].map((file) => join(folder, file));
  writeFileSync(String(certificate), cert);
  writeFileSync(String(own), key);
  writeFileSync(String(other), toPem('PRIVATE KEY', exportPkcs8(generateKey('P-256'))));
  expect(ownTls(String(certificate), String(own))).toEqual({ cert, key });
  expect(() => ownTls(String(certificate), String(other))).toThrow(/cannot be used/);
  expect(() => ownTls(join(folder, 'absent'), String(own))).toThrow(/absent and key .* cannot be used/);
});
