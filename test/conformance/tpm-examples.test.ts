/** The worked exchanges of the TPM protocol, made with a real software TPM, judged by the product. */
import { Appraisal, appraise, forgetful, Refusal } from '@assay/core';
import { base64url, utf8 } from '@assay/core/bytes';
import { parseCertificate } from '@assay/core/pki';
import { aikFamily, aikIssuersPem, aikNeedsAnsweredBy, type TpmFacts, tpmRequest, tpmSettings } from '@assay/core/tpm';
import { describe, expect, test } from 'vitest';
import { type Folder, withVectors } from '../setup/vectors.ts';

const at = new Date('2026-06-01T00:00:00Z');

/** What becomes of a request: facts, or the check that refuses it. */
async function judge(folder: Folder, jws: string, challengeHex: string, settings = {}): Promise<TpmFacts | string> {
  const issuer = parseCertificate(folder.bytes('aik-intermediate.der'));
  const root = parseCertificate(folder.bytes('aik-root.der'));
  const pem = aikIssuersPem(issuer, [issuer, root], []);
  const have = new Map(aikNeedsAnsweredBy(issuer).map((name) => [name, pem] as const));
  const appraisal = new Appraisal();
  const context = {
    at,
    settings: { ...tpmSettings.defaults, ...settings },
    anchors: { id: 'example', of: (family: string) => (family === aikFamily ? [root.spki] : []) },
    appraisal,
    memo: forgetful,
  };
  try {
    const challenge = new Uint8Array(Buffer.from(challengeHex, 'hex'));
    const submission = { evidence: utf8(jws), challenge, provider: 'https://assay.example' };
    const { facts, demands } = await appraise(tpmRequest, submission, { collateral: async () => have }, context);
    appraisal.demand(demands);
    return facts;
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

const claims = (facts: TpmFacts) =>
  new Map(
    tpmRequest.claims(facts, { at, settings: tpmSettings.defaults }).map(({ name, value }) => [name, value] as const),
  );

withVectors('worked exchanges of the TPM protocol', 'tpm/example', (folder) => {
  describe.each(['a-quote-bound-key', 'b-certified-key', 'c-vbs-enclave'])('%s', (name) => {
    const example = folder.json(`${name}.json`);
    const jws: string = example.exchange.at(-1).decoded.payload.request;

    test('is accepted, with the claims that it is to give', async () => {
      const facts = await judge(folder, jws, example.challengeHex);
      if (typeof facts === 'string') expect.fail(facts);
      const found = claims(facts);
      expect(found.get('aikValidated')).toBe(true);
      expect(found.get('rp_data')).toBe('UkVQTEFDRSBXSVRIIFJQIE5PTkNF');
      for (const [claim, value] of Object.entries(example.expectedClaims ?? {}))
        expect([claim, found.get(claim)]).toEqual([claim, value]);
      if (name !== 'c-vbs-enclave') expect(found.get('https://assay.example/claims/custom/build')).toBe(7n);
      const info = (found.get('x-ms-tpm-request-key') as { info: object }).info;
      expect(Object.keys(info)).toEqual([name === 'b-certified-key' ? 'tpm_certify' : 'tpm_quote']);
    });

    test('with another challenge is refused', async () => {
      expect(await judge(folder, jws, '00'.repeat(16))).toMatch(/^Check tpm\.context failed/);
    });

    test('P13: with any part of its payload changed is refused', async () => {
      const [header, payload = '', signature] = jws.split('.');
      const text = Buffer.from(payload, 'base64url').toString('utf8');
      for (let i = 7; i < text.length; i += 997) {
        const changed = `${text.slice(0, i)}${text[i] === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`;
        const forged = `${header}.${base64url(utf8(changed))}.${signature}`;
        expect(await judge(folder, forged, example.challengeHex)).toMatch(
          /^Check tpm\.(request\.shape|context|jws) failed/,
        );
      }
    });
  });
});
