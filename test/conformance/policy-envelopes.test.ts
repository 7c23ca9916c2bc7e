/** Policies as real clients uploaded them: read, verified, hashed as the service answered. */
import { describe, expect, test } from 'vitest';
import { policyTokenHash, readPolicyEnvelope, signerClaim, verifyPolicy } from '../../packages/core/src/token/index.ts';
import { withVectors } from '../setup/vectors.ts';

withVectors('policy envelopes', 'policies', (folder) => {
  const read = (name: string) => readPolicyEnvelope(folder.text(`jws-${name}.jws`).trim());

  test('unsigned', () => {
    expect(policyTokenHash(read('wire-unsigned-minimal').jws)).toBe('c6sEJQItV50OeP9IrP_bzywAMOVvj5uDPbklA_bwdYQ');
    expect(read('docs-unsigned').text).toMatch(/^version= 1\.0;authorizationrules\{c:\[type=="\$is-debuggable"\]/);
  });

  test.each([
    ['docs-signed', /«RSA256» is not none/],
    ['signing-tool-cert-ga', /Could not find "AttestationPolicy" claim/],
    ['signing-tool-cert-preview', /Could not find "AttestationPolicy" claim/],
    ['signing-tool-policy-2018-preview-rawtext', /Unknown base64 character: 61 \('='\)/],
  ])('%s is refused', (name, message) => expect(() => read(name)).toThrow(message));
});

interface Exchange {
  readonly recording: string;
  readonly request: { readonly body: string | null };
  readonly response: { readonly status: number; readonly headers?: Record<string, string> };
  readonly responseJwt?: { readonly claims: Record<string, unknown> };
}

withVectors('recorded uploads of policies', 'sdk-recordings', (folder) => {
  const exchanges: readonly Exchange[] = folder.json('exchanges/policy-set.json');
  const uploads = exchanges
    .map(({ recording, request, responseJwt }) => ({
      recording,
      jws: (request.body ?? '').replace(/^"(.*)"$/, '$1'),
      answer: responseJwt?.claims,
    }))
    .filter(({ jws, answer }) => jws.split('.').length === 3 && answer !== undefined);
  test('there are some, signed ones among them', () => {
    expect(uploads.length).toBeGreaterThan(5);
    expect(uploads.filter(({ answer }) => answer?.['x-ms-policy-signer'] !== undefined).length).toBeGreaterThan(1);
  });

  describe.each(uploads)('$recording', ({ jws, answer }) => {
    test('is read and hashed as the service did', () => {
      const envelope = readPolicyEnvelope(jws);
      expect(envelope.text).toContain('authorizationrules');
      expect(policyTokenHash(jws)).toBe(answer?.['x-ms-policy-token-hash']);
    });

    test('has the signer that the service named', () => {
      const signer = verifyPolicy(readPolicyEnvelope(jws), {});
      const named = answer?.['x-ms-policy-signer'] as { readonly x5c: readonly string[] } | undefined;
      expect(signer && signerClaim(signer)).toEqual(named);
    });
  });
});
