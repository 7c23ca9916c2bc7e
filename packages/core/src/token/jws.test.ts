import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { base64, fromBase64, utf8 } from '../bytes/index.ts';
import { certificateKeyId, keyId, publishedKey } from './jwk.ts';
import { signed, unsecured } from './jws.ts';
import { policyHash } from './policy-hash.ts';

test('a signature covers header and payload as they are sent', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await signed('{"alg":"ES256"}', '{"a":"ü"}', {
    alg: 'ES256',
    kid: 'k',
    sign: async (input) => new Uint8Array(sign('sha256', input, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  });
  const [header = '', payload = '', signature = ''] = token.split('.');
  expect(new TextDecoder().decode(fromBase64(payload, 'base64url'))).toBe('{"a":"ü"}');
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', utf8(`${header}.${payload}`), key, fromBase64(signature, 'base64url'))).toBe(true);
  expect(verify('sha256', utf8(`${header}.${payload}x`), key, fromBase64(signature, 'base64url'))).toBe(false);
});

test('an unsecured token ends in a dot', () => {
  expect(unsecured('{"alg":"none"}', '{}')).toBe('eyJhbGciOiJub25lIn0.e30.');
});

test('the kid of a key is that of its PEM text and a NUL byte, in standard base64', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const pem = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })).export({
    type: 'spki',
    format: 'pem',
  });
  expect(pem.toString().endsWith('-----\n')).toBe(true);
  expect(keyId(spki)).toHaveLength(44);
  expect(keyId(spki)).not.toBe(keyId(spki.slice(1)));
});

test('a published key has three members in this order', () => {
  const entry = publishedKey([Uint8Array.of(1, 2, 3), Uint8Array.of(4)], 'k', 'RSA');
  expect(JSON.stringify(entry)).toBe('{"x5c":["AQID","BA=="],"kid":"k","kty":"RSA"}');
  expect(entry.x5c[0]).toBe(base64(Uint8Array.of(1, 2, 3)));
});

test('the kid of a certificate is base64url SHA-1', () => {
  expect(certificateKeyId(utf8('abc'))).toBe('qZk-NkcGgWq6PiVxeFDCbJzQ2J0');
});

test('the hash of a policy covers its base64url text; white space counts', () => {
  expect(policyHash('version= 1.0;authorizationrules{=> permit();};')).toBe(
    '9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco',
  );
  expect(policyHash('version= 1.0;authorizationrules{=> permit();};\n')).not.toBe(
    '9NY0VnTQ-IiBriBplVUpFbczcDaEBUwsiFYAzHu_gco',
  );
});
