/**
 * Both rounds of the TPM protocol with a live TPM, before a service of this test's own that takes a request apart and
 * checks every binding by itself.
 */
import { constants, createPublicKey, generateKeyPairSync, type JsonWebKey, randomBytes, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AttestationError,
  attestationClient,
  createAttestationKey,
  createRequestKey,
  extendPcr,
  loadKey,
  type PlatformEvidence,
  persistKey,
  platformEvidence,
  type TpmCollectorOptions,
  tpmCollector,
  withTpm,
} from '@assay/client';
import { bootToOrder, type SoftwareTpm } from '@assay/client/testing';
import { base64url, concat, decode, fromBase64, fromUtf8, hex, utf8 } from '@assay/core/bytes';
import { digest, importSpki } from '@assay/core/crypto';
import { type ForgedLog, forgeLog, linuxBoot } from '@assay/core/testing';
import {
  algorithm,
  bankOf,
  Certify,
  nameOf,
  Public,
  parseLog,
  pcrsProblem,
  publicKeyOf,
  Quote,
  replay,
  Signature,
  signatureProblem,
} from '@assay/core/tpm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withSwtpm } from '../setup/swtpm.ts';

const token = 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA';
const json = (text: string) => JSON.parse(fromUtf8(fromBase64(text, 'base64url')));
const keyOf = (jwk: JsonWebKey) => createPublicKey({ key: jwk, format: 'jwk' });

// biome-ignore lint/suspicious/noExplicitAny: JSON of requests, checked member by member
type Json = any;

/** The verified payload of a request. */
function opened(jws: string): { readonly header: Json; readonly data: Json; readonly text: string } {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const text = fromUtf8(fromBase64(payload, 'base64url'));
  const data = JSON.parse(text).att_data;
  const { alg } = json(header);
  const key = keyOf(data.request_key.jwk);
  const how =
    alg === 'PS256'
      ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      : { key, dsaEncoding: 'ieee-p1363' as const };
  expect(verify('sha256', utf8(`${header}.${payload}`), how, fromBase64(signature, 'base64url'))).toBe(true);
  return { header: json(header), data, text };
}

const attestationKeyOf = ({ aik_pub }: PlatformEvidence) =>
  importSpki(new Uint8Array(keyOf(aik_pub as JsonWebKey).export({ type: 'spki', format: 'der' })));

/** Checks a quote as the service does, and gives it. */
function checkedQuote(platform: PlatformEvidence): Quote {
  const attest = fromBase64(platform.quote, 'base64url');
  const signature = decode(Signature, fromBase64(platform.signature, 'base64url'));
  expect(signatureProblem(signature, attestationKeyOf(platform), attest)).toBeUndefined();
  const quote = decode(Quote, attest);
  const values = new Map(
    platform.pcrs.map((bank) => [
      bankOf(bank.algorithm) as string,
      new Map(bank.values.map(({ index, digest: value }) => [index, fromBase64(value, 'base64url')])),
    ]),
  );
  expect(pcrsProblem(quote, values, bankOf(signature.value.hash) ?? 'sha1')).toBeUndefined();
  return quote;
}

withSwtpm('attestation of a live TPM', ({ start }) => {
  let machine: SoftwareTpm;
  let boot: ForgedLog;
  let service: Server;
  let endpoint: string;
  let challenge: Uint8Array;
  /** What the second round brought. */
  let requests: string[];
  beforeEach(async () => {
    machine = await start();
    boot = forgeLog(linuxBoot(), ['sha1', 'sha256', 'sha384']);
    await bootToOrder(machine, boot);
    requests = [];
    service = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { payload } = json(JSON.parse(body).data);
      challenge = payload.type === 'aikcert' ? new Uint8Array(randomBytes(16)) : challenge;
      if (payload.request) requests.push(payload.request);
      const answer = payload.request
        ? { report: token }
        : { challenge: base64url(challenge), service_context: 'c2VhbGVk' };
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify({ data: base64url(utf8(JSON.stringify({ payload: answer }))) }));
    });
    await new Promise<void>((done) => service.listen(0, '127.0.0.1', done));
    endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((done) => service.close(done)));

  const softwareKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const attest = async (options: Partial<TpmCollectorOptions> = {}) =>
    attestationClient({ endpoint, allowInsecureConnection: true, retry: { retries: 0 } }).attestTpm(
      tpmCollector({
        tpm: machine.address,
        requestKey: softwareKey,
        logs: [{ kind: 'TCG', content: boot.log }],
        ...options,
      }),
    );
  const lastRequest = () => opened(requests.at(-1) as string);

  describe('a request key in software is bound by the quote', () => {
    test.each([
      ['PS256', softwareKey],
      ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
    ] as const)('%s', async (alg, requestKey) => {
      expect(await attest({ requestKey })).toEqual({ token, appraisalId: undefined });
      const { header, data, text } = lastRequest();
      expect(header).toEqual({ alg, typ: 'attReqV2' });
      expect(data.request_key.info).toEqual({ tpm_quote: { hash_alg: 'sha-256' } });
      // The very text of the key, as it stands in the request.
      const jwk = /"jwk":(\{.*?\})/.exec(text)?.[1] as string;
      const quote = checkedQuote(data.tpm_att_data.current_attestation);
      expect(hex(quote.extraData)).toBe(hex(digest('sha256', concat(utf8(jwk), Uint8Array.of(0), challenge))));
      expect([data.challenge, data.service_context]).toEqual([base64url(challenge), 'c2VhbGVk']);
    });

    test('over the PCRs of the boot that the log tells', async () => {
      await attest();
      const platform: PlatformEvidence = lastRequest().data.tpm_att_data.current_attestation;
      expect(platform.aik_cert).toBeUndefined();
      expect(platform.pcrs.map((bank) => [bank.algorithm, bank.values.length])).toEqual([[algorithm.sha256, 24]]);
      const log = fromBase64(platform.logs[0]?.log as string, 'base64url');
      for (const [pcr, { values }] of replay('sha256', parseLog(log)).registers)
        expect(platform.pcrs[0]?.values[pcr]).toEqual({ index: pcr, digest: base64url(values.at(-1) as Uint8Array) });
    });
  });

  test.each(['RSA', 'P-256'] as const)('a request key in the TPM is certified, and signs there: %s', async (type) => {
    const requestKey = await withTpm(machine.address, (tpm) => createRequestKey(tpm, type));
    const other = await withTpm(machine.address, (tpm) => createRequestKey(tpm, 'P-256'));
    const bare = { kty: 'RSA', n: 'AQAB', e: 'AQAB' } as const;
    await attest({ requestKey, otherKeys: [other, bare] });
    const { header, data } = lastRequest();
    expect(header.alg).toBe(type === 'RSA' ? 'PS256' : 'ES256');
    const platform: PlatformEvidence = data.tpm_att_data.current_attestation;
    expect(hex(checkedQuote(platform).extraData)).toBe(hex(challenge));
    expect(data.other_keys[1]).toEqual({ jwk: bare });
    for (const { jwk, info } of [data.request_key, data.other_keys[0]]) {
      const [area, statement] = ['public', 'certification'].map((name) =>
        fromBase64(info.tpm_certify[name], 'base64url'),
      ) as [Uint8Array, Uint8Array];
      const signature = decode(Signature, fromBase64(info.tpm_certify.signature, 'base64url'));
      expect(signatureProblem(signature, attestationKeyOf(platform), statement)).toBeUndefined();
      const { extraData, attested } = decode(Certify, statement);
      expect([hex(extraData), hex(attested.name)]).toEqual([hex(challenge), hex(nameOf(area))]);
      const spki = keyOf(jwk).export({ type: 'spki', format: 'der' });
      expect(hex(publicKeyOf(decode(Public, area)).spki)).toBe(hex(new Uint8Array(spki)));
    }
  });

  test('with everything that can be said', async () => {
    const handle = 0x8100_0003;
    const saved = await withTpm(machine.address, async (tpm) => {
      const key = await loadKey(tpm, await createAttestationKey(tpm, { type: 'P-256' }));
      await persistKey(tpm, key, handle);
      return platformEvidence(tpm, key, new Uint8Array(16), { logs: [{ kind: 'TCG', content: boot.log }] });
    });
    await attest({
      attestationKey: { handle },
      certificate: Uint8Array.of(0x30, 0),
      pcrs: [{ bank: 'sha384', indices: [7, 0] }, { bank: 'sha256' }],
      logs: [
        { kind: 'TCG', content: boot.log },
        { kind: 'IMA', content: Uint8Array.of(1, 2, 3) },
      ],
      relyingPartyId: 'https://contoso.example',
      relyingPartyData: utf8('a nonce of the relying party'),
      customClaims: [
        { name: 'build', value: 7 },
        { name: 'site', value: 'Zürich' },
        { name: 'canary', value: false },
      ],
      bootAttestation: saved,
    });
    const { data } = lastRequest();
    const { current_attestation: platform, boot_attestation } = data.tpm_att_data;
    checkedQuote(platform);
    expect(boot_attestation).toEqual(saved);
    expect(platform.aik_pub).toEqual(saved.aik_pub);
    expect([platform.aik_cert, platform.aik_pub.crv]).toEqual(['MAA', 'P-256']);
    expect(platform.pcrs.map((bank: Json) => [bank.algorithm, bank.values.length, bank.values[0].index])).toEqual([
      [algorithm.sha384, 2, 0],
      [algorithm.sha256, 24, 0],
    ]);
    expect(platform.logs).toEqual([
      { type: 'TCG', log: base64url(boot.log) },
      { type: 'IMA', log: 'AQID' },
    ]);
    expect([data.rp_id, data.rp_data]).toEqual([
      'https://contoso.example',
      base64url(utf8('a nonce of the relying party')),
    ]);
    expect(data.custom_claims).toEqual([
      { name: 'build', value: '7', value_type: 'Integer' },
      { name: 'site', value: 'Zürich', value_type: 'String' },
      { name: 'canary', value: 'false', value_type: 'Boolean' },
    ]);
  });

  test('shows a PCR that was extended behind the log’s back', async () => {
    await withTpm(machine.address, (tpm) =>
      extendPcr(tpm, 4, [{ hash: algorithm.sha256, digest: new Uint8Array(32).fill(1) }]),
    );
    await attest();
    const platform: PlatformEvidence = lastRequest().data.tpm_att_data.current_attestation;
    checkedQuote(platform);
    const told = replay('sha256', parseLog(boot.log)).registers.get(4)?.values.at(-1) as Uint8Array;
    expect(platform.pcrs[0]?.values[4]?.digest).not.toBe(base64url(told));
  });

  describe('fails readably', () => {
    const failure = async (options: Partial<TpmCollectorOptions>) => {
      const error = await attest(options).then(
        () => expect.fail('went well'),
        (thrown: unknown) => thrown as Error,
      );
      expect(requests).toEqual([]);
      return error;
    };

    test.each<[string, Partial<TpmCollectorOptions>, RegExp]>([
      [
        'without a TPM',
        { tpm: { path: '/dev/no-such-tpm' } },
        /^there is no \/dev\/no-such-tpm\. Does this machine have/,
      ],
      ['without a log', { logs: [{ kind: 'TCG', path: '/no/log' }] }, /^there is no \/no\/log\. Is securityfs mounted/],
      ['without its key', { attestationKey: { handle: 0x8100_0099 } }, /there is no object 0x81000099/],
      ['without the bank', { pcrs: [{ bank: 'sha512' }] }, /sha512 is not switched on/],
    ])('%s', async (_, options, message) => {
      const error = await failure(options);
      expect(error).toBeInstanceOf(AttestationError);
      expect(error).toMatchObject({ code: 'EvidenceUnavailable', message: expect.stringMatching(message) });
    });

    test('with a request key that signs for the TPM alone', async () => {
      const requestKey = await withTpm(machine.address, (tpm) => createAttestationKey(tpm));
      expect((await failure({ requestKey })).message).toMatch(/must sign by RSA-PSS/);
    });

    test.each<[Partial<TpmCollectorOptions>, RegExp]>([
      [{ customClaims: [{ name: 'a', value: 'a "quote"' }] }, /«a»: text must have no quotes/],
      [{ customClaims: [{ name: 'a', value: 'two\nlines' }] }, /no line breaks/],
      [{ customClaims: [{ name: 'a', value: 1.5 }] }, /1\.5 is no whole number/],
      [{ customClaims: [{ name: 'a', value: 2 ** 31 }] }, /2147483648 is no whole number of 32 bits/],
      [
        { requestKey: generateKeyPairSync('ed25519').privateKey },
        /must be a private key, RSA of at least 2048 bits or P-256/,
      ],
      [{ requestKey: createPublicKey(softwareKey) }, /must be a private key/],
      [{ otherKeys: Array.from({ length: 3 }, () => ({ kty: 'RSA', n: 'AQAB', e: 'AQAB' }) as const) }, /at most two/],
    ])('for arguments that make no sense: %#', async (options, message) => {
      const error = await failure(options);
      expect([error instanceof TypeError, error.message]).toEqual([true, expect.stringMatching(message)]);
    });
  });
});
