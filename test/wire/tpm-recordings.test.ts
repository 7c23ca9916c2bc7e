/**
 * The recorded first rounds of the TPM protocol: the same status, code and message. Recorders took bearers out, or the
 * whole header: authentication is on only where a recording says that there was one.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp, loadConfig, makeDeps } from '@assay/server';
import { expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';

interface Exchange {
  readonly recording: string;
  readonly request: {
    readonly path: string;
    readonly query: Record<string, string>;
    readonly hadAuthorization: boolean;
    readonly body: unknown;
  };
  readonly response: { readonly status: number; readonly body: { error?: { code: string; message: string } } };
}

const bearer = 'a-token-for-tests-0123';
const initial = Buffer.from('{"payload":{"type":"aikcert"}}').toString('base64url');

withVectors('recorded rounds of the TPM protocol', 'sdk-recordings/exchanges', (folder) => {
  const exchanges: readonly Exchange[] = folder.json('attest-tpm.json');
  test('are four, one of them with a bearer, and one refused', () => {
    expect(exchanges.map(({ request }) => request.hadAuthorization)).toEqual([true, false, false, false]);
    expect(exchanges.map(({ response }) => response.status)).toEqual([200, 200, 200, 400]);
  });

  test.each(exchanges.map((one, i) => [`${i} ${one.recording}`, one] as const))(
    '%s',
    async (_name, { request, response }) => {
      const data = mkdtempSync(join(tmpdir(), 'assay-tpm-recorded-'));
      // What a recording was answered tells whether its provider had a policy.
      const hasPolicy = response.status === 200;
      const policy = join(data, 'policy.txt');
      writeFileSync(policy, 'version= 1.0;authorizationrules{=> permit();};');
      const config = loadConfig({
        flags: {
          'data-folder': data,
          'log-level': 'silent',
          'signing-algorithm': 'ES256',
          ...(request.hadAuthorization ? { 'tpm-bearer-token': bearer } : { 'tpm-authentication': 'Disabled' }),
          'provider-policies': JSON.stringify(hasPolicy ? { Tpm: policy } : {}),
        },
      });
      const app = await buildApp(makeDeps(config), undefined);
      try {
        const answer = await app.inject({
          method: 'POST',
          url: `${request.path}?${new URLSearchParams(request.query)}`,
          headers: {
            'content-type': 'application/json',
            ...(request.hadAuthorization && { authorization: `Bearer ${bearer}` }),
          },
          // Some recorders kept no bodies: it is the same in all others.
          payload: JSON.stringify(request.body ?? { data: initial }),
        });
        expect(answer.statusCode).toBe(response.status);
        expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
        const { error } = answer.json();
        expect([error?.code, error?.message]).toEqual([response.body.error?.code, response.body.error?.message]);
        if (!hasPolicy) return;
        const inner = JSON.parse(Buffer.from(answer.json().data, 'base64url').toString('utf8'));
        const recorded = JSON.parse(
          Buffer.from((response.body as { data: string }).data, 'base64url').toString('utf8'),
        );
        expect(Object.keys(inner.payload)).toEqual(Object.keys(recorded.payload));
        expect(inner.payload.challenge).toHaveLength(recorded.payload.challenge.length);
      } finally {
        await app.close();
        rmSync(data, { recursive: true, force: true });
      }
    },
  );
});
