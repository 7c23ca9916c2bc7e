import { generateKeyPairSync, verify } from 'node:crypto';
import { expect, test } from 'vitest';
import { holderProof } from './holder.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const asked = { requestKey: privateKey, nonce: 'n', audience: 'https://relying-party.example' };

test('a proof names the nonce and who it is for, under a type of its own', async () => {
  const [header = '', payload = '', signature = ''] = (await holderProof(asked)).split('.');
  const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  expect(json(header)).toEqual({ alg: 'ES256', typ: 'holder+jwt' });
  expect(json(payload)).toEqual({ nonce: 'n', aud: 'https://relying-party.example' });
  const how = { key: publicKey, dsaEncoding: 'ieee-p1363' as const };
  expect(verify('sha256', Buffer.from(`${header}.${payload}`), how, Buffer.from(signature, 'base64url'))).toBe(true);
});

test.each([
  { nonce: '' },
  { audience: '' },
  { nonce: 'n'.repeat(1025) },
  { nonce: undefined as never },
  { requestKey: publicKey },
  { requestKey: generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey },
])('what makes no sense is not signed: %#', async (wrong) => {
  await expect(holderProof({ ...asked, ...wrong })).rejects.toThrow(TypeError);
});
