import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { hex } from '@assay/core/bytes';
import { forgeBoot, forgeTpm, linuxBoot } from '@assay/core/testing';
import { readRequest } from '@assay/core/tpm';
import { expect, test } from 'vitest';
import { exportedEvidence } from './exported.ts';
import { extraDataFor, requestOver } from './request.ts';

const tpm = forgeTpm({ at: new Date('2026-05-01T00:00:00Z') });
const boot = forgeBoot(linuxBoot());
const challenge = { challenge: new Uint8Array(16).fill(7), serviceContext: 'sealed' };
const key = createPublicKey(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const select = [
  { bank: 'sha256' as const, indices: [0, 7] },
  { bank: 'sha1' as const, indices: [4] },
];

test('pieces become a request whose values stand in the order of the quote', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const quoted = tpm.quote({ boot, select, extraData: extraDataFor(privateKey, challenge.challenge) });
  const evidence = exportedEvidence({
    ...quoted,
    key,
    pcrs: boot.pcrs,
    logs: [{ kind: 'TCG', content: boot.log }],
    certificate: tpm.certificates.aik,
  });
  const request = await requestOver(evidence, privateKey, challenge, {
    relyingPartyData: Uint8Array.of(1),
    customClaims: [{ name: 'build', value: 7 }],
  });
  const read = readRequest(new TextEncoder().encode(request));
  expect([read.serviceContext, read.relyingPartyData, read.key.binding.by]).toEqual(['sealed', 'AQ', 'quote']);
  expect(read.custom).toHaveLength(1);
  expect([...read.current.pcrs].map(([bank, values]) => [bank, [...values.keys()]])).toEqual([
    ['sha256', [0, 7]],
    ['sha1', [4]],
  ]);
  expect(hex(read.current.signature)).toBe(hex(quoted.signature));
  expect(read.current.aik.certificate).toEqual(tpm.certificates.aik);
});

test('a value that is missing is named', () => {
  const quoted = tpm.quote({ boot, select, extraData: new Uint8Array(32) });
  const pcrs = new Map([['sha256', boot.pcrs.get('sha256') ?? new Map()]]);
  expect(() => exportedEvidence({ ...quoted, key, pcrs, logs: [] })).toThrow(
    'the value of PCR 4 of the bank sha1 is missing, which the quote covers',
  );
});

test('what is no quote is refused', () => {
  const { attest, signature } = tpm.certify(tpm.resident.area, new Uint8Array(16));
  expect(() => exportedEvidence({ attest, signature, key, pcrs: boot.pcrs, logs: [] })).toThrow(/type/);
});

test('keys that cannot sign requests are refused', () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  expect(() => extraDataFor(privateKey, challenge.challenge)).toThrow(TypeError);
});
