/** The TPM protocol under hostile clients: what is long, deep, repeated or poisoned, and what fails inside. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bytes, fromBase64 } from '@assay/core/bytes';
import { toPem } from '@assay/core/pki';
import { types } from '@assay/core/registry';
import {
  type ForgedEvent,
  forgeBoot,
  forgeLog,
  forgeTpm,
  linuxBoot,
  type TpmWorld,
  type WantedRequest,
} from '@assay/core/testing';
import { eventType } from '@assay/core/tpm';
import { buildApp, loadConfig, makeDeps } from '@assay/server';
import { afterEach, describe, expect, test } from 'vitest';

const at = new Date('2026-05-01T12:00:00Z');
const genuine = forgeTpm({ at });
const boot = forgeBoot(linuxBoot());
const bearer = 'a-bearer-token-that-nobody-may-see';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of the wire, looked into freely
type Wire = any;
const framed = (inner: unknown): string =>
  JSON.stringify({ data: Buffer.from(JSON.stringify(inner)).toString('base64url') });
const opened = (body: Wire): Wire => JSON.parse(Buffer.from(body.data, 'base64url').toString('utf8'));

interface Wanted {
  readonly world?: Partial<TpmWorld>;
  readonly flags?: Readonly<Record<string, string>>;
  /** What the operator holds; throws to say that holding it fails. */
  readonly held?: () => readonly Bytes[];
}

async function service({ world, flags = {}, held }: Wanted = {}) {
  const tpm = world ? forgeTpm({ at, ...world }) : genuine;
  const folder = mkdtempSync(join(tmpdir(), 'assay-hostile-tpm-'));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const config = loadConfig({
    flags: {
      'data-folder': join(folder, 'data'),
      'provider-policies': JSON.stringify({
        Tpm: file('policy.txt', 'version=1.2;authorizationrules{=> permit();};'),
      }),
      'signing-algorithm': 'ES256',
      'tpm-bearer-token': bearer,
      'tpm-roots': JSON.stringify([file('root.pem', toPem('CERTIFICATE', tpm.certificates.root))]),
      ...flags,
    },
  });
  const lines: string[] = [];
  const certificates = async () => (held ? held() : [tpm.certificates.issuer, tpm.certificates.root]);
  const deps = makeDeps(config, {
    now: () => at,
    collateral: { collateral: async () => new Map(), certificates },
    logTo: { write: (line) => lines.push(line) },
  });
  const app = await buildApp(deps, undefined);
  closing.push(() => app.close());
  const raw = (body: string, headers: Record<string, string> = {}) =>
    app.inject({
      method: 'POST',
      url: '/attest/Tpm?api-version=2022-08-01',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}`, ...headers },
      payload: body,
    });
  const round = async () => {
    const { payload } = opened((await raw(framed({ payload: { type: 'aikcert' } }))).json());
    return { challenge: fromBase64(payload.challenge), serviceContext: payload.service_context as string };
  };
  return {
    config,
    deps,
    raw,
    round,
    log: () => lines.join(''),
    send: async (wanted: Partial<WantedRequest> = {}) =>
      raw(framed({ payload: { request: tpm.request({ boot, ...(await round()), ...wanted }) } })),
  };
}

const errorOf = (answer: Wire) => [answer.statusCode, answer.json().error.code, answer.json().error['x-assay-check']];

describe('a body near the limit is refused within the time that a request has', () => {
  const mebibyte = 1_048_576;
  const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const events = (count: number): Bytes =>
    forgeLog(
      [
        ...linuxBoot(),
        ...Array.from(
          { length: count },
          (_, i): ForgedEvent => ({
            pcr: i % 8,
            type: eventType.efiAction,
            data: Buffer.from(`event ${i}`),
          }),
        ),
      ],
      ['sha256'],
    ).log;
  const platform = (kind: 'TCG' | 'IMA', logs: readonly Bytes[]): Partial<WantedRequest> => ({
    platform: (its) => ({ ...its, logs: logs.map((log) => ({ type: kind, log: base64url(log) })) }),
  });
  const list = (count: number): Bytes => {
    const field = (value: Uint8Array): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(value.length);
      return Buffer.concat([length, value]);
    };
    const entries = Array.from({ length: count }, (_, i) => {
      const name = field(Buffer.from(`/bin/${i}\0`));
      const data = Buffer.concat([field(Buffer.concat([Buffer.from('sha256:\0'), Buffer.alloc(32)])), name]);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(10);
      return Buffer.concat([head, createHash('sha1').update(data).digest(), field(Buffer.from('ima-ng')), field(data)]);
    });
    return new Uint8Array(Buffer.concat(entries));
  };
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

  const bodies: readonly (readonly [string, Partial<WantedRequest> | string, string | undefined])[] = [
    ['T36: noise', JSON.stringify({ data: 'AZaz09-_'.repeat((6 * mebibyte) / 8 - 8) }), undefined],
    ['T35: brackets', '['.repeat(6 * mebibyte - 8), undefined],
    ['T35: brackets inside', JSON.stringify({ data: base64url(Buffer.from('['.repeat(4 * mebibyte))) }), undefined],
    [
      'T42: names without end',
      `{${Array.from({ length: 400_000 }, (_, i) => `"name${i}":1`).join(',')}}`.slice(0, 6 * mebibyte - 8),
      undefined,
    ],
    ['T35: a deep request', { text: () => deep(400_000) }, 'tpm.request.shape'],
    ['T34: 20,000 events in a log', platform('TCG', [events(19_950)]), 'tpm.log.replay'],
    ['T34: more events than any boot has', platform('TCG', [events(20_100)]), 'tpm.log.layout'],
    ['T36: a log that is padding', platform('TCG', [new Uint8Array(2 * mebibyte)]), 'tpm.log.layout'],
    ['T36: a list of 20,000 files, and no log', platform('IMA', [list(20_000)]), 'tpm.log.replay'],
  ];
  test.each(bodies)('%s', { timeout: 60_000 }, async (_what, body, check) => {
    const { raw, send, config } = await service();
    const begin = performance.now();
    const answer = typeof body === 'string' ? await raw(body) : await send(body);
    const [status, , named] = errorOf(answer);
    expect([status, named]).toEqual([400, check]);
    expect(performance.now() - begin).toBeLessThan(config.limits.requestSeconds * 1000);
  });

  test('T36: what is compressed, and what is longer, is not read', async () => {
    const { raw } = await service();
    expect((await raw('x', { 'content-encoding': 'gzip' })).statusCode).toBe(415);
    expect((await raw('x'.repeat(6 * mebibyte + 1))).statusCode).toBe(413);
  });
});

test('T25: a hundred thousand challenges are all different, and come from the dice', () => {
  const tpm = types.find(({ name }) => name === 'Tpm');
  let drawn = 0;
  const dice = (length: number): Uint8Array => {
    const out = Buffer.alloc(length);
    out.writeUInt32BE(drawn++);
    return out;
  };
  const desk = {
    now: at,
    issuer: 'https://assay.example',
    sealedBy: '0'.repeat(64),
    random: dice,
    seal: (plain: Uint8Array) => plain,
    unseal: () => undefined,
  };
  const body = JSON.parse(framed({ payload: { type: 'aikcert' } }));
  const seen = new Set<string>();
  for (let i = 0; i < 100_000; i++) {
    const received = tpm?.receive(body, desk);
    seen.add(received && 'answer' in received ? opened(received.answer).payload.challenge : '');
  }
  expect([seen.size, drawn]).toEqual([100_000, 100_000]);
});

test('T38: challenges are not free either', async () => {
  const { raw } = await service({ flags: { 'limits-client-requests-per-second': '0.2' } });
  const statuses: number[] = [];
  for (let i = 0; i < 4; i++) statuses.push((await raw(framed({ payload: { type: 'aikcert' } }))).statusCode);
  expect(statuses).toEqual([200, 200, 429, 429]);
});

describe('T31: whatever fails inside is an error of the service, and no token', () => {
  test('T31: what the operator holds cannot be read', async () => {
    const { send } = await service({
      held: () => {
        throw new TypeError('the disk is gone');
      },
    });
    const answer = await send();
    expect([answer.statusCode, answer.body.includes('disk')]).toEqual([500, false]);
  });
  test('T31: the key that signs is gone', async () => {
    const { send, deps } = await service();
    Object.assign(deps.keys.signer, { sign: () => Promise.reject(new Error('the device is gone')) });
    expect((await send()).statusCode).toBe(500);
  });
  test('T31: the seal cannot be opened', async () => {
    const { send, deps } = await service();
    Object.assign(deps.desk, {
      unseal: () => {
        throw new RangeError('no such key');
      },
    });
    expect((await send()).statusCode).toBe(500);
  });
});

test('T39: no text of a request reaches the log, or ends a line of an answer', async () => {
  const { send, log, raw } = await service();
  const poison = 'fake-entry\n{"level":"error"}\u001b[31m';
  const answers = [
    await send({ header: { kid: poison, typ: poison } }),
    await send({ customClaims: [{ name: poison, value: poison, value_type: poison }] }),
    await send({ data: (its) => ({ ...its, [poison]: 1, challenge: poison }) }),
    await send({ text: (text) => text.replace('{', `{"${'fake-entry\\n\\u001b'}":1,"fake-entry\\n\\u001b":2,`) }),
    await raw(framed({ payload: { type: poison } })),
  ];
  for (const answer of answers) {
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.message).not.toMatch(/\p{Cc}/u);
  }
  expect(log()).not.toContain('fake-entry');
  for (const line of log().trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
});

test('T45: neither challenges nor evidence nor tokens nor the bearer’s secret are logged', async () => {
  const { send, round, log } = await service();
  const { challenge, serviceContext } = await round();
  const nonce = Buffer.from('a very recognisable nonce');
  const answer = await send({ challenge, serviceContext, relyingPartyData: nonce });
  const { report } = opened(answer.json()).payload;
  await send({ extraData: nonce });
  const secrets = [challenge, nonce, genuine.certificates.aik, boot.log].map((bytes) =>
    Buffer.from(bytes).toString('base64url'),
  );
  for (const secret of [...secrets, serviceContext, report, report.split('.')[2], bearer, 'recognisable'])
    expect(log()).not.toContain(secret);
  expect(log()).toContain('/attest/');
});

test('T41: P19: an attestation key’s certificate names an address, and nobody calls there', async () => {
  let calls = 0;
  const listener = createServer((socket) => {
    calls++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => listener.close(resolve)));
  const { port } = listener.address() as { port: number };
  const url = Buffer.from(`http://127.0.0.1:${port}/issuer.cer`);
  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([tag, body.length]), body]);
  };
  // AuthorityInfoAccess (RFC 5280 §4.2.2.1): one caIssuers with a URI.
  const access = der(0x30, der(0x30, der(6, Buffer.from('2b06010505073002', 'hex')), der(0x86, url)));
  const world = {
    certificates: {
      aik: {
        extensions: [{ oid: '1.3.6.1.5.5.7.1.1', critical: false, value: new Uint8Array(access) }],
      },
    },
  };
  const { send } = await service({ world, held: () => [] });
  expect(errorOf(await send())).toEqual([503, 'ServiceUnavailable', 'tpm.aik.issuer']);
  expect(calls).toBe(0);
});
