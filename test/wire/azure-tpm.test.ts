/**
 * Microsoft's own client, unmodified, plays both rounds of the TPM protocol over TLS with the service; a live TPM answers
 * the challenge, and a relying party believes the token.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Challenge, createRequestKey, type RequestOptions, tpmCollector, withTpm } from '@assay/client';
import { fromBase64 } from '@assay/core/bytes';
import { forgeLog, linuxBoot } from '@assay/core/testing';
import { tokenVerifier, tpm as tpmExpectation } from '@assay/relying-party';
import type { Served } from '@assay/server';
import { afterEach, expect, test } from 'vitest';
import { withSwtpm } from '../setup/swtpm.ts';
import { bearer, world } from '../tpm/served.ts';

const script = fileURLToPath(new URL('azure-tpm.mjs', import.meta.url));
const policy =
  'version= 1.2;authorizationrules{[type=="aikValidated", value==true] && [type=="secureBootEnabled", value==true] => permit();};issuancerules{=> issue(type="healthy", value=true);};';

interface Said {
  readonly answer?: string;
  readonly refused?: { readonly status: number; readonly code: string; readonly message: string };
}

/** Microsoft's client as a conversation: a text goes out, what it made of the answer comes back. */
function microsoft({ issuer, authority }: Served, token: string) {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, [script, issuer, token], {
    env: { ...env, ...(authority !== undefined && { NODE_EXTRA_CA_CERTS: authority }) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async say(text: string): Promise<Said> {
      child.stdin.write(`${JSON.stringify(text)}\n`);
      const { value, done } = await lines.next();
      return done ? expect.fail('the client ended') : JSON.parse(value);
    },
    async end(): Promise<void> {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

withSwtpm('Microsoft’s client and a live TPM', ({ start }) => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Microsoft's client between the service and a machine. */
  async function meeting(token = bearer) {
    const { served, authority, machine, collector, close } = await world(await start(), policy);
    closing.push(close);
    const client = microsoft(served, token);
    closing.push(() => client.end());
    const collect = (challenge: Challenge, more: Partial<RequestOptions> = {}) =>
      tpmCollector(collector(more)).collect(challenge);
    return { served, authority, client, machine, collect };
  }

  const init = JSON.stringify({ payload: { type: 'aikcert' } });
  /** What the client is to make of the first round's answer. */
  function challengeIn({ answer = '' }: Said): Challenge {
    const { payload } = JSON.parse(answer);
    return { challenge: fromBase64(payload.challenge, 'base64url'), serviceContext: payload.service_context };
  }
  const requestText = (request: string): string => JSON.stringify({ payload: { request } });

  test('plays both rounds, for a key in software and for one of the TPM; a relying party believes the tokens', async () => {
    const { served, authority, client, machine, collect } = await meeting();
    const resident = await withTpm(machine.address, (tpm) => createRequestKey(tpm));
    const verifier = tokenVerifier({
      issuer: served.issuer,
      ca: authority,
      expect: tpmExpectation({ policy: { healthy: true } }),
    });
    for (const [requestKey, kind] of [
      [undefined, 'any'],
      [resident, 'tpm'],
    ] as const) {
      const challenge = challengeIn(await client.say(init));
      const request = await collect(challenge, {
        relyingPartyData: Uint8Array.of(1, 2, 3),
        ...(requestKey && { requestKey }),
      });
      const said = await client.say(requestText(request));
      expect(said.refused).toBeUndefined();
      const { report } = JSON.parse(said.answer ?? '').payload;
      const { claims } = await verifier.verify(report, { nonce: 'AQID', expect: tpmExpectation({ requestKey: kind }) });
      expect(claims).toMatchObject({ iss: served.issuer, ver: '1.0', rp_data: 'AQID', cnf: { jwk: { kty: 'RSA' } } });
    }
  });

  test('is told why a request is refused', async () => {
    const { client, collect } = await meeting();
    const request = await collect(challengeIn(await client.say(init)), {
      logs: [{ kind: 'TCG', content: forgeLog(linuxBoot({ secureBoot: false }), ['sha1', 'sha256', 'sha384']).log }],
    });
    const { refused } = await client.say(requestText(request));
    expect(refused).toMatchObject({ status: 400, code: 'InvalidParameter' });
    expect(refused?.message).toContain('tpm.log.replay');
    const again = await client.say(requestText(request));
    expect(again.refused?.message).toMatch(/attest\.once.*Begin again with the first round/);
  });

  test('is told that its bearer token is another', async () => {
    const { client } = await meeting('another-token-than-that');
    expect((await client.say(init)).refused).toMatchObject({ status: 401, code: 'Unauthorized' });
  });
});
