/** A live TPM, the client and the service, end to end: a boot measured, quoted, judged, and turned into a token. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AttestationError,
  attestationClient,
  createAttestationKey,
  createRequestKey,
  extendPcr,
  type Fetch,
  type KeyBlob,
  type KeyKind,
  type TpmCollectorOptions,
  tpmCollector,
  withTpm,
} from '@assay/client';
import { bootToOrder, type SoftwareTpm } from '@assay/client/testing';
import type { Bytes } from '@assay/core';
import { decode } from '@assay/core/bytes';
import { digest, generateKey, publicSpki } from '@assay/core/crypto';
import { toPem } from '@assay/core/pki';
import { type ForgedEvent, forgeLog, linuxBoot, windowsBoot } from '@assay/core/testing';
import { algorithm, hashes, Public, publicKeyOf } from '@assay/core/tpm';
import { buildApp, loadConfig, makeDeps } from '@assay/server';
import { setReferenceLog } from '@assay/server/collateral';
import { afterEach, describe, expect, test } from 'vitest';
import { withSwtpm } from '../setup/swtpm.ts';
import { vendor } from './vendor.ts';

const policy =
  'version= 1.2;authorizationrules{[type=="aikValidated", value==true] && [type=="secureBootEnabled", value==true] => permit();};issuancerules{c:[type=="events", issuer=="AttestationService"] => issue(type="first", value=JsonToClaimValue(JmesPath(c.value, "Events[0].PcrIndex")));};';

withSwtpm('a live TPM before the service', ({ start }) => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** The service, and a client that reaches it without a network. */
  async function service(root: Bytes, references: Readonly<Record<string, Bytes>> = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'assay-live-'));
    for (const [label, log] of Object.entries(references))
      await setReferenceLog(join(folder, 'data', 'reference-logs'), label, log);
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const pem = file('root.pem', toPem('CERTIFICATE', root));
    const config = loadConfig({
      flags: {
        'data-folder': join(folder, 'data'),
        'provider-policies': JSON.stringify({ Tpm: file('policy.txt', policy) }),
        'provider-public-url': 'https://assay.example',
        'signing-algorithm': 'ES256',
        'tpm-bearer-token': 'a-token-for-tests-0123',
        'tpm-roots': JSON.stringify([pem]),
        'log-level': 'silent',
      },
    });
    const held = { collateral: async () => new Map(), certificates: async () => [root] };
    const app = await buildApp(makeDeps(config, { collateral: held }), undefined);
    closing.push(async () => {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const fetch: Fetch = async (url, { method = 'GET', headers = {}, body }) => {
      const { pathname, search } = new URL(url);
      const answer = await app.inject({
        method: method as 'POST',
        url: `${pathname}${search}`,
        headers: headers as Record<string, string>,
        ...(body !== undefined && { payload: String(body) }),
      });
      return new Response(answer.body, {
        status: answer.statusCode,
        headers: answer.headers as Record<string, string>,
      });
    };
    return attestationClient({
      endpoint: 'https://assay.example',
      fetch,
      token: 'a-token-for-tests-0123',
      retry: { retries: 0 },
    });
  }

  /** A machine that booted so, with a certified attestation key. */
  async function machine(events: readonly ForgedEvent[], kind?: KeyKind, references?: Readonly<Record<string, Bytes>>) {
    const tpm = await start();
    const boot = forgeLog(events, ['sha1', 'sha256', 'sha384']);
    await bootToOrder(tpm, boot);
    const attestationKey = await withTpm(tpm.address, (conversation) => createAttestationKey(conversation, kind));
    const { root, certify } = vendor();
    const certificate = certify(publicKeyOf(decode(Public, attestationKey.public)).spki);
    const client = await service(root, references);
    const attest = (more: Partial<TpmCollectorOptions> = {}) =>
      client.attestTpm(tpmCollector({ ...common(tpm, attestationKey, certificate, boot.log), ...more }));
    return { tpm, attest, attestationKey, boot };
  }

  const common = (tpm: SoftwareTpm, attestationKey: KeyBlob, certificate: Bytes, log: Bytes) => ({
    tpm: tpm.address,
    attestationKey,
    certificate,
    logs: [{ kind: 'TCG' as const, content: log }],
    requestKey: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  });

  const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  const refusal = async (attempt: Promise<unknown>): Promise<string> => {
    const error = await attempt.then(
      () => expect.fail('it was accepted'),
      (thrown: unknown) => thrown,
    );
    if (error instanceof AttestationError) return error.message;
    throw error;
  };

  describe.each([
    ['RSA with PKCS #1', { type: 'RSA' }],
    ['RSA with PSS', { type: 'RSA', padding: 'PSS' }],
    ['P-256', { type: 'P-256' }],
    ['P-384', { type: 'P-384', hash: 'sha384' }],
  ] as const)('an attestation key of kind %s', (_name, kind) => {
    test('gets a token for a key in software, and for one of the TPM', async () => {
      const { tpm, attest } = await machine(linuxBoot(), kind);
      const { token } = await attest({ relyingPartyData: Uint8Array.of(1, 2, 3, 4) });
      expect(claimsOf(token)).toMatchObject({
        rp_data: 'AQIDBA',
        'x-ms-policy': { first: 0 },
        'x-ms-tpm-request-key': { info: { tpm_quote: { hash_alg: 'sha-256' } } },
        'x-assay-tpm-aik': 'validated',
        'x-assay-tpm-secure-boot': 'on',
      });
      const requestKey = await withTpm(tpm.address, (conversation) => createRequestKey(conversation));
      const resident = claimsOf((await attest({ requestKey })).token);
      expect(resident['x-ms-tpm-request-key'].info.tpm_certify.name_alg).toBe(11);
    });
  });

  test('several banks are quoted in one', async () => {
    const { attest } = await machine(linuxBoot());
    const pcrs = [{ bank: 'sha256' as const }, { bank: 'sha1' as const, indices: [0, 7] }, { bank: 'sha384' as const }];
    expect(claimsOf((await attest({ pcrs })).token)['x-assay-tpm-bank']).toBe('sha384');
  });

  test('Windows’ records are explained too', async () => {
    const { attest } = await machine(windowsBoot());
    expect(claimsOf((await attest()).token)['x-assay-tpm-unexplained-pcrs']).toEqual([]);
  });

  test('T16: an event tampered with, and a PCR extended behind the log’s back, are refused with their PCR', async () => {
    const { tpm, attest, boot } = await machine(linuxBoot());
    const log = boot.log.slice();
    const at = Buffer.from(log).indexOf(digest('sha256', new TextEncoder().encode('boot loader')));
    expect(at).toBeGreaterThan(0);
    log[at] = (log[at] ?? 0) ^ 1;
    expect(await refusal(attest({ logs: [{ kind: 'TCG', content: log }] }))).toMatch(
      /tpm\.log\.replay.*PCR 4 has another value/,
    );
    await withTpm(tpm.address, (conversation) =>
      extendPcr(
        conversation,
        7,
        [algorithm.sha1, algorithm.sha256, algorithm.sha384].map((hash) => ({
          hash,
          digest: new Uint8Array(hashes.get(hash)?.size ?? 0).fill(1),
        })),
      ),
    );
    expect(await refusal(attest())).toMatch(/tpm\.log\.replay.*PCR 7 has another value/);
  });

  test('T16: events that were appended to the log are told apart', async () => {
    const { attest } = await machine(linuxBoot());
    const more = forgeLog([...linuxBoot(), { pcr: 4, type: 5, data: Uint8Array.of(1) }], ['sha1', 'sha256', 'sha384']);
    expect(await refusal(attest({ logs: [{ kind: 'TCG', content: more.log }] }))).toMatch(
      /PCR 4 has its quoted value after 3 of 4 events: the others were appended/,
    );
  });

  test('a stored log tells which event is not the one of a good boot', async () => {
    const banks = ['sha1', 'sha256', 'sha384'] as const;
    const [model, other] = [linuxBoot(), windowsBoot()].map((events) => forgeLog(events, banks).log) as [Bytes, Bytes];
    const { attest } = await machine(linuxBoot({ commandLine: 'init=/bin/sh' }), undefined, { model, other });
    // The client hides what its machine started by telling how it should have been, but for the boot loader.
    const { log } = forgeLog(linuxBoot({ bootLoader: Uint8Array.of(1) }), banks);
    const message = await refusal(attest({ logs: [{ kind: 'TCG', content: log }] }));
    expect(message).toMatch(/expected event 20, PCR 4, EV_EFI_BOOT_SERVICES_APPLICATION, .*; found event 20, PCR 4/);
    expect(message).toMatch(/reference log «model», and it gives the quoted value of PCR 4: .*PCR 4 has.*; PCR 8 has/);
  });

  test('P12: an answer to an earlier challenge is refused', async () => {
    const { tpm, attestationKey, boot } = await machine(linuxBoot());
    const { root, certify } = vendor();
    const client = await service(root);
    const certificate = certify(publicKeyOf(decode(Public, attestationKey.public)).spki);
    const collector = tpmCollector(common(tpm, attestationKey, certificate, boot.log));
    let first: string | undefined;
    const replaying = {
      async collect(challenge: Parameters<typeof collector.collect>[0]) {
        first ??= await collector.collect(challenge);
        return first;
      },
    };
    await client.attestTpm(replaying);
    expect(await refusal(client.attestTpm(replaying))).toMatch(/attest\.once/);
  });

  test('P9: an attestation key without a certificate, or with that of another, is refused', async () => {
    const { attest } = await machine(linuxBoot());
    expect(await refusal(attest({ certificate: undefined }))).toMatch(/tpm\.aik\.chain/);
    expect(await refusal(attest({ certificate: vendor().certify(publicSpki(generateKey('P-256'))) }))).toMatch(
      /tpm\.aik\.pub/,
    );
  });

  test('a machine without Secure Boot is what the policy says it is', async () => {
    const { attest } = await machine(linuxBoot({ secureBoot: false }));
    expect(await refusal(attest())).toMatch(/Policy Evaluation Error/);
  });
});
